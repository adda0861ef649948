"""The loop of one turn: model, checked calls, results, model again, until a text, a wait, a limit or the deadline."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from functions.chat.do_calls import Done, by_who_does, do_calls, error_text, may_be_repeated
from functions.chat.fenced_code import fenced_call
from functions.chat.history import messages_of, switch_in
from functions.chat.model import Answer, ModelTimeout, RequestedCall
from functions.chat.prompt import system_prompt, user_text
from functions.chat.rooms import Result
from functions.chat.steps import (
    STEPS_BYTES,
    asked_step,
    ids_of,
    on_the_wire,
    refusals_of,
    reply_of,
    result_steps,
    size_of,
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
from functions.chat.tool_calls import CheckedCall, check_calls
from functions.chat.trust import with_origins
from functions.shared.observe import TOOL_CALLS_REFUSED, count, logger

REPEATED_QUESTIONS = 2
SWITCHES = 3
WRITE_SECONDS = 1.5
"""What a model call leaves of the time, so that the turn can still be stored."""
ACTION_SECONDS = 20.0
LEAST_ACTION_SECONDS = 2.0
WHOLE_ANSWERS = frozenset({"stop", "tool_calls", "function_call", ""})
"""Finish reasons after which tool calls are whole; anything else may have cut them."""
NOT_KNOWN = "This was interrupted: it is not known whether it ran, and it was not run again."
OUT_OF_CALLS = "This turn reached its limit of {limit} tool calls, so it stops here."
OUT_OF_SECONDS = "This turn reached its limit of {limit} seconds, so it stops here."
OUT_OF_TOKENS = "This turn reached its limit of {limit} tokens, so it stops here."


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
            requested = self._requested(answer)
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

    def _requested(self, answer: Answer) -> tuple[RequestedCall, ...]:
        if answer.finish_reason not in WHOLE_ANSWERS:
            return ()
        if answer.calls or not self._agent.notebook:
            return answer.calls
        code = fenced_call(answer.text, self._talk.message, native=bool(self._agent.functions))
        if code is None:
            return ()
        return (RequestedCall("", code["name"], json.dumps(code["arguments"], ensure_ascii=False)),)

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
        self._count_refusals(checked)
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
        gated, waits, others = by_who_does(usable)
        self._handed_out = tuple(call.id for call in waits)
        limit = self._agent.limits.tool_calls
        others, too_many = others[: limit - self._done], others[limit - self._done :]
        results = refusals_of(checked)
        stop = OUT_OF_CALLS.format(limit=limit)
        results |= {call.id: Result("failed", error_text(stop)) for call in too_many}
        seconds = self._tools.seconds_left() - WRITE_SECONDS
        if others and seconds < LEAST_ACTION_SECONDS:
            return self._out_of_time()
        self._steps.append(asked)
        if not all(may_be_repeated(call) for call in others):
            self._tools.remember(self._out_of_time())
        done = do_calls(
            others,
            agent=self._agent,
            knowledge=self._knowledge,
            rooms=self._tools.rooms,
            seconds=min(seconds, ACTION_SECONDS),
            may_switch=not gated and not waits and not too_many and self._switches() < SWITCHES,
            known_agents=self._known_agents(),
        )
        self._done += len(others)
        self._knowledge = done.knowledge
        left = STEPS_BYTES - size_of(self._steps)
        self._steps += result_steps(checked, results | done.results, within=left)
        gated += done.gated
        if gated:
            return self._needs_approval(gated)
        if waits:
            return AwaitsClient(**self._so_far())
        if too_many:
            return self._finished(stop)
        return self._after(done, is_whole=len(usable) == len(checked))

    def _after(self, done: Done, *, is_whole: bool) -> Ending | None:
        """What follows from results alone; completion beside a refused call ends nothing."""
        if done.switch is not None:
            switch = done.switch
            self._agent = self._tools.agents.get(switch.agent)
            self._steps.append(
                {
                    "role": "switch",
                    "agent": switch.agent,
                    "message": switch.message,
                    "initiate": switch.initiate,
                }
            )
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
        """Calls that an earlier try may have run are not run again; those that wait for people wait on."""
        asked = next((step for step in reversed(self._steps) if step["role"] == "assistant"), None)
        answered = {step["tool_call_id"] for step in self._steps if step["role"] == "tool"}
        left = [call for call in (asked or {}).get("tool_calls", ()) if call["id"] not in answered]
        if not left:
            return None
        requested = [
            RequestedCall(call["id"], call["function"]["name"], call["function"]["arguments"])
            for call in left
        ]
        checked = check_calls(
            requested, agent=self._agent, turn=self._talk.turn, used_ids=frozenset()
        )
        gated, waits, others = by_who_does([call for call in checked if not call.complaint])
        self._handed_out = tuple(call.id for call in waits)
        unknown = {call.id: Result("unknown", error_text(NOT_KNOWN)) for call in others}
        self._steps += result_steps(checked, refusals_of(checked) | unknown)
        if gated:
            return self._needs_approval(gated)
        return AwaitsClient(**self._so_far()) if waits else None

    def _limit(self) -> str:
        """Why the turn has to stop here; empty while it may go on."""
        limits = self._agent.limits
        if not self._tools.has_tokens():
            return "Today's budget of model tokens is used, so this turn stops here."
        if limits.tokens and self._tokens >= limits.tokens:
            return OUT_OF_TOKENS.format(limit=limits.tokens)
        if limits.seconds and self._began_with - self._tools.seconds_left() >= limits.seconds:
            return OUT_OF_SECONDS.format(limit=limits.seconds)
        return ""

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
        calls = with_origins(gated, self._talk.turns, self._talk.message, self._steps)
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

    def _count_refusals(self, checked: Sequence[CheckedCall]) -> None:
        """Which model fills arguments well is an open question that this metric answers."""
        refused = [call for call in checked if call.complaint]
        for call in refused:
            logger.info(
                "a tool call was refused", function=call.name, complaint=call.complaint[:200]
            )
        if refused:
            count(TOOL_CALLS_REFUSED, len(refused), model=self._tools.model_name)
