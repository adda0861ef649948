"""The loop of one turn: model, checked calls, results, model again, until a text, a wait, a limit or the deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from functions.chat.do_calls import (
    Done,
    by_who_does,
    do_calls,
    error_text,
    may_be_repeated,
    place_of,
)
from functions.chat.fenced_code import requested_in
from functions.chat.history import messages_of, switch_in
from functions.chat.limits import OUT_OF_BUDGET, OUT_OF_CALLS, why_to_stop
from functions.chat.model import Answer, ModelTimeout, RequestedCall
from functions.chat.prompt import system_prompt, user_text
from functions.chat.rooms import Result, Whose
from functions.chat.steps import (
    STEPS_BYTES,
    asked_step,
    ids_of,
    on_the_wire,
    refusals_of,
    reply_of,
    result_steps,
    size_of,
    switch_step,
    unanswered_in,
)
from functions.chat.talk import (
    AwaitsClient,
    Ending,
    Finished,
    NeedsApproval,
    OutOfTime,
    Step,
    Talk,
    Tools,
)
from functions.chat.tool_calls import CheckedCall, check_calls, tell_refused
from functions.chat.trust import with_origins
from functions.shared.kinds import Place

REPEATED_QUESTIONS = 2
SWITCHES = 3
WRITE_SECONDS = 1.5
"""What a model call leaves of the time, so that the turn can still be stored."""
LEAST_ACTION_SECONDS = 2.0
NOT_KNOWN = "This was interrupted: it is not known whether it ran, and it was not run again."
NO_TIME = "This took longer than the time that a turn has, so it was stopped."


def converse(talk: Talk, tools: Tools) -> Ending:
    """Run the loop; raises `ModelFailure` for anything but a time-out that the background may heal."""
    return _Turn(talk, tools).run()


class _Turn:
    def __init__(self, talk: Talk, tools: Tools) -> None:
        self._talk = talk
        self._tools = tools
        self._agent = talk.agent
        self._knowledge = talk.knowledge
        self._steps: list[Step] = list(talk.steps)
        self._tokens = 0
        self._done = 0
        self._refused_rounds = 0
        self._handed_out: tuple[str, ...] = ()
        self._uploaded: Sequence[str] | None = None
        self._began_with = tools.seconds_left()

    def run(self) -> Ending:
        resumed = self._resume()
        if resumed is not None:
            return resumed
        for round_number in range(self._agent.limits.model_calls):
            stop = self._limit()
            if stop:
                return self._finished(stop)
            seconds = self._tools.seconds_left() - WRITE_SECONDS
            if seconds <= 0:
                return self._out_of_time()
            try:
                answer = self._ask(round_number, seconds)
            except ModelTimeout:
                return self._out_of_time()
            self._tokens += answer.tokens
            requested = requested_in(answer, self._agent, self._talk.message)
            if not requested:
                return self._finished(reply_of(answer))
            ending = self._answered(answer, requested)
            if ending is not None:
                return ending
        return self._finished("This turn reached its limit of model calls, so it stops here.")

    def _ask(self, round_number: int, seconds: float) -> Answer:
        return self._tools.model.answer(
            self._messages(),
            tools=self._agent.tools(),
            tool_choice=self._agent.tool_choice if round_number == 0 else None,
            seconds=seconds,
            options=self._agent.model_options(),
        )

    def _messages(self) -> list[Mapping[str, Any]]:
        """What the model is sent: since the agent was handed the conversation, only what was said since."""
        agent, talk = self._agent, self._talk
        switch, own = switch_in(self._steps)
        turns = [] if switch is not None else talk.turns
        said = switch.get("message") if switch is not None else talk.message
        prompt = system_prompt(
            agent,
            agents=self._tools.agents.get,
            now=talk.now,
            seed=talk.conversation_id,
            memory=self._knowledge.memory,
            slots=self._knowledge.slots,
            is_first=self._knowledge.slots is None,
            files=self._files(),
        )
        history = messages_of(
            prompt=prompt,
            turns=turns,
            message=said or None,
            worded=lambda message: user_text(agent, message),
        )
        return [*history, *on_the_wire(own)]

    def _answered(self, answer: Answer, requested: Sequence[RequestedCall]) -> Ending | None:
        """Everything the answer asks for, done or waiting; None where the model is to be asked again."""
        checked = check_calls(
            requested,
            agent=self._agent,
            turn=self._talk.turn,
            used_ids=self._talk.used_ids | ids_of(self._steps),
        )
        tell_refused(checked, self._tools.model_name)
        asked = asked_step(answer, checked)
        if size_of([*self._steps, asked]) > STEPS_BYTES:
            return self._finished("The model asked for more than fits into one turn.")
        usable = [call for call in checked if not call.complaint]
        if usable:
            self._refused_rounds = 0
            return self._carried_out(asked, checked, usable)
        self._steps += [asked, *result_steps(checked, refusals_of(checked))]
        self._refused_rounds += 1
        if self._refused_rounds <= REPEATED_QUESTIONS:
            return None
        complaints = " ".join(dict.fromkeys(call.complaint for call in checked))
        reply = f"The model's request could not be used, so nothing was started. {complaints}"
        return self._finished(reply[:2000])

    def _carried_out(
        self, asked: Step, checked: Sequence[CheckedCall], usable: Sequence[CheckedCall]
    ) -> Ending | None:
        """Nobody has to countersign some: they are done; the others wait for people, or for the client."""
        gated, waits, others = by_who_does(usable, self._tools.rooms)
        self._handed_out = tuple(call.id for call in waits)
        limit = self._agent.limits.tool_calls
        others, too_many = others[: limit - self._done], others[limit - self._done :]
        stop = OUT_OF_CALLS.format(limit=limit)
        left_out = {call.id: Result("failed", error_text(stop)) for call in too_many}
        seconds = self._tools.seconds_left() - WRITE_SECONDS
        if others and seconds < LEAST_ACTION_SECONDS:
            return self._out_of_time()
        self._steps.append(asked)
        if not all(may_be_repeated(call) for call in others):
            self._tools.remember(self._out_of_time())
        is_alone = not gated and not waits and not too_many
        done = self._do(others, may_switch=is_alone and self._switches() < SWITCHES)
        self._keep(checked, left_out | done.results)
        if done.postponed:
            return self._out_of_time()
        gated += done.gated
        if gated:
            return self._needs_approval(gated)
        if waits:
            return AwaitsClient(**self._so_far())
        if too_many:
            return self._finished(stop)
        return self._after(done, is_whole=len(usable) == len(checked))

    def _do(self, calls: Sequence[CheckedCall], *, may_switch: bool) -> Done:
        """Do the calls in the time there is; what needs more of it is postponed once, and then told."""
        talk = self._talk
        done = do_calls(
            calls,
            agent=self._agent,
            knowledge=self._knowledge,
            rooms=self._tools.rooms,
            whose=Whose(talk.owner, talk.conversation_id, talk.turn, talk.request_id),
            seconds=self._tools.seconds_left() - WRITE_SECONDS,
            may_switch=may_switch,
            known_agents=self._known_agents(),
        )
        self._done += len(calls)
        self._knowledge = done.knowledge
        if self._tools.may_go_on and not done.gated:
            return done
        told = {call.id: Result("failed", error_text(NO_TIME)) for call in done.postponed}
        return replace(done, results=done.results | told, postponed=())

    def _keep(self, checked: Sequence[CheckedCall], results: Mapping[str, Result]) -> None:
        """Add the results to the steps, with those of calls that cannot be used."""
        left = STEPS_BYTES - size_of(self._steps)
        self._steps += result_steps(checked, {**refusals_of(checked), **results}, within=left)

    def _after(self, done: Done, *, is_whole: bool) -> Ending | None:
        """What follows from results alone; completion beside a refused call ends nothing."""
        if done.switch is not None:
            switch = done.switch
            self._agent = self._tools.agents.get(switch.agent)
            self._steps.append(switch_step(switch))
            if switch.message or switch.initiate:
                return None
            welcome = [f"You are now with {self._agent.title}.", *self._agent.intro[:1]]
            return self._finished("\n\n".join(welcome))
        results = list(done.results.values())
        if is_whole and done.is_complete and self._agent.slots and self._agent.slots.ends:
            values = self._knowledge.slots or {}
            return self._finished("\n".join(f"{name}: {value}" for name, value in values.items()))
        if self._agent.skip_function_result and all(one.status == "succeeded" for one in results):
            return self._finished("\n\n".join(one.text for one in results if one.text) or "Done.")
        return None

    def _resume(self) -> Ending | None:
        """Calls that an earlier try may have run are not run again, but for code, which changes nothing outside.

        Those that wait for people wait on.
        """
        requested = unanswered_in(self._steps)
        if not requested:
            return None
        checked = check_calls(
            requested, agent=self._agent, turn=self._talk.turn, used_ids=frozenset()
        )
        usable = [call for call in checked if not call.complaint]
        gated, waits, others = by_who_does(usable, self._tools.rooms)
        self._handed_out = tuple(call.id for call in waits)
        again = [call for call in others if place_of(call) is Place.SANDBOX]
        never = [call for call in others if call not in again]
        unknown = {call.id: Result("unknown", error_text(NOT_KNOWN)) for call in never}
        done = self._do(again, may_switch=False)
        self._keep(checked, unknown | done.results)
        if done.postponed:
            return self._out_of_time()
        if gated:
            return self._needs_approval(gated)
        if waits:
            return AwaitsClient(**self._so_far())
        return self._after(done, is_whole=False) if again else None

    def _limit(self) -> str:
        """Why the turn has to stop here; empty while it may go on."""
        if not self._tools.has_tokens():
            return OUT_OF_BUDGET
        took = self._began_with - self._tools.seconds_left()
        return why_to_stop(self._agent.limits, seconds=took, tokens=self._tokens)

    def _files(self) -> list[str]:
        """What Python finds in its folder; nothing for an agent without Python, or where there is none."""
        agent = self._agent
        if not agent.uses_python or not self._tools.rooms.has(Place.SANDBOX):
            return []
        if self._uploaded is None:
            self._uploaded = self._tools.files()
        return [*agent.resources, *self._uploaded]

    def _switches(self) -> int:
        return sum(step["role"] == "switch" for step in self._steps)

    def _known_agents(self) -> frozenset[str]:
        """The agents that who writes may talk to."""
        return frozenset(
            agent.id
            for agent in self._tools.agents.all()
            if agent.may_be_used_by(self._talk.groups)
        )

    def _needs_approval(self, gated: Sequence[CheckedCall]) -> Ending:
        talk, agents = self._talk, self._tools.agents.get
        calls = with_origins(gated, talk.turns, talk.message, self._steps, agents=agents)
        return NeedsApproval(**self._so_far(), calls=calls)

    def _finished(self, reply: str) -> Ending:
        return Finished(**self._so_far(), reply=reply)

    def _out_of_time(self) -> Ending:
        return OutOfTime(**self._so_far())

    def _so_far(self) -> dict[str, Any]:
        return {
            "steps": tuple(self._steps),
            "agent": self._agent,
            "knowledge": self._knowledge,
            "handed_out": self._handed_out,
        }
