"""Whole conversations of SlashGPT, told again by the product's own loop: same requests, same events, same ending."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from functions.chat.converse import converse
from functions.chat.emit import emitted
from functions.chat.fenced_code import fenced_call
from functions.chat.prompt import system_prompt
from functions.chat.rooms import Result, Whose
from functions.chat.talk import Ending, Finished, Talk, Tools
from functions.run_action.deadline import Deadline
from functions.run_action.ungated import Call, Running, run_calls
from functions.shared.agent import NOTEBOOK_FUNCTIONS, Agent
from functions.shared.code_forms import NoCode, code_of
from functions.shared.kinds import Place
from infra.agents import read_folder
from infra.manifests.compile import Verdict
from tests.compat.sandboxed import SandboxRoom, runs_python, without_gates
from tests.compat.stubbed import GivenSecrets, StubbedFetch
from tests.support.chat_completions import check_valid
from tests.support.fake_model import FakeModel, call, calls
from tests.support.talking import NOW, Known

SECONDS = 60.0
CUT = "...[cut"


@dataclass(frozen=True)
class ActionRoom:
    """The rooms that run actions, in this process and behind the stub, and Python, in the sandbox."""

    running: Running
    sandbox: SandboxRoom

    def has(self, place: Place) -> bool:
        return place is not Place.SANDBOX or runs_python()

    def run(
        self,
        place: Place,
        agent: Agent,
        handed_over: Sequence[Any],
        seconds: float,
        whose: Whose,
    ) -> list:
        if place is Place.SANDBOX:
            return self.sandbox.run(agent, handed_over, seconds, whose)
        assert place is Place.RUN_ACTION
        wanted = [Call(one.id, one.name, dict(one.arguments)) for one in handed_over]
        deadline = Deadline.after(seconds)
        results = run_calls(self.running, agent.id, agent.digest, wanted, deadline)
        return [Result(one.status, one.text) for one in results]


@dataclass
class Told:
    """One conversation as it went."""

    ending: Ending
    model: FakeModel
    first: Agent
    agents: Known
    differences: list[str] = field(default_factory=list)


def judge(case: Mapping[str, Any], root: Path) -> str:
    """In what a conversation differs from SlashGPT's; empty when in nothing."""
    told = tell(case, root)
    if "error" in case:
        return ""  # SlashGPT fell over; that we come to an end is what matters.
    if has_no_module(told):
        # SlashGPT fell over this as well; here the model is told, and the conversation goes on.
        return "" if isinstance(told.ending, Finished) else f"it does not end: {told.ending}"
    differences = [
        *differing("events", events_of(told), case["events"]),
        *differing("final agent", told.ending.agent.id, case["final_agent"]),
        *differing("memory", told.ending.knowledge.memory, case["memory"]),
        *differing("requests", len(told.model.asked), len(case["llm_requests"])),
        *differing("history", list(final_history(told)), list(map(shown, case["final_history"]))),
    ]
    for asked, request in zip(told.model.asked, case["llm_requests"], strict=False):
        functions = [offered(tool["function"]) for tool in asked.tools]
        temperature = asked.options.get("temperature")
        wanted = [offered(function) for function in request.get("functions", [])]
        differences += differing("functions", functions, wanted)
        differences += differing("temperature", temperature, request["temperature"])
        messages = list(map(shown, request["messages"]))
        differences += differing("messages", list(worded(asked.messages)), messages)
    return "; ".join(differences)


def tell(case: Mapping[str, Any], root: Path) -> Told:
    """The conversation, with the case's model and its service."""
    manifest = root / case["manifest_path"]
    agents, verdicts = agents_of(manifest.parent, root)
    first = agents.get(manifest.stem)
    model = FakeModel()
    for turn in case["turns"]:
        model.says(turn["content"] if "content" in turn else calls(*map(requested, turn["calls"])))
    stub = case["stub_reply"]
    fetch = StubbedFetch(stub["status"], stub["text"])
    ending = converse(
        Talk(
            agent=first,
            owner="owner",
            conversation_id="conversation",
            turns=(),
            message=case["user"],
            turn=1,
            used_ids=frozenset(),
            now=NOW,
        ),
        Tools(
            model=model,
            model_name="m",
            agents=agents,
            rooms=ActionRoom(
                Running(agents, fetch, GivenSecrets(case["env"])), SandboxRoom(verdicts)
            ),
            seconds_left=lambda: SECONDS,
        ),
    )
    for asked in model.asked:
        check_valid(asked.messages)
    return Told(ending, model, first, agents)


@cache
def agents_of(folder: Path, root: Path) -> tuple[Known, list[Verdict]]:
    """The agents of one folder as the Lambdas know them, where nobody countersigns Python; and their files."""
    verdicts = read_folder(folder, root=root)
    usable = [Agent.of(one.id, one.agent) for one in verdicts if one.agent is not None]
    return Known([without_gates(agent) for agent in usable]), verdicts


def requested(told: Mapping[str, Any]) -> Any:
    return call(told["arguments"], name=told["name"])


