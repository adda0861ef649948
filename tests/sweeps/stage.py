"""The real handlers of every room in one process, composed as their Lambdas do, over one account.

A `Stage` is made once per process; each `World` is one run on it, from nothing.
"""

import contextlib
import importlib
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from moto import mock_aws

from infra.agents import compile_agents, serialized
from infra.page import ROOT
from tests.support import account as accounts
from tests.support.backend import settings_of
from tests.support.clock import START, Clock
from tests.support.gateway import LambdaContext
from tests.support.one_after_the_other import OneAfterTheOther
from tests.support.quick_moto import quicken
from tests.sweeps.aws import Aws, kept_client
from tests.sweeps.ec2 import FaithfulEc2
from tests.sweeps.engine import Engine
from tests.sweeps.gate import Fault, Gate
from tests.sweeps.interpreter import Machine
from tests.sweeps.model import RuleModel
from tests.sweeps.world import World

SEAL_KEY = f"arn:aws:kms:{accounts.REGION}:{accounts.ACCOUNT_ID}:key/seal"
DEFINITION = ROOT / "statemachines" / "approval.asl.json"
APPROVAL_SECONDS = 600
GRACE_SECONDS = 60
LAMBDA_MILLISECONDS = {"launch_instance": 120_000, "continue_turn": 300_000}
HTTP_MILLISECONDS = 29_000


class VirtualTime:
    """In place of the module `time` in our own code."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage

    def sleep(self, seconds: float) -> None:
        self._stage.world.gate.pause()
        self._stage.clock.turn(seconds)

    def monotonic(self) -> float:
        return self._stage.clock().timestamp()

    time = perf_counter = monotonic


class Random:
    """In place of the module `secrets`: a run repeats itself."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage

    def token_bytes(self, count: int) -> bytes:
        return self._stage.world.random.randbytes(count)


@dataclass
class Stage:
    account: accounts.Account
    clock: Clock
    machine: Machine
    handlers: dict[str, Any]
    composed: dict[str, Any] = field(default_factory=dict)
    """Rooms that remember something between invocations; each run begins with nothing remembered."""
    world: Any = None

    def begin(self, *, fault: Fault | None = None, seed: int = 0) -> "World":
        """A run from nothing: no items, no mails, nobody waits."""
        self.account.empty()
        self.clock.now = START
        self._forget()
        gate = Gate(fault=fault)
        aws = Aws(gate, FaithfulEc2(self.clock))
        engine = Engine(gate, self.clock, self.machine, self.handlers)
        drawn = random.Random(seed)  # noqa: S311
        self.world = World(
            self.account, self.clock, gate, aws, engine, RuleModel(gate, self.clock), drawn
        )
        aws.states, aws.invoke = engine, self.world.hand_over
        engine.is_over = self.world.tell_of_the_end
        self.world.sweep_again()
        return self.world

    def _forget(self) -> None:
        if "preflight" in self.composed:
            was = self.composed["preflight"]
            self.composed["preflight"] = replace(was, price_list=type(was.price_list)())


@contextlib.contextmanager
def stage(directory: Path) -> Iterator[Stage]:
    """An account in this process with every room composed on it; `directory` keeps the compiled agents."""
    agents_file = directory / "agents.json"
    agents_file.write_bytes(serialized(compile_agents(ROOT / "agents")))
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", accounts.REGION)
        quicken(patch)
        accounts.one_request_at_a_time(patch)
        account = accounts.Account()
        accounts.make_tables()
        accounts.make_people(account)
        accounts.make_secret(account)
        account.seal_key = SEAL_KEY
        machine = Machine.of(DEFINITION.read_text(), _Substitutions())
        made = Stage(account, Clock(), machine, {})
        made.begin()
        patch.setattr(boto3, "client", kept_client)
        patch.setattr(
            botocore.client.BaseClient,
            "_make_api_call",
            lambda client, operation, parameters: made.world.aws.call(
                client, operation, parameters
            ),
        )
        _compose(patch, made, agents_file)
        yield made


def room_of(name: str) -> str:
    """The room behind a substitution: `RequestApprovalFunction` is request_approval; empty where it is none."""
    if not name.endswith("Function"):
        return ""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name.removesuffix("Function")).lower()


class _Substitutions(dict[str, object]):
    """Each room by its name; the wait is as the stack sets it."""

    def __missing__(self, name: str) -> object:
        if name == "ApprovalWaitSeconds":
            return APPROVAL_SECONDS + GRACE_SECONDS
        if not room_of(name):
            raise KeyError(name)
        return room_of(name)


def _compose(patch: pytest.MonkeyPatch, made: Stage, agents_file: Path) -> None:
    """Each room from its environment; of all it uses only clock, randomness and model are ours."""
    settings = settings_of(made.account, agents_file)
    modules = {name: importlib.import_module(f"functions.{name}.handler") for name in settings}
    modules["continue_turn"] = importlib.import_module("functions.chat.continue_turn")
    for module in [one for name, one in sys.modules.items() if name.startswith("functions.")]:
        for name, value in (
            ("utc_now", made.clock),
            ("time", VirtualTime(made)),
            ("secrets", Random(made)),
            ("ThreadPoolExecutor", lambda *_, **__: OneAfterTheOther()),
        ):
            if hasattr(module, name):
                patch.setattr(module, name, value)
    for name, module in modules.items():
        values = settings["chat" if name == "continue_turn" else name]
        changes = {"approval_timeout_seconds": APPROVAL_SECONDS, "budgets_table": accounts.BUDGETS}
        values = replace(values, **{k: v for k, v in changes.items() if hasattr(values, k)})
        module.deps.cache_clear()
        with pytest.MonkeyPatch.context() as environment:
            for variable, value in values.environment().items():
                environment.setenv(variable, value)
            composed = module.deps()
        module.deps.cache_clear()
        if hasattr(composed, "model"):
            composed = replace(composed, model=_Model(made))
        if name == "preflight":
            made.composed[name] = composed
            patch.setattr(module, "deps", lambda: made.composed["preflight"])
        else:
            patch.setattr(module, "deps", lambda composed=composed: composed)
        milliseconds = LAMBDA_MILLISECONDS.get(name, 60_000)
        made.handlers[name] = lambda event, handler=module.handler, ms=milliseconds: handler(
            event, LambdaContext(HTTP_MILLISECONDS if "routeKey" in event else ms)
        )


@dataclass(frozen=True)
class _Model:
    stage: Stage

    def answer(self, messages: Any, **more: Any) -> Any:
        return self.stage.world.model.answer(messages, **more)
