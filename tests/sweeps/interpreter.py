"""The committed state machine, run: what it asks for is yielded, so that whoever drives it owns time and Lambdas.

Only what the file uses is known. A state type, field, resource or query that is not known is refused when the
file is read: the file cannot grow a step that the sweeps would pass over.
"""

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException

INVOKE = "arn:aws:states:::lambda:invoke"
CALLBACK = f"{INVOKE}.waitForTaskToken"
QUERY = re.compile(r"\A\{%(.*)%\}\Z", re.DOTALL)
SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
VARIABLE = re.compile(r"\$\$|\$(\w+)(?:\.(\w+))?")
FUNCTIONS = frozenset({"merge", "count", "exists", "append", "not", "map", "filter", "boolean"})
STATE_DATA = frozenset({"input", "result", "errorOutput", "context"})

_EVERY = {"Type", "Comment", "Output"}
_MOVES = {"Next", "End"}
_FAILS = {"Retry", "Catch"}
KNOWN = {
    "Task": _EVERY | _MOVES | _FAILS | {"Resource", "Arguments", "TimeoutSeconds"},
    "Parallel": _EVERY | _MOVES | _FAILS | {"Branches"},
    "Map": _EVERY | _MOVES | _FAILS | {"Items", "ItemSelector", "ItemProcessor", "MaxConcurrency"},
    "Pass": _EVERY | _MOVES,
    "Choice": {"Type", "Comment", "Choices", "Default"},
    "Succeed": _EVERY,
    "Fail": {"Type", "Comment", "Error", "Cause"},
}
RETRIER = {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "JitterStrategy"}
CATCHER = {"ErrorEquals", "Output", "Next", "Comment"}
MACHINE = {"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds"}
LAMBDA = {"FunctionName", "Payload"}


class NotKnown(Exception):
    """The state machine uses something that this interpreter does not."""


class TaskFailed(Exception):
    """A state's error, by Step Functions' name for it."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


@dataclass(frozen=True)
class Invoke:
    """Ask a Lambda; the driver sends its answer, or throws `TaskFailed`."""

    state: str
    function: str
    payload: Any
    seconds: float


@dataclass(frozen=True)
class Callback:
    """Ask a Lambda, then wait for whoever answers this task token."""

    state: str
    function: str
    payload: Any
    seconds: float
    token: str


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds before the next try."""

    seconds: float


@dataclass(frozen=True)
class Together:
    """Run these at once; the driver sends the list of their results, or throws the first failure."""

    runs: list["Run"]


Asked = Invoke | Callback | Pause | Together
Run = Generator[Asked, Any, Any]


@dataclass(frozen=True)
class Machine:
    """One state machine, read once; `execution` runs it as often as wanted."""

    definition: Mapping[str, Any]
    queries: Mapping[str, Jsonata] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, substitutions: Mapping[str, object]) -> "Machine":
        """The file with each `${Name}` put in; raises `NotKnown`, or KeyError for a name without a value."""
        filled = SUBSTITUTION.sub(lambda match: str(substitutions[match.group(1)]), text)
        definition = json.loads(filled)
        _only(definition, MACHINE, "machine")
        if definition.get("QueryLanguage") != "JSONata":
            raise NotKnown(f"query language {definition.get('QueryLanguage')}")
        queries: dict[str, Jsonata] = {}
        _check_states(definition, queries)
        return cls(definition, queries)

    def execution(self, input: Any, context: Mapping[str, Any], tokens: Any) -> Run:
        """One execution; `tokens` gives a new task token whenever one is needed."""
        return _Execution(self.queries, tokens).states(self.definition, input, context)


def _check_states(part: Mapping[str, Any], queries: dict[str, Jsonata]) -> None:
    states = part["States"]
    for name, state in states.items():
        kind = state.get("Type")
        if kind not in KNOWN:
            raise NotKnown(f"{name}: state type {kind}")
        _only(state, KNOWN[kind], name)
        for way in [state, *state.get("Choices", []), *state.get("Catch", [])]:
            for key in {"Next", "Default"} & way.keys():
                if way[key] not in states:
                    raise NotKnown(f"{name}: leads to {way[key]}")
        for retrier in state.get("Retry", []):
            _only(retrier, RETRIER, name)
        for catcher in state.get("Catch", []):
            _only(catcher, CATCHER, name)
        for choice in state.get("Choices", []):
            _only(choice, {"Condition", "Next", "Comment"}, name)
        if kind == "Task":
            if state["Resource"] not in (INVOKE, CALLBACK):
                raise NotKnown(f"{name}: resource {state['Resource']}")
            _only(state["Arguments"], LAMBDA, name)
        if kind == "Map":
            processor = state["ItemProcessor"]
            _only(processor, {"ProcessorConfig", "StartAt", "States"}, name)
            if processor.get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
                raise NotKnown(f"{name}: a distributed map")
            _check_states(processor, queries)
        for branch in state.get("Branches", []):
            _only(branch, {"StartAt", "States", "Comment"}, name)
            _check_states(branch, queries)
        plain = {key: value for key, value in state.items() if key not in _NESTED}
        _compile(plain, queries, name)


_NESTED = {"ItemProcessor", "Branches"}