def needs_python(case: Mapping[str, Any], root: Path) -> bool:
    """Whether a case has an agent that can run Python."""
    if "manifest_path" not in case:
        return False
    manifest = root / case["manifest_path"]
    agents, _ = agents_of(manifest.parent, root)
    return agents.get(manifest.stem).uses_python


def has_no_module(told: Told) -> bool:
    """Whether all that was called is a module whose file is not there."""
    texts = [step["content"] for step in told.ending.steps if step["role"] == "tool"]
    return bool(texts) and all('"code": "module_missing"' in text for text in texts)


def events_of(told: Told) -> list[Any]:
    """What SlashGPT would have called back for, in its words."""
    events: list[Any] = []
    agent = told.first
    made: dict[str, Any] = {}
    for step in told.ending.steps:
        if step["role"] == "assistant":
            made |= {one["id"]: one["function"] for one in step["tool_calls"]}
            if step["content"]:
                events.append(["bot", step["content"]])
        elif step["role"] == "switch":
            agent = told.agents.get(step["agent"])
        else:
            function = made[step["tool_call_id"]]
            action = agent.actions.get(function["name"])
            if action is not None and action.kind == "emit" and step["status"] == "succeeded":
                method, data = emitted(action.values, json.loads(function["arguments"]))
                events.append(["emit", [method, data]])
            else:
                events.append(["function", [function["name"], step["content"]]])
    if isinstance(told.ending, Finished) and is_of_the_model(told):
        events.append(["bot", told.ending.reply])
    return events


def is_of_the_model(told: Told) -> bool:
    """Whether the reply is the model's; SlashGPT says nothing where ours are the last words."""
    last = told.ending.steps[-1] if told.ending.steps else {"role": "assistant"}
    if last["role"] == "switch":
        return bool(last["message"] or last["initiate"])
    return not told.ending.agent.skip_function_result


def final_history(told: Told) -> Iterator[tuple[str, str]]:
    """The last request with what was answered to it; before any answer, the agent's own beginning."""
    last = told.ending.steps[-1] if told.ending.steps else None
    if last is not None and last["role"] == "switch" and not is_of_the_model(told):
        yield "system", prompt_of(told)
        return
    yield from worded(told.model.asked[-1].messages)
    if last is not None and last["role"] == "tool" and not is_of_the_model(told):
        yield "function", last["content"]
    if is_of_the_model(told):
        yield "assistant", told.ending.reply


def prompt_of(told: Told) -> str:
    """What the next request of the conversation begins with."""
    knowledge = told.ending.knowledge
    return system_prompt(
        told.ending.agent,
        agents=told.agents.get,
        now=NOW,
        seed="conversation",
        memory=knowledge.memory,
        slots=knowledge.slots,
        is_first=knowledge.slots is None,
    )


def offered(function: Mapping[str, Any]) -> dict[str, Any]:
    """What the model has to know of a function; other members mean nothing to the service."""
    return {name: function.get(name) for name in ("name", "description", "parameters")}


def worded(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Messages by SlashGPT's roles; it keeps no message that only calls, but of code it keeps a fence."""
    for message in messages:
        if message.get("content"):
            role = "function" if message["role"] == "tool" else message["role"]
            yield role, message["content"]
        for one in message.get("tool_calls", ()):
            function = one["function"]
            if function["name"] in NOTEBOOK_FUNCTIONS:
                yield "assistant", fence_of(function["name"], json.loads(function["arguments"]))


def fence_of(function: str, arguments: Mapping[str, Any]) -> str:
    try:
        return f"```Python\n{code_of(function, arguments)}\n```"
    except NoCode:
        return ""


def shown(message: Mapping[str, Any]) -> tuple[str, str]:
    return message["role"], message["content"]


def differing(what: str, ours: Any, theirs: Any) -> list[str]:
    """A sentence where they differ; a text of theirs that was cut is compared as far as it goes."""
    return [] if is_like(ours, theirs) else [f"{what}: {ours!r} is not {theirs!r}"]


def is_like(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, str) and isinstance(ours, str) and CUT in theirs:
        return ours.startswith(theirs.partition(CUT)[0])
    if isinstance(theirs, list | tuple) and isinstance(ours, list | tuple):
        pairs = itertools.zip_longest(ours, theirs, fillvalue=None)
        return all(is_like(one, other) for one, other in pairs)
    return bool(ours == theirs)


def judge_code_block(case: Mapping[str, Any]) -> str:
    """In what a fenced answer is read otherwise than by SlashGPT; empty when in nothing."""
    assert case["notebook"]
    read = fenced_call(case["reply"], case["last_user"], native=case["openai_mode"])
    return "" if read == case["expected_call"] else f"{read!r} is not {case['expected_call']!r}"


def cases_in(file: Path) -> list[dict[str, Any]]:
    """A line each."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def as_test_id(case: Mapping[str, Any]) -> str:
    return re.sub(r"[^A-Za-z0-9_.:/-]", "_", case["id"])
