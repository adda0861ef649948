"""The room Preflight over moto: a record in preparation goes in, the row that it wrote comes out."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.parsers import ResponseParserError

import functions.preflight.handler as room
from functions.preflight.preflight import Preflighting, preflight
from functions.shared.aws import client
from functions.shared.readings import Readings
from functions.shared.target_settings import PreflightSettings
from tests.support.account import ACCOUNT_ID, APPROVALS, REGION, STACK, TARGETS
from tests.support.clock import Clock
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.price_list import FakePricing

APPROVAL_ID = "abcdefghijklmnopqrstuvwxyz"
PARAMETERS = {
    "ImageId": INSTANCE["image_id"],
    "InstanceType": "t2.micro",
    "KeyName": "kondo",
    "MinCount": 1,
    "MaxCount": 1,
    "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
}
DENIALS: list[Exception] = [
    client_error("UnauthorizedOperation", "Describe"),
    client_error("RequestLimitExceeded", "Describe"),
    ConnectTimeoutError(endpoint_url="https://ec2.us-east-1.amazonaws.com"),
    ReadTimeoutError(endpoint_url="https://ec2.us-east-1.amazonaws.com"),
    ResponseParserError("Unable to parse response: <html>"),
]


class FakeQuotas:
    """Service Quotas, which moto has without EC2's."""

    def __init__(self, value=32.0):
        self.value = value

    def can_paginate(self, _):
        return False

    def get_service_quota(self, *, ServiceCode, QuotaCode):
        assert (ServiceCode, QuotaCode) == ("ec2", "L-1216C47A")
        return {"Quota": {"Value": self.value}}


class Changed:
    """A client in which some operations do something else."""

    def __init__(self, real, **operations):
        self.real = real
        self.operations = operations

    def can_paginate(self, operation):
        return operation not in self.operations and self.real.can_paginate(operation)

    def get_paginator(self, operation):
        return self.real.get_paginator(operation)

    def __getattr__(self, operation):
        return self.operations.get(operation) or getattr(self.real, operation)


def failing(error: Exception) -> Callable[..., Any]:
    def fail(**_: Any) -> Any:
        raise error

    return fail


def answering(**answer: Any) -> Callable[..., Any]:
    return lambda **_: answer


class Desk:
    """The room over moto, with a record in preparation and the row it wrote."""

    def __init__(self, composed: Preflighting, clock: Clock) -> None:
        self.clock = clock
        self.pricing, self.quotas = FakePricing(), FakeQuotas()
        self.clients = {
            "ec2": client("ec2"),
            "iam": client("iam"),
            "service-quotas": self.quotas,
            "pricing": self.pricing,
        }
        self.deps = replace(composed, readings=self.readings, clock=clock)
        self.seconds = 10.0

    def readings(self, _):
        return Readings(self.clients, seconds=self.seconds)

    def change(self, service="ec2", **operations):
        self.clients[service] = Changed(self.clients[service], **operations)

    def prepare(self, *calls, status="preparing"):
        plan = {
            "version": 2,
            "account": ACCOUNT_ID,
            "region": REGION,
            "target": "default",
            "calls": [
                {
                    "id": f"call_{number}",
                    "function": "run_instances",
                    "operation": call.pop("operation", "run_instances"),
                    "arguments": INSTANCE,
                    "parameters": {**PARAMETERS, **call},
                }
                for number, call in enumerate(map(dict, calls or [{}]), 1)
            ],
        }
        self.store(json.dumps(plan), status=status)

    def store(self, plan, *, status="preparing"):
        texts = {
            "pk": APPROVAL_ID,
            "sk": "approval",
            "status": status,
            "digest": "d" * 64,
            "plan": plan,
            "agent": "ec2",
            "conversation_id": "c" * 26,
            "request_words": "kondo",
            "created_at": "2026-11-21T03:00:00Z",
        }
        person = {name: {"S": "x"} for name in ("sub", "email", "name")}
        client("dynamodb").put_item(
            TableName=APPROVALS,
            Item={name: {"S": text} for name, text in texts.items()}
            | {name: {"N": "1"} for name in ("v", "version", "turn")}
            | {"requester": {"M": person}},
        )

    def row(self):
        key = {"pk": {"S": APPROVAL_ID}, "sk": {"S": "preflight"}}
        return client("dynamodb").get_item(TableName=APPROVALS, Key=key).get("Item")

    def run(self, *calls):
        """What is found about the first call."""
        self.prepare(*calls)
        preflight(self.deps, APPROVAL_ID)
        self.result = json.loads(self.row()["result"]["S"])
        return self.result["calls"]["call_1"]

    def facts(self, *calls):
        return {fact["key"]: fact["value"] for fact in self.run(*calls)["facts"]}

    def complaint(self, *calls):
        found = self.run(*calls)
        [complaint] = found["complaints"]
        assert found["price"] is None
        return complaint["code"], complaint["text"]


def open_desk(patch: pytest.MonkeyPatch) -> Desk:
    """Composed from its environment, as in AWS."""
    settings = PreflightSettings(
        stage="dev", approvals_table=APPROVALS, targets=TARGETS, lease_hours=8, stack=STACK
    )
    room.deps.cache_clear()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.environment().items():
            environment.setenv(name, value)
        composed = room.deps()
    room.deps.cache_clear()
    desk = Desk(composed, Clock())
    patch.setattr(room, "deps", lambda: desk.deps)
    return desk
