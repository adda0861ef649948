"""Virtual time: events in order, Lambdas that are retried as AWS retries them, executions of the state machine."""

import contextlib
import heapq
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sweeps.actors import Actor, pause
from tests.sweeps.gate import Crash, Gate
from tests.sweeps.interpreter import Callback, Invoke, Machine, Pause, Run, TaskFailed, Together

ASYNC_RETRY_SECONDS = (60, 120)
"""An asynchronous invocation that fails is tried twice more."""
DRIFTS, DRIFT_SECONDS = 0.3, 0.4
"""In a race, how often time passes between two steps, and how much at most."""
Handler = Callable[[Mapping[str, Any]], Any]


@dataclass(order=True)
class Event:
    at: datetime
    number: int
    what: str = field(compare=False)
    act: Callable[[], None] = field(compare=False)


class LambdaFailed(Exception):
    """A Lambda's invocation failed, by the error's name that its caller sees."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name, self.cause = name, cause


@dataclass
class Execution:
    name: str
    input: Any
    status: str = "RUNNING"
    states: list[tuple[str, str]] = field(default_factory=list)
    """Tasks in the order they were entered: state and function."""


@dataclass
class Engine:
    """`handlers` by function name; `clock` is the one clock of everything."""

    gate: Gate
    clock: Any
    machine: Machine
    handlers: Mapping[str, Handler]
    is_over: Callable[[str, str], None] = lambda name, status: None
    """Told of each execution that ended otherwise than well."""
    events: list[Event] = field(default_factory=list)
    executions: dict[str, Execution] = field(default_factory=dict)
    requests: list[tuple[str, Any]] = field(default_factory=list)
    """What the state machine asked Lambdas, in order."""
    tokens: dict[str, Callable[[Any], None] | None] = field(default_factory=dict)
    """Every task token that was given out; None once it was answered, timed out or lost."""
    redeliver: Callable[[str], bool] = lambda function: False
    """Whether a task is delivered a second time, at the same time."""
    dead_letters: list[tuple[str, Any]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    """Errors of Lambdas that no fault caused."""
    _numbers: Any = field(default_factory=itertools.count)

    # time

    def at(self, seconds: float, what: str, act: Callable[[], None]) -> Event:
        event = Event(self.clock() + timedelta(seconds=seconds), next(self._numbers), what, act)
        heapq.heappush(self.events, event)
        return event

    def run(self, until: datetime) -> None:
        """Every event up to then, one after the other."""
        while self.events and self.events[0].at <= until:
            event = heapq.heappop(self.events)
            self.clock.now = max(self.clock.now, event.at)
            event.act()
        self.clock.now = max(self.clock.now, until)

    def race(self, until: datetime, random: Any) -> None:
        """Every event up to then, at once: before each outward call somebody else may go on."""
        actors: list[Actor] = []
        self.gate.pause = pause
        try:
            while actors or (self.events and self.events[0].at <= until):
                if not actors:
                    self.clock.now = max(self.clock.now, self.events[0].at)
                ready = [event for event in self.events if event.at <= self.clock.now]
                chosen = random.randrange(len(actors) + len(ready))
                if chosen < len(ready):
                    self.events.remove(ready[chosen])
                    heapq.heapify(self.events)
                    actors.append(Actor(ready[chosen].act))
                else:
                    actor = actors[chosen - len(ready)]
                    if actor.go_on():
                        actors.remove(actor)
                if random.random() < DRIFTS:
                    self.clock.turn(random.random() * DRIFT_SECONDS)
        finally:
            self.gate.pause = lambda: None
        self.clock.now = max(self.clock.now, until)

    # Lambdas

    def invoke(self, function: str, payload: Any) -> Any:
        """One synchronous invocation; raises `LambdaFailed`."""
        sent = json.loads(json.dumps(payload))
        with self.gate.invocation(function):
            try:
                return json.loads(json.dumps(self.handlers[function](sent)))
            except Crash:
                raise LambdaFailed("Runtime.ExitError", "the process is gone") from None
            except Exception as error:
                raise LambdaFailed(type(error).__name__, str(error)) from error

    def invoke_later(self, function: str, payload: Any, tries: int = 0) -> None:
        """One asynchronous invocation, with the retries that AWS gives it."""

        def act() -> None:
            try:
                self.invoke(function, payload)
            except LambdaFailed as failure:
                if tries < len(ASYNC_RETRY_SECONDS):
                    wait = ASYNC_RETRY_SECONDS[tries]
                    self.at(
                        wait, f"{function} again", lambda: self._again(function, payload, tries)
                    )
                else:
                    self.dead_letters.append((function, payload))
                self.unexpected.append(f"{function}: {failure}")

        self.at(0, function, act)

    def _again(self, function: str, payload: Any, tries: int) -> None:
        self.invoke_later(function, payload, tries + 1)

    # Step Functions

    def sdk(self, operation: str, parameters: Mapping[str, Any], fail: Callable[..., Any]) -> Any:
        """Step Functions as an SDK client sees it."""
        match operation:
            case "StartExecution":
                name = parameters["name"]
                known = self.executions.get(name)
                if known is None:
                    self.start(name, json.loads(parameters["input"]))
                elif known.status != "RUNNING" or known.input != json.loads(parameters["input"]):
                    fail("ExecutionAlreadyExists")
                return {"executionArn": f"arn:aws:states:::execution:{name}"}
            case "DescribeExecution":
                name = parameters["executionArn"].rpartition(":")[2]
                if name not in self.executions:
                    fail("ExecutionDoesNotExist")
                return {"status": self.executions[name].status}
            case "SendTaskSuccess":
                token = parameters["taskToken"]
                if token not in self.tokens:
                    fail("InvalidToken")
                answer = self.tokens[token]
                if answer is None:
                    fail("TaskTimedOut")
                self.tokens[token] = None
                answer(json.loads(parameters["output"]))
                return {}
        raise NotImplementedError(f"stepfunctions.{operation}")

    def start(self, name: str, input: Any) -> None:
        execution = self.executions[name] = Execution(name, input)
        run = self.machine.execution(
            input, {"Execution": {"Name": name, "Input": input}}, self._token
        )

        def ended(_: Any, failure: TaskFailed | None) -> None:
            if execution.status == "RUNNING":
                self.end(name, "FAILED" if failure else "SUCCEEDED")

        self.at(0, f"{name} begins", lambda: self._advance(execution, run, ended))

    def end(self, name: str, status: str) -> None:
        """An execution is over; by `ABORTED` somebody stops it."""
        self.executions[name].status = status
        if status != "SUCCEEDED":
            self.is_over(name, status)

    def _token(self) -> str:
        token = f"task-token-canary-{len(self.tokens)}"
        self.tokens[token] = None
        return token

    def _advance(
        self,
        execution: Execution,
        run: Run,
        ended: Callable[[Any, TaskFailed | None], None],
        value: Any = None,
        failure: TaskFailed | None = None,
    ) -> None:
        if execution.status != "RUNNING":
            return
        try:
            asked = run.throw(failure) if failure else run.send(value)
        except StopIteration as stop:
            ended(stop.value, None)
            return
        except TaskFailed as failed:
            ended(None, failed)
            return

        def go_on(value: Any = None, failure: TaskFailed | None = None) -> None:
            self._advance(execution, run, ended, value, failure)

        match asked:
            case Pause():
                self.at(asked.seconds, "retry", go_on)
            case Together():
                self._together(execution, asked.runs, go_on)
            case Invoke() | Callback():
                execution.states.append((asked.state, asked.function))
                self.requests.append((asked.function, asked.payload))
                ask = self._ask if isinstance(asked, Invoke) else self._wait
                self.at(0, asked.state, lambda: ask(execution, asked, go_on))
                if self.redeliver(asked.function):
                    self.at(0, f"{asked.state} twice", lambda: self._twice(asked))

    def _ask(self, execution: Execution, asked: Invoke, go_on: Callable[..., None]) -> None:
        if execution.status != "RUNNING":
            return
        began = self.clock()
        try:
            answer = self.invoke(asked.function, asked.payload)
        except LambdaFailed as failure:
            self.unexpected.append(f"{asked.function}: {failure}")
            go_on(failure=TaskFailed(failure.name, failure.cause))
            return
        if (self.clock() - began).total_seconds() > asked.seconds:
            go_on(failure=TaskFailed("States.Timeout"))
            return
        go_on(answer)

    def _wait(self, execution: Execution, asked: Callback, go_on: Callable[..., None]) -> None:
        """A callback: the Lambda's own answer counts for nothing, its failure does."""
        if execution.status != "RUNNING":
            return
        ways: dict[str, bool] = {}

        def once(value: Any = None, failure: TaskFailed | None = None) -> None:
            if not ways:
                ways["gone"] = True
                self.tokens[asked.token] = None
                self.at(0, f"{asked.state} answered", lambda: go_on(value, failure))

        self.tokens[asked.token] = once
        self.at(asked.seconds, "time-out", lambda: once(failure=TaskFailed("States.Timeout")))
        try:
            self.invoke(asked.function, asked.payload)
        except LambdaFailed as failure:
            self.unexpected.append(f"{asked.function}: {failure}")
            once(failure=TaskFailed(failure.name, failure.cause))

    def _twice(self, asked: Invoke | Callback) -> None:
        with contextlib.suppress(LambdaFailed):
            self.invoke(asked.function, asked.payload)

    def _together(self, execution: Execution, runs: list[Run], go_on: Callable[..., None]) -> None:
        results: dict[int, Any] = {}
        is_over: list[bool] = []

        def ended(index: int, value: Any, failure: TaskFailed | None) -> None:
            if is_over:
                return
            if failure is not None:
                is_over.append(True)
                go_on(failure=failure)
                return
            results[index] = value
            if len(results) == len(runs):
                is_over.append(True)
                go_on([results[one] for one in range(len(runs))])

        if not runs:
            go_on([])
        for index, run in enumerate(runs):
            self._advance(execution, run, lambda v, f, index=index: ended(index, v, f))
