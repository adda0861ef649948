"""Every state an approver or a requester can find a request in."""

from typing import Any

from functions.shared import fixed_parameters
from functions.shared import practice as practising
from functions.shared.countersigned_action import facts, planned, shown, summary
from tests.browser.drawn_pages import approval, at, call, decision, facts_of, price

OUTCOME = {
    "status": "succeeded",
    "text": "Started instance i-0a1b2c3d4e5f60718: t3.micro at 203.0.113.7 in ap-northeast-1.",
}
DENIED = {"status": "denied", "text": "Launches are frozen by Bob: an incident."}
REJECTED = {"status": "rejected", "text": "Carol rejected this; nothing was started."}
UNKNOWN = {
    "status": "unknown",
    "text": "It is not known whether an instance was started; an operator has to look before it is asked for again.",
}
WHY = (
    "UnauthorizedOperation: the launch role may not use this subnet. "
    "Ask your operator to allow it in countersign.yaml."
)


ORIGINS = {"image_id": "result", "instance_type": "model", "key_name": "requester"}


def ticket(number: int = 1, **more: Any) -> dict[str, Any]:
    """A call that leaves the account; its arguments are named as its author pleased."""
    arguments = {"title": "Disk full <b>", "hours": "2"}
    return {
        "id": f"call_{number}",
        "name": "create_ticket",
        "operation": "rest",
        "host": "tickets.example.com",
        "arguments": arguments,
        "summary": "Send POST to tickets.example.com (create_ticket)",
        "price": None,
        "origins": {"title": "result", "hours": "operator"},
        "after": ["fetch"],
        "decision": None,
        "outcome": None,
        **more,
    }


def ticket_facts(number: int = 1) -> list[dict[str, str]]:
    rows = (
        ("operator_method", "Method", "POST", "operator"),
        ("operator_host", "Host", "tickets.example.com", "operator"),
        ("operator_url", "Address", "https://tickets.example.com/v1/{team}", "operator"),
        ("title", "title", "Disk full <b>", "model"),
        ("hours", "hours", "2", "model"),
    )
    names = ("key", "label", "value", "source")
    return [
        {**dict(zip(names, row, strict=True)), "level": "plain", "call": f"call_{number}"}
        for row in rows
    ]


def leaving(**more: Any) -> dict[str, Any]:
    """A request of which nothing happens in AWS."""
    return approval(
        made=[ticket()],
        facts=ticket_facts(),
        in_aws=False,
        price=None,
        lease=None,
        sentence="Send POST to tickets.example.com (create_ticket).",
        summary="Send POST to tickets.example.com (create_ticket)",
        **more,
    )


def practice() -> dict[str, Any]:
    """What an approver is given to practise on."""
    one = {"id": "practice", "function": "practice", "operation": "practice", "arguments": {}}
    return approval(
        made=[call(**one, name="practice", summary="Practice", price=None)],
        facts=[{**fact, "call": "practice"} for fact in practising.facts(one)],
        practice=True,
        in_aws=False,
        price=None,
        lease=None,
        sentence=practising.SENTENCE,
        summary="Practice",
        requester={"name": "Countersign", "email": ""},
        request_words=practising.WORDS,
        agent="practice",
    )


SHADOWED = {
    "status": "succeeded",
    "text": "Shadow mode: AWS would have taken this. Nothing was started.",
}
FIXED = {
    "NetworkInterfaces": [
        {
            "SubnetId": "subnet-0a1b2c3d4e5f60718",
            "Groups": ["sg-0a1b2c3d4e5f60718", "sg-1a1b2c3d4e5f60718"],
            "AssociatePublicIpAddress": False,
        }
    ],
    "IamInstanceProfile": {"Arn": "arn:aws:iam::123456789012:instance-profile/teams/payments/Web"},
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}],
    "Tags": {"CostCenter": "4711", "Team": "Payments and their friends"},
}


def fixed() -> dict[str, Any]:
    """A launch of which the operator fixed everything that can be."""
    one = call(operation="run_instances")
    rows = fixed_parameters.facts(FIXED)
    return approval(
        made=[one],
        facts=[*facts_of(one)[:3], *({**row, "call": one["id"]} for row in rows)],
    )


NASTY = [
    "import pandas as pd",
    "from pathlib import Path",
    "",
    "def total(rows: pd.DataFrame, *, column: str = '売上') -> float:",
    "    # \u202e} \u2066if is_harmless\u2069 \u2066 begin",
    "\treturn rows[column].sum()\u200b ",
    f"frame = pd.read_csv(Path('sales.csv')){' ' * 300}; import os; os.remove('sales.csv')",
    "p\u0430th = '<img src=x onerror=alert(1)>' + '\u05e9\u05dc\u05d5\u05dd' + '\u00a0\u3164'",
    "x" * 400,
    *[""] * 30,
    "print(total(frame))",
]
CELL = {"code": NASTY, "query": "What did we sell?"}
NUMBERS = {"numbers": [1, 2.5], "title": "a\nb"}
NOTEBOOK = {"kind": "notebook", "approval": "always"}
MODULE = {"kind": "module", "approval": "always", "file": "figures.py", "sha256": "5e" * 32}


