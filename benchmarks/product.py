"""The product as the benchmark suite sees it: chat's handler, an approval decided, closed, and the last word.

What the suite's fake table and model do not offer is left out on both sides: sign-in, mail, the workflow and EC2.
The suite pauses with up to 20 calls, so the product's limit of 8 countersigned calls is lifted here.
"""

import base64
import hashlib
import json
import os
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from functions.chat import compose, handler, tool_calls
from functions.chat.ask_approval import Workflow
from functions.chat.last_word import say_last_word
from functions.chat.model import OpenAIChatModel
from functions.shared.approval import Outcome, Person, Verdict, decide
from functions.shared.identifiers import new_id, timestamp
from functions.shared.operations import OPERATIONS
from functions.shared.settings import ChatSettings
from functions.shared.targets import Target, Targets
from functions.shared.turn import Turn, TurnStatus

OWNER = "00000000-0000-4000-8000-000000000001"
APPROVER = Person("00000000-0000-4000-8000-000000000002", "approver@example.com")
RESULT = '{"instance_ids":["i-0123456789abcdef0"],"state":"pending"}'
tool_calls.GATED_PER_ANSWER = tool_calls.CALLS_PER_ANSWER
_TARGETS = Targets([Target(name="default", account="123456789012", region="us-east-1")]).text()
_AGENT = {
    "ec2": {
        "title": "Benchmark",
        "digest": "0" * 64,
        "prompt": (
            "You help people start EC2 instances. Ask for anything that is missing. Call run_instances only "
            "when you know the instance type, the AMI, the count and the region. A human approves each call "
            "before it runs."
        ),
        "functions": [
            {
                "name": "run_instances",
                "description": "Start EC2 instances after a human has approved.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "instance_type": {
                            "type": "string",
                            "description": "EC2 instance type, e.g. t3.micro",
                        },
                        "ami": {"type": "string", "description": "AMI id"},
                        "count": {"type": "integer", "minimum": 1, "maximum": 20},
                        "region": {"type": "string"},
                        "name": {"type": "string"},
                    },
                    "required": ["instance_type", "ami", "count", "region", "name"],
                    "additionalProperties": False,
                },
            }
        ],
        "actions": {"run_instances": {"kind": "aws", "operation": "benchmark"}},
    }
}


class _Operation:
    """The suite's own function: as many words to the approver as run_instances has."""

    def check(self, arguments: Any) -> object:
        return arguments

    def planned(self, arguments: Any, fixed: Any) -> dict[str, Any]:
        return {**arguments, **fixed}

    def confirmation(self, call: Any) -> str:
        return "\n".join(f"{name}: {value}" for name, value in call["arguments"].items())

    def summary(self, call: Any) -> str:
        arguments = call["arguments"]
        return f"Start {arguments['count']} × {arguments['instance_type']}"

    def facts(self, call: Any) -> list[dict[str, str]]:
        return [
            {"label": name, "value": str(value), "source": "model"}
            for name, value in call["arguments"].items()
        ]


class _NoWorkflow:
    def __getattr__(self, name: str) -> Any:
        return lambda **_: {}


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 29_000


OPERATIONS["benchmark"] = _Operation()


def _deps() -> Any:
    agents_file = Path(os.environ["BENCH_WORK"]) / "agents.json"
    if not agents_file.exists():
        agents_file.write_text(json.dumps(_AGENT))
    settings = ChatSettings(
        stage="local",
        conversations_table="conversations",
        approvals_table="approvals",
        audit_table="audit",
        state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:approval",
        continue_turn_function="continue_turn",
        run_action_function="run_action",
        catalogue_function="catalogue",
        ask_sandbox_function="",
        sandbox_confinement="",
        sandbox_seconds=0,
        agents_file=str(agents_file),
        model_secret_arn="unused",  # noqa: S106 - a name, not a secret
        model_region="",
        chat_model="gpt-4.1-mini",
        openai_base_url=os.environ["OPENAI_BASE_URL"],
        targets=_TARGETS,
        approval_timeout_seconds=3600,
        launch="live",
        model_max_tokens=0,
        budgets_table="",
        budget_turns=0,
        budget_tokens=0,
        budget_approvals=0,
        budget_open_approvals=0,
    )
    return replace(
        compose.compose(settings),
        model=OpenAIChatModel(
            name=settings.chat_model, read_key=lambda _: os.environ["OPENAI_API_KEY"]
        ),
        workflow=Workflow(_NoWorkflow(), settings.state_machine_arn),
        new_id=lambda: _next_id.pop() if _next_id else new_id(),
    )


