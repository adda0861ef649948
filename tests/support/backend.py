"""Every room of the product in one process: real rules and tables, a fake model, workflow and EC2, one clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import functions.approvals.handler
import functions.chat.continue_turn
import functions.chat.handler
import functions.conversations.handler
import functions.decide_approval.handler
import functions.end_lease.handler
import functions.freeze.handler
import functions.launch_instance.handler
import functions.notebooks.handler
import functions.preflight.handler
import functions.record_outcome.handler
import functions.request_approval.handler
import functions.sweep.handler
from functions.chat.ask_approval import Workflow
from functions.chat.compose import compose
from functions.launch_instance.hand_over import run_action_room, sandbox_room
from functions.shared.approval import Approval
from functions.shared.approval_reader import ApprovalReader
from functions.shared.audit import AuditTable
from functions.shared.audit_chain import verify_chain
from functions.shared.aws import client
from functions.shared.conversation_table import Conversation, ConversationTable
from functions.shared.findings import PREFLIGHT, Findings
from functions.shared.readings import Readings
from functions.shared.sandbox_settings import NotebooksSettings
from functions.shared.settings import (
    ApprovalsSettings,
    ChatSettings,
    ConversationsSettings,
    DecideApprovalSettings,
    FreezeSettings,
    RecordOutcomeSettings,
    RequestApprovalSettings,
    Settings,
    SweepSettings,
)
from functions.shared.target_settings import LaunchInstanceSettings, PreflightSettings
from functions.shared.uploads import Uploads
from tests.support.account import (
    APPROVALS,
    AUDIT,
    CONVERSATIONS,
    FREEZE,
    NOTEBOOKS,
    ORIGIN,
    STACK,
    STATE_MACHINE,
    TARGETS,
    TASK_TOKENS,
    Account,
    Human,
)
from tests.support.clock import Clock
from tests.support.fake_ec2 import FakeEc2
from tests.support.fake_lambda import FakeLambda
from tests.support.fake_model import FakeModel, call, calls
from tests.support.fake_rooms import FakeRooms
from tests.support.fake_ssm import FakeSsm
from tests.support.fake_states import FakeStates
from tests.support.gateway import Answer, LambdaContext, answer_of, claims_of, http_event
from tests.support.leases import end_lease_settings
from tests.support.one_after_the_other import OneAfterTheOther

TIMEOUT_SECONDS = 3600
LEASE_HOURS = 8
TOKEN = "task-token-canary"


def settings_of(account: Account, agents_file: Path) -> dict[str, Settings]:
    """What the stack would have put into each room's environment."""
    return {
        "chat": ChatSettings(
            stage="dev",
            conversations_table=CONVERSATIONS,
            approvals_table=APPROVALS,
            audit_table=AUDIT,
            state_machine_arn=STATE_MACHINE,
            continue_turn_function="continue-turn",
            run_action_function="run-action",
            catalogue_function="catalogue",
            ask_sandbox_function="ask-sandbox",
            sandbox_confinement="vpc",
            sandbox_seconds=30,
            agents_file=str(agents_file),
            model_secret_arn=account.secret_arn,
            model_region="",
            chat_model="test-model",
            openai_base_url="http://127.0.0.1:9/v1",
            targets=TARGETS,
            approval_timeout_seconds=TIMEOUT_SECONDS,
            launch="live",
            model_max_tokens=4096,
            budgets_table="",
            budget_turns=200,
            budget_tokens=1_000_000,
            budget_approvals=10,
            budget_open_approvals=3,
        ),
        "conversations": ConversationsSettings(
            conversations_table=CONVERSATIONS, approvals_table=APPROVALS, notebooks_bucket=""
        ),
        "approvals": ApprovalsSettings(
            approvals_table=APPROVALS, audit_table=AUDIT, time_zone="UTC", self_confirm=False
        ),
        "decide_approval": DecideApprovalSettings(
            approvals_table=APPROVALS,
            audit_table=AUDIT,
            time_zone="UTC",
            fresh_sign_in_seconds=12 * 3600,
            decision_key=account.seal_key,
            task_tokens_table=TASK_TOKENS,
            user_pool_id=account.pool,
            origin=ORIGIN,
            self_confirm=False,
        ),
        "preflight": PreflightSettings(
            stage="dev",
            approvals_table=APPROVALS,
            targets=TARGETS,
            lease_hours=LEASE_HOURS,
            stack=STACK,
        ),
        "request_approval": RequestApprovalSettings(
            stage="dev",
            approvals_table=APPROVALS,
            audit_table=AUDIT,
            freeze_parameter=FREEZE,
            lease_hours=LEASE_HOURS,
            task_tokens_table=TASK_TOKENS,
            user_pool_id=account.pool,
            origin=ORIGIN,
            approval_timeout_seconds=TIMEOUT_SECONDS,
            time_zone="UTC",
            channel="sns",
            topic_arn=account.topic_arn,
            mail_from="",
            self_confirm=False,
        ),
        "launch_instance": LaunchInstanceSettings(
            stage="dev",
            approvals_table=APPROVALS,
            audit_table=AUDIT,
            decision_keys=account.seal_key,
            freeze_parameter=FREEZE,
            stack=STACK,
            launch="live",
            instance_types="t2.micro,t2.small,t3.micro,t3.small",
            budgets_table="",
            budget_launches=5,
            budget_live_instances=20,
            targets=TARGETS,
            run_action_function="run_action",
            ask_sandbox_function="ask_sandbox",
        ),
        "record_outcome": RecordOutcomeSettings(
            stage="dev",
            approvals_table=APPROVALS,
            audit_table=AUDIT,
            budgets_table="",
            conversations_table=CONVERSATIONS,
            state_machine_arn=STATE_MACHINE,
            origin=ORIGIN,
            time_zone="UTC",
            channel="sns",
            topic_arn=account.topic_arn,
            mail_from="",
        ),
        "sweep": SweepSettings(
            conversations_table=CONVERSATIONS,
            approvals_table=APPROVALS,
            continue_turn_function="continue_turn",
            decide_approval_function="decide_approval",
            record_outcome_function="record_outcome",
            request_approval_function="request_approval",
            end_lease_function="end_lease",
        ),
        "end_lease": end_lease_settings(account),
        "freeze": FreezeSettings(freeze_parameter=FREEZE, user_pool_id=account.pool, origin=ORIGIN),
        "notebooks": NotebooksSettings(
            stage="dev",
            conversations_table=CONVERSATIONS,
            notebooks_bucket=NOTEBOOKS,
            keep_days=30,
        ),
    }


