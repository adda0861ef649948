"""The sweeps' interpreter and the emulator walk the committed state machine alike, on every path of a story."""

import json
import re
import textwrap
from datetime import timedelta

import pytest

from tests.emulator.conftest import ROLE, until
from tests.support.clock import Clock
from tests.sweeps.engine import Engine
from tests.sweeps.gate import Gate
from tests.sweeps.interpreter import Machine
from tests.sweeps.stage import DEFINITION, room_of

pytestmark = pytest.mark.emulator

ROOMS = (
    "preflight",
    "launch_instance",
    "request_approval",
    "decide_approval",
    "record_outcome",
    "continue_turn",
)
WAIT_SECONDS = 2
DONE = {"v": 2}
APPROVED = {"v": 2, "status": "approved", "digest": "d" * 64, "calls": ["call_1"]}
BUSY = {"raise": "TemporarilyUnavailable"}
BROKEN = {"raise": "ValueError"}
SCRIPTS = {
    "approved": {"request_approval": [APPROVED]},
    "split": {"request_approval": [{**APPROVED, "calls": ["call_1", "call_2"]}]},
    "rejected": {"request_approval": [{**APPROVED, "status": "rejected", "calls": []}]},
    "denied": {
        "request_approval": [{"raise": "NobodyToAsk"}],
        "decide_approval": [{"v": 2, "status": "denied", "digest": "", "approved_calls": []}],
    },
    "expired": {
        "request_approval": [None],
        "decide_approval": [{"v": 2, "status": "expired", "digest": "", "approved_calls": []}],
    },
    "late": {
        "request_approval": [None],
        "decide_approval": [
            {"v": 2, "status": "approved", "digest": "d" * 64, "approved_calls": ["call_1"]}
        ],
    },
    "unprepared": {"preflight": [BROKEN], "request_approval": [APPROVED]},
    "busy": {"request_approval": [BUSY, APPROVED]},
    "unlaunched": {"request_approval": [APPROVED], "launch_instance": [DONE, BROKEN]},
    "unrecorded": {"request_approval": [APPROVED], "record_outcome": [BROKEN]},
    "wordless": {"request_approval": [APPROVED], "continue_turn": [BROKEN]},
}
"""By path and room, its answers in order; a room that is not named answers `{"v": 2}`. RequestApproval answers by its
token, or never."""

STUB = """
    import json, time
    import boto3

    ROOM, SCRIPTS, TABLE = {room!r}, json.loads({scripts!r}), {table!r}

    def handler(event, context):
        run, table = event["approval_id"], boto3.client("dynamodb")
        key = {{"run": {{"S": run}}, "at": {{"S": "%020d %s" % (time.time_ns(), ROOM)}}}}
        sent = {{name: value for name, value in event.items() if name != "task_token"}}
        table.put_item(TableName=TABLE, Item={{**key, "sent": {{"S": json.dumps([ROOM, sent])}}}})
        rows = table.query(
            TableName=TABLE,
            KeyConditionExpression="run = :run",
            ExpressionAttributeValues={{":run": {{"S": run}}}},
        )["Items"]
        tries = sum(json.loads(row["sent"]["S"])[0] == ROOM for row in rows)
        answers = SCRIPTS[run.split("-")[0]].get(ROOM, [{{"v": 2}}])
        answer = answers[min(tries, len(answers)) - 1]
        if answer and "raise" in answer:
            raise type(answer["raise"], (Exception,), {{}})("as scripted")
        if "task_token" in event and answer:
            boto3.client("stepfunctions").send_task_success(
                taskToken=event["task_token"], output=json.dumps(answer)
            )
        return answer
"""


@pytest.fixture(scope="module")
def machine(emulator):
    """The committed file over Lambdas that follow the scripts; the machine's ARN and what they were sent."""
    table = "interpreter-agrees"
    emulator.client("dynamodb").create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("run", "at")
        ],
        KeySchema=[
            {"AttributeName": "run", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
    )
    allowed = ["dynamodb:*", "states:SendTaskSuccess"]
    emulator.client("iam").put_role_policy(
        RoleName=ROLE.rpartition("/")[2],
        PolicyName="follow-scripts",
        PolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
        ),
    )
    scripts = json.dumps(SCRIPTS)
    stub = textwrap.dedent(STUB)
    arns = {
        room: emulator.python_lambda(stub.format(room=room, scripts=scripts, table=table))
        for room in ROOMS
    }

    def value(match):
        room = room_of(match.group(1))
        return arns[room] if room else str(WAIT_SECONDS)

    definition = re.sub(r"\$\{(\w+)\}", value, DEFINITION.read_text())
    arn = emulator.client("stepfunctions").create_state_machine(
        name="interpreter-agrees", definition=definition, roleArn=ROLE
    )["stateMachineArn"]

    def sent(run):
        rows = emulator.client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="run = :run",
            ExpressionAttributeValues={":run": {"S": run}},
        )["Items"]
        return [tuple(json.loads(row["sent"]["S"])) for row in rows]

    return arn, sent


def by_emulator(emulator, machine, run):
    arn, sent = machine
    states = emulator.client("stepfunctions")
    execution = states.start_execution(
        stateMachineArn=arn, name=run, input=json.dumps({"v": 2, "approval_id": run})
    )["executionArn"]
    ended = until(
        lambda: states.describe_execution(executionArn=execution),
        lambda seen: seen["status"] != "RUNNING",
        within=60,
    )
    return ended["status"], in_order(sent(run))


def by_interpreter(run):
    """The same scripts in this process, in no time."""
    tries = dict.fromkeys(ROOMS, 0)
    tokens = []

    def stub(room):
        def handler(event):
            answers = SCRIPTS[run.split("-")[0]].get(room, [DONE])
            tries[room] += 1
            answer = answers[min(tries[room], len(answers)) - 1]
            if answer and "raise" in answer:
                raise type(answer["raise"], (Exception,), {})("as scripted")
            if "task_token" in event and answer:
                tokens.append((event["task_token"], answer))
            return answer

        return handler

    class Names(dict):
        def __missing__(self, name):
            return room_of(name) or WAIT_SECONDS

    clock = Clock()
    machine = Machine.of(DEFINITION.read_text(), Names())
    engine = Engine(Gate(), clock, machine, {room: stub(room) for room in ROOMS})
    engine.start(run, {"v": 2, "approval_id": run})
    for _ in range(3):
        engine.run(clock() + timedelta(seconds=1))
        while tokens:
            token, answer = tokens.pop()
            engine.tokens[token](answer)
    engine.run(clock() + timedelta(hours=1))
    sent = [
        (room, {name: value for name, value in payload.items() if name != "task_token"})
        for room, payload in engine.requests
    ]
    return engine.executions[run].status, in_order(sent)


def in_order(sent):
    """What runs at once has no order: its requests are sorted among themselves."""
    groups: list[tuple[str, list]] = []
    for room, payload in sent:
        is_checked = room == "preflight" or payload.get("command") == "rehearse"
        group = "prepare" if is_checked else room
        if not groups or groups[-1][0] != group:
            groups.append((group, []))
        groups[-1][1].append((room, json.dumps(payload, sort_keys=True)))
    return [one for _, group in groups for one in sorted(group)]


@pytest.mark.parametrize("path", SCRIPTS)
def test_the_interpreter_asks_what_the_emulator_asks_in_the_same_order(emulator, machine, path):
    run = f"{path}-{'a' * 8}"
    status, sent = by_interpreter(run)
    assert len(sent) >= 4
    assert (status, sent) == by_emulator(emulator, machine, run)