deps = cache(_deps)
handler.deps = deps
_next_id: list[str] = []
"""The suite names its conversations; the product names them itself, so the name is put in its mouth."""


def turn(conversation_id: str, text: str) -> tuple[str, Any]:
    known = _id(conversation_id)
    status, answer = _post({"message": text, "conversation_id": known})
    if status == 404:
        _next_id.append(known)
        status, answer = _post({"message": text})
    if status != 200:
        raise RuntimeError(answer)
    if answer["status"] == TurnStatus.AWAITING_APPROVAL:
        return "pause", [call["id"] for call in answer["tool_calls"]]
    return "text", answer["reply"]


def resume(conversation_id: str) -> str:
    chat = deps()
    waiting = _newest(conversation_id)
    approval = chat.approvals.get(waiting.approval_id)
    now = chat.clock()
    chat.approvals.write(
        chat.approvals.open_items(
            approval,
            plan=approval.plan,
            digest=approval.digest,
            requester=approval.requester,
            asked=[APPROVER],
            expires_at=int(now.timestamp()) + 60,
            due_at=int(now.timestamp()) + 60,
            now=now,
        )
    )
    pending = chat.approvals.get(approval.id)
    decision = decide(
        pending,
        Verdict.APPROVE,
        digest=approval.digest,
        calls={},
        reason="",
        by=APPROVER,
        now=now,
        at=timestamp(now),
    )
    chat.approvals.decide(pending, decision, now)
    decided = chat.approvals.get(approval.id)
    outcomes = {call["id"]: Outcome("succeeded", RESULT) for call in decided.calls()}
    told = [
        chat.conversations.outcome_item(
            OWNER, _id(conversation_id), waiting.number, call_id, outcome, timestamp(now)
        )
        for call_id, outcome in outcomes.items()
    ]
    chat.approvals.write([*chat.approvals.close_items(decided, outcomes, now), *told])
    say_last_word(chat, approval.id, 20.0)
    return _newest(conversation_id).last_word


def seed(conversation_id: str, n_messages: int) -> None:
    chat = deps()
    for index in range(n_messages // 2):
        chat.conversations.append(
            chat.conversations.item(
                OWNER,
                _id(conversation_id),
                Turn(
                    number=index + 1,
                    status=TurnStatus.COMPLETED,
                    message=f"SAY hello {index:04d}, please tell me what you need to know to start a server",
                    reply=(
                        "Which instance type and region would you like, and how many instances should I "
                        "launch for you?"
                    ),
                    agent="ec2",
                    manifest="0" * 12,
                    created_at="2026-11-21T00:00:00Z",
                    request="seed",
                ),
            )
        )


def state_size(conversation_id: str) -> int:
    waiting = _newest(conversation_id)
    chat = deps()
    item = chat.conversations.item(OWNER, _id(conversation_id), waiting)
    approval = chat.approvals.get(waiting.approval_id)
    return len(json.dumps(item)) + len(approval.plan) + len(approval.request_words)


def _newest(conversation_id: str) -> Any:
    conversation = deps().conversations.read(OWNER, _id(conversation_id))
    return next(turn for turn in reversed(conversation.turns) if turn.approval_id)


def _id(name: str) -> str:
    return base64.b32encode(hashlib.sha256(name.encode()).digest()).decode().lower()[:26]


def _post(body: dict[str, Any]) -> tuple[int, Any]:
    claims = {
        "sub": OWNER,
        "token_use": "access",
        "cognito:groups": "[requesters]",
        "client_id": "benchmark",
        "auth_time": "1",
    }
    event = {
        "version": "2.0",
        "routeKey": "POST /chat",
        "rawPath": "/chat",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "requestId": hashlib.sha256(os.urandom(8)).hexdigest()[:16],
            "http": {"method": "POST", "sourceIp": "127.0.0.1"},
            "authorizer": {"jwt": {"claims": claims}},
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
    answer = handler.handler(event, _Context())
    return answer["statusCode"], json.loads(answer["body"])