def _compile(value: Any, queries: dict[str, Jsonata], name: str) -> None:
    if isinstance(value, Mapping):
        for one in value.values():
            _compile(one, queries, name)
    elif isinstance(value, list):
        for one in value:
            _compile(one, queries, name)
    elif isinstance(value, str) and (match := QUERY.match(value)):
        for variable, member in VARIABLE.findall(match.group(1)):
            known = variable in FUNCTIONS or (variable == "states" and member in STATE_DATA)
            if not known:
                raise NotKnown(f"{name}: ${variable} in {value}")
        try:
            queries[value] = Jsonata(match.group(1))
        except JException as error:
            raise NotKnown(f"{name}: {value} cannot be read") from error


def _only(value: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = value.keys() - known
    if unknown:
        raise NotKnown(f"{where}: field {', '.join(sorted(unknown))}")


@dataclass
class _Execution:
    queries: Mapping[str, Jsonata]
    tokens: Any

    def states(self, part: Mapping[str, Any], input: Any, context: Mapping[str, Any]) -> Run:
        name, data = part["StartAt"], input
        while True:
            state = part["States"][name]
            try:
                step = yield from self._tried(name, state, data, context)
            except TaskFailed as failure:
                catcher = _matching(state.get("Catch", []), failure.error)
                if catcher is None:
                    raise
                told = {"Error": failure.error, "Cause": failure.cause}
                states = {"input": data, "context": context, "errorOutput": told}
                data = self._value(catcher.get("Output", told), states)
                name = catcher["Next"]
                continue
            data, following = step
            if following is None:
                return data
            name = following

    def _tried(self, name: str, state: Mapping[str, Any], data: Any, context: Any) -> Any:
        """One state with its retries: its output and the name of the next state."""
        used: dict[int, int] = {}
        while True:
            try:
                return (yield from self._one(name, state, data, context))
            except TaskFailed as failure:
                retrier = _matching(state.get("Retry", []), failure.error)
                if retrier is None:
                    raise
                tries = used.get(id(retrier), 0)
                if tries >= retrier.get("MaxAttempts", 3):
                    raise
                used[id(retrier)] = tries + 1
                yield Pause(
                    retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** tries
                )

    def _one(self, name: str, state: Mapping[str, Any], data: Any, context: Any) -> Any:
        states: dict[str, Any] = {"input": data, "context": context}
        following = state.get("Next")
        match state["Type"]:
            case "Fail":
                raise TaskFailed(state.get("Error", ""), state.get("Cause", ""))
            case "Choice":
                for choice in state["Choices"]:
                    if self._value(choice["Condition"], states) is True:
                        return data, choice["Next"]
                if "Default" not in state:
                    raise TaskFailed("States.NoChoiceMatched", name)
                return data, state["Default"]
            case "Pass" | "Succeed":
                states["result"] = data
            case "Task":
                states["result"] = yield from self._task(name, state, data, context)
            case "Parallel":
                runs = [self.states(branch, data, context) for branch in state["Branches"]]
                states["result"] = yield Together(runs)
            case "Map":
                states["result"] = yield Together(list(self._items(state, states)))
        output = self._value(state["Output"], states) if "Output" in state else states["result"]
        return output, following

    def _items(self, state: Mapping[str, Any], states: Mapping[str, Any]) -> Any:
        items = self._value(state["Items"], states) if "Items" in state else states["input"]
        if not isinstance(items, list):
            raise TaskFailed("States.QueryEvaluationError", "Items is not an array")
        for index, value in enumerate(items):
            context = {**states["context"], "Map": {"Item": {"Index": index, "Value": value}}}
            about = {**states, "context": context}
            chosen = self._value(state["ItemSelector"], about) if "ItemSelector" in state else value
            yield self.states(state["ItemProcessor"], chosen, context)

    def _task(self, name: str, state: Mapping[str, Any], data: Any, context: Any) -> Any:
        waits = state["Resource"] == CALLBACK
        token = self.tokens() if waits else ""
        about = {**context, **({"Task": {"Token": token}} if waits else {})}
        arguments = self._value(state["Arguments"], {"input": data, "context": about})
        seconds = float(state.get("TimeoutSeconds", 99_999_999))
        function, payload = arguments["FunctionName"], arguments.get("Payload", {})
        if waits:
            return (yield Callback(name, function, payload, seconds, token))
        answer = yield Invoke(name, function, payload, seconds)
        return {"Payload": answer, "StatusCode": 200}

    def _value(self, template: Any, states: Mapping[str, Any]) -> Any:
        if isinstance(template, Mapping):
            return {key: self._value(one, states) for key, one in template.items()}
        if isinstance(template, list):
            return [self._value(one, states) for one in template]
        query = self.queries.get(template) if isinstance(template, str) else None
        if query is None:
            return template
        frame = query.create_frame()
        frame.bind("states", states)
        try:
            value = query.evaluate(None, frame)
        except Exception as error:  # noqa: BLE001 - the library raises what it likes
            raise TaskFailed("States.QueryEvaluationError", f"{template}: {error}") from error
        if value is None:
            raise TaskFailed("States.QueryEvaluationError", f"{template} gave nothing")
        return value


def _matching(rules: list[Mapping[str, Any]], error: str) -> Mapping[str, Any] | None:
    """The first rule that names this error; `States.ALL` leaves out what Step Functions leaves out."""
    for rule in rules:
        names = rule["ErrorEquals"]
        if error in names or ("States.TaskFailed" in names and error != "States.Timeout"):
            return rule
        if "States.ALL" in names and error not in ("States.Runtime", "States.DataLimitExceeded"):
            return rule
    return None