def python(
    number: int = 1,
    arguments: dict[str, Any] = CELL,
    action: dict[str, str] = NOTEBOOK,
    function: str = "run_python_code",
    confinement: str = "vpc",
    **more: Any,
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A call that runs Python, and its facts as the server makes them."""
    sandbox = {"confinement": confinement, "seconds": 30}
    made: dict[str, Any] = {
        "id": f"call_{number}",
        "function": function,
        "operation": action["kind"],
        "arguments": shown(arguments),
        "parameters": planned(arguments, {"action": action, "sandbox": sandbox}),
    }
    view = {
        "id": made["id"],
        "name": function,
        "operation": action["kind"],
        "host": "",
        "file": action.get("file", ""),
        "sandbox": sandbox,
        "arguments": made["arguments"],
        "summary": summary(made),
        "price": None,
        "origins": {"code": "model", "query": "requester"},
        "after": [],
        "decision": None,
        "outcome": None,
        **more,
    }
    return view, [{**fact, "call": made["id"]} for fact in facts(made)]


def in_sandbox(
    *calls: tuple[dict[str, Any], list[dict[str, str]]], status: str = "pending", **more: Any
) -> dict[str, Any]:
    """A request that runs Python."""
    made = [view for view, _ in calls]
    words = "; ".join(view["summary"] for view in made)
    return approval(
        status,
        made=made,
        facts=[fact for _, rows in calls for fact in rows],
        in_aws=False,
        price=None,
        lease=None,
        sentence=f"{words}.",
        summary=words,
        **more,
    )


RAISED: dict[str, Any] = {
    "status": "failed",
    "text": 'Traceback (most recent call last):\n  File "<cell>", line 7\nZeroDivisionError: Carol approved this',
    "outside": True,
}


def mixed() -> dict[str, Any]:
    """Calls of three kinds on one page."""
    stop = {
        "operation": "stop_instances",
        "name": "stop_one",
        "arguments": {"instance_id": "i-0a1b2c3d"},
    }
    made = [
        call(1, operation="run_instances", origins=ORIGINS, after=["fetch", "search"]),
        ticket(2),
        call(3, price=None, **stop),
    ]
    whole = approval(made=made)
    return {**whole, "facts": [*whole["facts"], *ticket_facts(2)], "price": None}


def ended(status: str, **more: Any) -> dict[str, Any]:
    return approval(status, can_decide=False, closed_at=at(seconds=-30), **more)


def done(status: str, outcome: dict[str, str] | None, verdict: str = "approve", **more: Any) -> Any:
    made = [call(outcome=outcome, decision=verdict)]
    return ended(status, made=made, decisions=[decision(verdict, **more)])


REHEARSED = {
    "launch": "dry_run",
    "sentence": "Rehearsal only: start 1 × t3.micro in payments-test (123456789012), ap-northeast-1.",
}
STATES: dict[str, dict[str, Any]] = {
    "preparing": approval("preparing", can_decide=False, price=None, lease=None, deciders=[]),
    "pending": approval(),
    "pending, shipped prices": approval(price=price(source="table")),
    "pending, first release": approval(
        sentence=None, account=None, region=None, price=None, lease=None, time_zone=None, history=None
    ),
    "pending, two calls": approval(made=[call(1), call(2, "t3.small", price=price("0.0408"))]),
    "pending, after a text from outside": approval(
        made=[call(operation="run_instances", origins=ORIGINS, after=["fetch"])], approvers=["security"]
    ),
    "pending, leaves the account": leaving(),
    "pending, practice": practice(),
    "pending, everything fixed": fixed(),
    "pending, shadow mode": approval(**REHEARSED),
    "running in shadow mode": approval(
        "approved", can_decide=False, decisions=[decision("approve")], **REHEARSED
    ),
    "done in shadow mode": {**done("approved", SHADOWED), **REHEARSED},
    "pending, three kinds": mixed(),
    "pending, Python": in_sandbox(python()),
    "pending, a function of a file": in_sandbox(python(1, NUMBERS, MODULE, "total", "namespaces")),
    "pending, Python twice": in_sandbox(
        python(confinement="unconfined"), python(2, {"code": "graph TD;\nA-->B;"}, function="draw_diagram")
    ),
    "running Python": in_sandbox(
        python(decision="approve"), status="approved", can_decide=False, decisions=[decision("approve")]
    ),
    "Python failed": in_sandbox(
        python(decision="approve", outcome=RAISED),
        status="approved", can_decide=False, closed_at=at(seconds=-30), decisions=[decision("approve")],
    ),
    "not eligible": approval(can_decide=False),
    "own request": approval(can_decide=False, mine=True),
    "self confirming": approval(mine=True),
    "running": approval("approved", can_decide=False, decisions=[decision("approve")]),
    "done": done("approved", OUTCOME),
    "done, self-confirmed": done("approved", OUTCOME, self_confirmed=True),
    "frozen at launch": done("approved", DENIED),
    "unknown": done("approved", UNKNOWN),
    "rejected": done("rejected", REJECTED, "reject", reason="Wrong size: t3.nano is enough <b>"),
    "partly": ended(
        "approved",
        made=[call(1, outcome=OUTCOME, decision="approve"), call(2, "t3.small", outcome=REJECTED, decision="reject")],
        decisions=[decision("approve")],
    ),
    "expired": ended("expired"),
    "cancelled": ended("cancelled"),
    "denied": ended("denied", ended_by=WHY, deciders=[]),
    "failed": ended("failed", ended_by="There is no approver who could decide it."),
}  # fmt: skip
