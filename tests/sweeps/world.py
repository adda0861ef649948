"""One run: what people and machines do in virtual time, and what they saw."""

import contextlib
import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from functions.shared.observe import logger
from tests.support import account as accounts
from tests.support.clock import Clock
from tests.support.gateway import Answer, answer_of, claims_of, http_event
from tests.sweeps.aws import Aws
from tests.sweeps.engine import Engine
from tests.sweeps.gate import Crash, Gate
from tests.sweeps.model import RuleModel

SWEEP_SECONDS = 60
PATIENCE_HOURS = 3
"""After so much virtual time everything has reached its end, or is stuck."""
ROUTES = {
    "POST /chat": "chat",
    "POST /approvals/{approval_id}/decision": "decide_approval",
    "POST /approvals/{approval_id}/cancel": "decide_approval",
    "GET /approvals/{approval_id}": "approvals",
    "GET /approvals": "approvals",
    "GET /conversations/{conversation_id}": "conversations",
    "GET /freeze": "freeze",
    "POST /freeze": "freeze",
}
GATEWAY_FAILED = Answer(500, {}, '{"message":"Internal Server Error"}')


@dataclass
class World:
    """One run; what people did and saw is kept for the promises."""

    account: accounts.Account
    clock: Clock
    gate: Gate
    aws: Aws
    engine: Engine
    model: RuleModel
    random: random.Random
    answers: list[Answer] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)
    """What an approver saw, by digest."""
    votes: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Decisions that people sent: approval, by whom, which, and the answer's status."""
    log: io.StringIO = field(default_factory=io.StringIO)

    def hand_over(self, function: str, payload: Mapping[str, Any]) -> None:
        """An asynchronous invocation through the SDK."""
        self.engine.invoke_later(function.replace("-", "_"), payload)

    def tell_of_the_end(self, name: str, status: str) -> None:
        """EventBridge's rule for executions that ended otherwise."""
        kind = "Step Functions Execution Status Change"
        event = {"detail-type": kind, "detail": {"name": name, "status": status}}
        self.engine.invoke_later("record_outcome", event)

    def http(self, route: str, *, by: str, body: object = None, **more: Any) -> Answer:
        """One request by somebody signed in, as the gateway hands it over."""
        human = self.account.humans[by]
        event = http_event(
            route,
            claims=claims_of(human.sub, human.groups),
            body=body,
            headers=more.pop("headers", None),
            query=more.pop("query", None),
            parameters=more,
        )
        event["requestContext"]["requestId"] = f"request-{self.random.getrandbits(40):010x}"
        room = ROUTES[route]
        with self.gate.invocation(room):
            try:
                answer = answer_of(self.engine.handlers[room](event))
            except Crash:
                answer = GATEWAY_FAILED
        self.answers.append(answer)
        return answer

    def run(self, hours: float = PATIENCE_HOURS) -> None:
        """Until everything is at its end, or patience is."""
        self.run_until(hours * 3600)

    def run_until(self, seconds: float) -> None:
        """So many seconds more, one event after the other."""
        with self.captured():
            self.engine.run(self.clock() + timedelta(seconds=seconds))

    def race(self, seconds: float) -> None:
        """So many seconds more, everything at once, in the order that this run's seed gives."""
        with self.captured():
            self.engine.race(self.clock() + timedelta(seconds=seconds), self.random)

    def sweep_again(self) -> None:
        """The schedule: every minute, for as long as anything may still happen."""

        def act() -> None:
            if self.is_due():
                self.engine.invoke_later("sweep", {})
            self.engine.at(SWEEP_SECONDS, "the minute", act)

        self.engine.at(SWEEP_SECONDS, "the minute", act)

    def is_due(self) -> bool:
        """Whether the sweep would find anything; one that finds nothing only reads."""
        now = self.clock().timestamp()
        return any(
            "unfinished" in row.attrs and float(row.attrs["due_at"].value) <= now
            for name in _INDEXED
            for row in self.rows(name)
        )

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table, in DynamoDB's own notation, past the gate."""
        return [row.to_json()["Attributes"] for row in self.rows(table)]

    def rows(self, table: str) -> Iterator[Any]:
        """moto's own rows, which a test may edit."""
        tables = accounts.dynamodb_backends[accounts.ACCOUNT_ID][accounts.REGION].tables
        for part in tables[table].items.values():
            yield from part.values() if isinstance(part, dict) else [part]

    @contextlib.contextmanager
    def captured(self) -> Iterator[None]:
        """What the rooms log goes to `log`."""
        handlers = [one for one in logger.handlers if hasattr(one, "setStream")]
        before = [one.setStream(self.log) for one in handlers]
        try:
            with contextlib.redirect_stdout(self.log):
                yield
        finally:
            for one, stream in zip(handlers, before, strict=True):
                if stream is not None:
                    one.setStream(stream)


_INDEXED = (accounts.CONVERSATIONS, accounts.APPROVALS)
