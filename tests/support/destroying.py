"""A deployment that an operator destroys, in this process: tables and rooms are real, CloudFormation is not."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

import functions.decide_approval.handler
import functions.end_lease.step
from cli.deploy.destroying import Choice, destroy
from cli.deploy.ending import Ending
from cli.operator import Deployment
from cli.terminal.screen import Screen
from functions.shared.aws import client
from infra.page import Page
from tests.support.account import (
    ACCOUNT_ID,
    APPROVALS,
    AUDIT,
    FREEZE,
    NOTEBOOKS,
    REGION,
    STACK,
    STATE_MACHINE,
)
from tests.support.backend import Backend
from tests.support.gateway import LambdaContext
from tests.support.leases import Leases

OPERATOR = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/Operator/olivia"
OUTPUTS = {
    "ApprovalsTable": APPROVALS,
    "AuditTable": AUDIT,
    "FreezeParameter": FREEZE,
    "StateMachineArn": STATE_MACHINE,
    "DecideApprovalFunction": "decide",
    "EndLeaseFunction": "end",
}


class Pages:
    """A paginator with one page."""

    def __init__(self, page):
        self._page = page

    def paginate(self, **_):
        return [self._page]


@dataclass
class Formation:
    """CloudFormation: one stack and what it holds, by logical id: type, physical id, whether it is retained."""

    held: dict[str, tuple[str, str, bool]]
    status: str = "CREATE_COMPLETE"

    def describe_stacks(self, *, StackName):
        if not self.status:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status}]}

    def get_template(self, **_):
        policy = {True: "Retain", False: "Delete"}
        resources = {
            name: {"Type": kind, "DeletionPolicy": policy[is_retained]}
            for name, (kind, _, is_retained) in self.held.items()
        }
        return {"TemplateBody": {"Resources": resources}}

    def get_paginator(self, _):
        found = [
            {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": id_}
            for name, (kind, id_, _) in self.held.items()
        ]
        return Pages({"StackResourceSummaries": found})


@dataclass
class Workflows:
    """Step Functions: the executions that run."""

    running: list[str] = field(default_factory=list)
    is_gone: bool = False

    class exceptions:  # noqa: N801 - as botocore has it
        class StateMachineDoesNotExist(ClientError):
            pass

    def get_paginator(self, _):
        return (
            self
            if self.is_gone
            else Pages({"executions": [{"executionArn": arn} for arn in self.running]})
        )

    def paginate(self, **_):
        raise self.exceptions.StateMachineDoesNotExist({}, "ListExecutions")

    def stop_execution(self, *, executionArn, cause):
        self.running = [arn for arn in self.running if arn != executionArn]


class Rooms:
    """Lambda: the two rooms that are asked, and the workflow that goes on after a repair."""

    def __init__(self, backend: Backend, leases: Leases) -> None:
        self._backend, self._leases = backend, leases
        self.crashed: set[str] = set()
        self.closes = True

    def invoke(self, *, FunctionName, Payload):
        if FunctionName in self.crashed:
            return {"FunctionError": "Unhandled"}
        command = json.loads(Payload)
        if FunctionName == "decide":
            functions.decide_approval.handler.handler(command, LambdaContext())
            if self.closes:
                for approval_id in command["approval_ids"]:
                    self._backend.record(approval_id)
        else:
            assert (command["v"], command["command"]) == (2, "step")
            keys = [(one["approval_id"], one["call_id"]) for one in command["leases"]]
            functions.end_lease.step.step_leases(self._leases.ending, keys)
        return {}


class Destroying:
    """An operator at a terminal; `destroyed` holds what the CDK was asked to destroy."""

    def __init__(self, backend: Backend, directory: Path, **page: Any) -> None:
        self.backend = backend
        self.leases = Leases(backend.account, backend.clock)
        self.formation = Formation({"Table": ("AWS::DynamoDB::Table", "never-made", False)})
        self.workflows = Workflows()
        self.rooms = Rooms(backend, self.leases)
        self.file = directory / "audit.jsonl"
        self.destroyed: list[str] = []
        self.questions: list[str] = []
        self.asleep = 0.0
        values = {"stage": "dev", "launch": "live", "region": REGION, "model": {"name": "m"}}
        self.deployment = Deployment(
            Page.model_validate({"stack": STACK, **values, **page}),
            directory,
            ACCOUNT_ID,
            {**OUTPUTS, "DecisionKeys": backend.account.seal_key},
            self,
        )

    def client(self, service: str, region_name: str | None = None, **_: Any) -> Any:
        """boto3's session: moto where it does not need to be faked."""
        faked = {
            "cloudformation": self.formation,
            "stepfunctions": self.workflows,
            "lambda": self.rooms,
        }
        return faked.get(service) or client(service, region_name)

    def run(self, *answers: str, **choice: Any) -> int:
        """The exit status; `answers` are what is typed."""
        typed = iter(answers)

        def ask(question: str) -> str:
            self.questions.append(question.strip())
            return next(typed)

        def sleep(seconds: float) -> None:
            self.asleep += seconds
            self.backend.clock.turn(seconds)

        ending = Ending(
            deployment=self.deployment, actor=OPERATOR, clock=self.backend.clock, sleep=sleep
        )
        return destroy(Screen(), ending, Choice(file=self.file, **choice), ask=ask)

    def destroy_stack(self, deployment: Deployment) -> None:
        """In the place of the CDK."""
        self.destroyed.append(deployment.page.stack)
        self.formation.status = ""

    def put_notebook(self) -> None:
        """Somebody's notebook, in a bucket that goes with the stack."""
        client("s3").put_object(Bucket=NOTEBOOKS, Key="o/c/notebook.json", Body=b"{}")