@dataclass
class Backend:
    """The rooms, driven as the gateway and the workflow drive them."""

    account: Account
    clock: Clock
    model: FakeModel
    states: FakeStates
    ec2: FakeEc2
    rooms: dict[str, Any]
    """Each room's composed dependencies, by its name."""
    handed_over: list[Mapping[str, Any]] = field(default_factory=list)
    """Commands that chat gave to continue_turn."""
    ssm: FakeSsm = field(default_factory=FakeSsm)
    """Systems Manager's runbooks."""
    run_action: FakeLambda = field(default_factory=FakeLambda)
    ask_sandbox: FakeLambda = field(default_factory=lambda: FakeLambda("ask_sandbox"))
    """The room that carries out approved calls of other kinds than `aws`."""
    invoked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """What the sweep invoked."""
    actions: FakeRooms = field(default_factory=FakeRooms)
    """Where chat hands over what nobody has to countersign."""

    def human(self, name: str) -> Human:
        return self.account.humans[name]

    # what people do, over HTTP

    def chat(
        self,
        message: object,
        *,
        by: str = "alice",
        key: str | None = None,
        conversation_id: str | None = None,
        milliseconds: int = 29_000,
        **more: object,
    ) -> Answer:
        body: dict[str, object] = {"message": message, **more}
        if conversation_id is not None:
            body["conversation_id"] = conversation_id
        headers = {"idempotency-key": key} if key else {}
        event = http_event("POST /chat", claims=self.claims(by), body=body, headers=headers)
        return self.serve("chat", event, milliseconds)

    def decide(
        self,
        approval_id: str,
        decision: str = "approve",
        *,
        by: str = "carol",
        digest: str | None = None,
        reason: str = "",
        calls: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        stored = self.approval(approval_id)
        body: dict[str, object] = {"decision": decision, "digest": digest or stored.digest}
        if reason:
            body["reason"] = reason
        if calls is not None:
            body["calls"] = calls
        return self.http(
            "POST /approvals/{approval_id}/decision",
            by=by,
            body=body,
            headers=headers,
            approval_id=approval_id,
        )

    def cancel(self, approval_id: str, *, by: str = "alice") -> Answer:
        return self.http(
            "POST /approvals/{approval_id}/cancel", by=by, body={}, approval_id=approval_id
        )

    def http(
        self,
        route: str,
        *,
        by: str = "alice",
        body: object = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        claims: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> Answer:
        room = {
            "POST /chat": "chat",
            "POST /conversations/{conversation_id}/tool_results": "chat",
            "POST /approvals/{approval_id}/decision": "decide_approval",
            "POST /approvals/{approval_id}/cancel": "decide_approval",
        }.get(route, "approvals" if "/approvals" in route else "conversations")
        if "/files" in route or "/notebook" in route:
            room = "notebooks"
        event = http_event(
            route,
            claims={**self.claims(by), **(claims or {})},
            body=body,
            parameters=parameters,
            query=query,
            headers=headers,
        )
        return self.serve(room, event)

    def serve(self, room: str, event: Mapping[str, Any], milliseconds: int = 29_000) -> Answer:
        handlers = {
            "chat": functions.chat.handler.handler,
            "conversations": functions.conversations.handler.handler,
            "approvals": functions.approvals.handler.handler,
            "decide_approval": functions.decide_approval.handler.handler,
            "notebooks": functions.notebooks.handler.handler,
        }
        return answer_of(handlers[room](event, LambdaContext(milliseconds)))

    def claims(self, name: str, **more: str) -> dict[str, str]:
        human = self.human(name)
        return claims_of(human.sub, human.groups, **more)

    # what the workflow does

    def ask(self, *arguments: object, by: str = "alice", conversation_id: str | None = None) -> str:
        """A turn in which the model asks for one gated call per argument; the approval's id."""
        wanted = [call(one) for one in arguments] or [call()]
        self.model.says(calls(*wanted))
        answer = self.chat("kondo", by=by, conversation_id=conversation_id)
        assert answer.status == 200, answer.text
        return str(answer.json["approval"]["id"])

    def open(self, approval_id: str, *, token: str = TOKEN) -> None:
        """The states Prepare, with a preflight that found nothing, and RequestApproval."""
        self.found(approval_id)
        self.rehearse(approval_id)
        self.request(approval_id, token=token)

    def preflight(self, approval_id: str) -> dict[str, Any]:
        """The state Preflight over moto's EC2; what it found."""
        event = {"v": 2, "approval_id": approval_id}
        functions.preflight.handler.handler(event, LambdaContext())
        return Findings(client("dynamodb"), APPROVALS).read(approval_id, PREFLIGHT) or {}

    def found(self, approval_id: str, **more: object) -> None:
        """What the state Preflight would have written about each call: no facts, no price, no complaint, or `more`."""
        nothing = {"facts": [], "price": None, "complaints": []}
        result = {
            "account_alias": "",
            "calls": {
                call["id"]: {**nothing, **more} for call in self.approval(approval_id).calls()
            },
        }
        Findings(client("dynamodb"), APPROVALS).put(approval_id, PREFLIGHT, result, self.clock())

    def rehearse(self, approval_id: str) -> None:
        """The state Rehearse."""
        command = {"v": 2, "command": "rehearse", "approval_id": approval_id}
        functions.launch_instance.handler.handler(command, LambdaContext())

    def request(self, approval_id: str, *, token: str = TOKEN) -> None:
        """The state RequestApproval."""
        event = {"v": 2, "approval_id": approval_id, "task_token": token}
        functions.request_approval.handler.handler(event, LambdaContext())

    def remind(self, approval_id: str) -> None:
        command = {"v": 2, "command": "remind", "approval_ids": [approval_id]}
        functions.request_approval.handler.handler(command, LambdaContext())

    def settle(self, approval_id: str) -> dict[str, Any]:
        command = {"v": 2, "command": "settle", "approval_id": approval_id}
        return functions.decide_approval.handler.handler(command, LambdaContext())

    def repair(self, approval_id: str) -> None:
        command = {"v": 2, "command": "repair", "approval_id": approval_id}
        functions.decide_approval.handler.handler(command, LambdaContext())

    def launch(
        self, approval_id: str, call_id: str | None = None, **more: object
    ) -> dict[str, Any]:
        approval = self.approval(approval_id)
        event = {
            "v": 2,
            "approval_id": approval_id,
            "digest": approval.digest,
            "call_id": call_id or approval.calls()[0]["id"],
            **more,
        }
        return functions.launch_instance.handler.handler(event, LambdaContext(120_000))

    def record(self, approval_id: str, *, finished: bool = True) -> None:
        event = {"v": 2, "approval_id": approval_id, "finished": finished}
        functions.record_outcome.handler.handler(event, LambdaContext(60_000))

    def execution_ended(self, approval_id: str, status: str) -> None:
        """EventBridge tells that an execution ended otherwise."""
        self.states.statuses[approval_id] = status
        event = {
            "detail-type": "Step Functions Execution Status Change",
            "detail": {"name": approval_id, "status": status},
        }
        functions.record_outcome.handler.handler(event, LambdaContext(60_000))

    def continue_turn(self, command: Mapping[str, Any], milliseconds: int = 300_000) -> None:
        functions.chat.continue_turn.handler(command, LambdaContext(milliseconds))

    def last_word(self, approval_id: str) -> None:
        self.continue_turn({"v": 2, "command": "last_word", "approval_id": approval_id})

    def sweep(self) -> dict[str, int]:
        return functions.sweep.handler.handler({}, LambdaContext(60_000))

    # what is stored

    def approval(self, approval_id: str) -> Approval:
        approval = ApprovalReader(client("dynamodb"), APPROVALS).get(approval_id)
        assert approval is not None, approval_id
        return approval

    def audit(self, approval_id: str) -> list[dict[str, Any]]:
        """Every audit row; the chain must verify whenever somebody looks."""
        rows = AuditTable(client("dynamodb"), AUDIT).rows(approval_id)
        assert verify_chain(approval_id, rows) == []
        return rows

    def conversation(self, conversation_id: str, *, by: str = "alice") -> Conversation | None:
        table = ConversationTable(client("dynamodb"), CONVERSATIONS)
        return table.read(self.human(by).sub, conversation_id)

    def turns(self, conversation_id: str, *, by: str = "alice") -> list[dict[str, Any]]:
        """The transcript as the owner reads it."""
        answer = self.http(
            "GET /conversations/{conversation_id}", by=by, conversation_id=conversation_id
        )
        assert answer.status == 200, answer.text
        turns: list[dict[str, Any]] = answer.json["turns"]
        return turns

    def edit(self, approval_id: str, **values: object) -> None:
        """Somebody with rights on the table changes the record by hand."""
        names = {f"#{name}": name for name in values}
        client("dynamodb").update_item(
            TableName=APPROVALS,
            Key={"pk": {"S": approval_id}, "sk": {"S": "approval"}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": {"S": str(v)} for name, v in values.items()},
        )

    def edit_plan(self, approval_id: str, **arguments: str) -> None:
        plan = self.approval(approval_id).plan_value()
        plan["calls"][0]["arguments"].update(arguments)
        self.edit(approval_id, plan=json.dumps(plan, sort_keys=True, separators=(",", ":")))


def compose_rooms(
    patch: pytest.MonkeyPatch, account: Account, agents_file: Path, *, self_confirm: bool = False
) -> Backend:
    """Compose each room from its environment, as in AWS, then put the fakes in place."""
    clock, model, states = Clock(), FakeModel(), FakeStates()
    backend = Backend(account, clock, model, states, FakeEc2(client("ec2")), {})
    settings = settings_of(account, agents_file)
    if self_confirm:
        for room in ("approvals", "decide_approval", "request_approval"):
            settings[room] = replace(settings[room], self_confirm=True)
    chat = replace(
        compose(settings["chat"]),
        model=model,
        workflow=Workflow(states, STATE_MACHINE),
        clock=clock,
        sleep=clock.sleep,
        go_on=backend.handed_over.append,
        rooms=backend.actions,
    )
    rooms = {
        "conversations": functions.conversations.handler,
        "approvals": functions.approvals.handler,
        "decide_approval": functions.decide_approval.handler,
        "preflight": functions.preflight.handler,
        "request_approval": functions.request_approval.handler,
        "launch_instance": functions.launch_instance.handler,
        "record_outcome": functions.record_outcome.handler,
        "sweep": functions.sweep.handler,
        "end_lease": functions.end_lease.handler,
        "freeze": functions.freeze.handler,
        "notebooks": functions.notebooks.handler,
    }
    changes: dict[str, dict[str, Any]] = {
        "decide_approval": {"clock": clock, "states": states},
        "preflight": {
            "clock": clock,
            "readings": lambda target: Readings(
                functions.preflight.handler.looking().clients(target), pool=OneAfterTheOther()
            ),
        },
        "request_approval": {"clock": clock},
        "launch_instance": {
            "clock": clock,
            "sleep": clock.sleep,
            "ec2_for": lambda _: backend.ec2,
            "ssm_for": lambda _: backend.ssm,
            "run_action": run_action_room(lambda: backend.run_action, "run_action"),
            "ask_sandbox": sandbox_room(lambda: backend.ask_sandbox, "ask_sandbox"),
        },
        "record_outcome": {"clock": clock, "states": states},
        "end_lease": {"clock": clock},
        "freeze": {"clock": clock},
        "notebooks": {
            "clock": clock,
            "uploads": Uploads(client("dynamodb"), CONVERSATIONS, clock=clock),
        },
        "sweep": {
            "clock": lambda: clock().timestamp(),
            "invoke": lambda function, payload: backend.invoked.append((function, payload)),
        },
    }
    for name, module in rooms.items():
        module.deps.cache_clear()
        with pytest.MonkeyPatch.context() as environment:
            for variable, value in settings[name].environment().items():
                environment.setenv(variable, value)
            composed = replace(module.deps(), **changes.get(name, {}))
        module.deps.cache_clear()
        backend.rooms[name] = composed
        patch.setattr(module, "deps", lambda composed=composed: composed)
    backend.rooms["chat"] = chat
    patch.setattr(functions.chat.handler, "deps", lambda: chat)
    patch.setattr(functions.chat.continue_turn, "deps", lambda: chat)
    patch.setattr(functions.approvals.handler, "utc_now", clock)
    return backend
