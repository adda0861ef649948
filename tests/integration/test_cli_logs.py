"""`countersign logs` and `dead-letters`, as an operator runs them."""

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from functions.shared.aws import client
from tests.support.operated import operate

COMMANDS = ("cli.logs.logs_commands", "cli.logs.dead_letter_commands")
APPROVAL = "abcdefghijklmnopqrstuvwxy2"
ANOTHER = "zbcdefghijklmnopqrstuvwxy3"


def line(second, room, message, *, level="INFO", **fields):
    """A room's line, so many seconds ago."""
    said = {"level": level, "message": message, "service": f"Countersign-{room}", **fields}
    return second, json.dumps(said)


LINES = {
    "ChatFunctionLog12345678": [
        line(90, "chat", "request was refused", request_id="req-one", code="budget_used"),
        line(80, "chat", "a turn was taken", request_id="req-two", conversation_id="c" * 26),
        line(79, "chat", "an approval was asked for", request_id="req-two", approval_id=APPROVAL),
        (79, '{"_aws": {"CloudWatchMetrics": []}, "service": "Countersign-chat", "x": "req-two"}'),
    ],
    "PreflightFunctionLog12345678": [
        line(70, "preflight", "the request was looked over", approval_id=APPROVAL),
        line(70, "preflight", "the request was looked over", approval_id=ANOTHER),
    ],
    "DecideApprovalFunctionLog12345678": [
        line(60, "decide_approval", "approval was decided", request_id="req-three", approval_id=APPROVAL),
        line(59, "decide_approval", "request answered", request_id="req-three"),
    ],
    "WorkflowLog12345678": [
        (58, json.dumps({
            "id": "5",
            "type": "TaskStateEntered",
            "details": {"name": "LaunchInstance", "roleArn": "never shown"},
            "execution_arn": f"arn:aws:states:us-east-1:1:execution:Countersign-approval:{APPROVAL}",
        })),
    ],
    "LaunchInstanceFunctionLog12345678": [
        line(50, "launch_instance", "broke\x1b[2J off", level="ERROR", approval_id=APPROVAL),
        (49, json.dumps({"type": "platform.report", "record": {"status": "timeout", "requestId": "q"}})),
        (48, json.dumps({"type": "platform.report", "record": {"status": "success", "requestId": "q"}})),
        (47, "START RequestId: q"),
    ],
    "NeverRanFunctionLog12345678": None,
}  # fmt: skip


class Pages:
    def __init__(self, *pages):
        self.pages = pages

    def paginate(self, **_):
        return iter(self.pages)


class Stack:
    def get_paginator(self, name):
        assert name == "list_stack_resources"
        resources = [
            {
                "ResourceType": "AWS::Logs::LogGroup",
                "LogicalResourceId": one,
                "PhysicalResourceId": one,
            }
            for one in LINES
        ]
        other = {
            "ResourceType": "AWS::SQS::Queue",
            "LogicalResourceId": "Q",
            "PhysicalResourceId": "q",
        }
        half = len(resources) // 2
        return Pages(
            {"StackResourceSummaries": [*resources[:half], other]},
            {"StackResourceSummaries": resources[half:]},
        )


class Missing(ClientError):
    pass


class Logs:
    """CloudWatch Logs with these lines; it looks for a phrase, and gives everything for a pattern of JSON."""

    class exceptions:  # noqa: N801 - as botocore has it
        ResourceNotFoundException = Missing

    def __init__(self, refuses=""):
        self.asked = []
        self.refuses = refuses
        self.now = datetime.now(UTC).timestamp()

    def get_paginator(self, name):
        assert name == "filter_log_events"
        return self

    def paginate(self, *, logGroupName, startTime, filterPattern, PaginationConfig):  # noqa: N803
        self.asked.append((logGroupName, filterPattern))
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "FilterLogEvents")
        if LINES[logGroupName] is None:
            raise Missing({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
        phrase = "" if filterPattern.startswith("{") else filterPattern.strip('"')
        events = [
            {"timestamp": int((self.now - ago) * 1000), "message": text}
            for ago, text in LINES[logGroupName]
            if phrase in text and self.now - ago >= startTime / 1000
        ]
        return iter([{"events": events[:1]}, {"events": events[1:]}])


@pytest.fixture
def logs():
    return Logs()


@pytest.fixture
def operator(account, logs, monkeypatch, capsys):
    queue = client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]
    made = operate(
        monkeypatch,
        capsys.readouterr,
        outputs={"DeadLetterQueueUrl": queue},
        model={"name": "m"},
        commands=COMMANDS,
    )
    made.services.made_up.update({"cloudformation": Stack(), "logs": logs})
    return made


def messages(out):
    return [
        row.split("\t")[3].split(" request_id=")[0].split(" approval_id=")[0]
        for row in out.splitlines()
    ]


def test_a_request_is_followed_from_the_chat_to_the_launch_and_to_who_decided(operator):
    status, out, err = operator.runs("logs", "--request", "req-two")
    assert (status, err) == (0, "")
    assert [row.split("\t")[1] for row in out.splitlines()] == [
        "chat", "chat", "preflight", "decide_approval", "decide_approval", "Workflow",
        "launch_instance",
    ]  # fmt: skip
    assert "request answered" in out
    assert "TaskStateEntered" in out
    assert "state=LaunchInstance" in out
    assert ANOTHER not in out
    assert "req-one" not in out


def test_an_approval_s_id_leads_to_the_same_lines(operator):
    assert (
        operator.runs("logs", "--request", APPROVAL)[1]
        == operator.runs("logs", "--request", "req-three")[1]
        == operator.runs("logs", "--request", "req-two")[1]
    )


def test_figures_and_what_nobody_reads_are_left_out_and_nothing_moves_the_cursor(operator):
    out = operator.runs("logs", "--request", "req-two")[1]
    assert "_aws" not in out
    assert "never shown" not in out
    assert "\x1b" not in out
    assert "broke\\u001b[2J off" in out


def test_programs_read_one_object_a_line(operator):
    status, out, _ = operator.runs("logs", "--request", "req-two", "--json")
    lines = [json.loads(one) for one in out.splitlines()]
    assert status == 0
    assert lines[0]["room"] == "chat"
    assert lines[0]["at"].endswith("Z")
    assert lines[-1]["fields"] == {"approval_id": APPROVAL}


def test_what_failed_is_shown_with_functions_that_ended_badly_and_nothing_else(operator, logs):
    status, out, _ = operator.runs("logs", "--errors")
    assert status == 0
    assert messages(out) == [
        "broke\\u001b[2J off",
        'the function ended: timeout record={"status": "timeout", "requestId": "q"}',
    ]
    assert all(pattern.startswith("{ $.level") for _, pattern in logs.asked)


def test_words_of_a_line_are_found_wherever_they_are(operator):
    status, out, _ = operator.runs("logs", "--saying", "was looked over")
    assert status == 0
    assert messages(out) == ["the request was looked over"] * 2


def test_words_that_stand_only_in_what_is_not_shown_are_no_words_of_a_line(operator):
    status, out, _ = operator.runs("logs", "--saying", "never shown")
    assert (status, "TaskStateEntered" in out) == (1, False)


def test_nothing_found_says_how_to_look_further_back(operator):
    status, out, _ = operator.runs("logs", "--request", "nobody-has-it")
    assert status == 1
    assert "--since 7d" in out
    status, out, _ = operator.runs("logs", "--request", "req-one", "--since", "1m")
    assert status == 1
    assert operator.runs("logs", "--request", "req-one", "--since", "2m")[0] == 0


def test_no_failure_is_no_failure(operator, monkeypatch):
    monkeypatch.setitem(LINES, "LaunchInstanceFunctionLog12345678", [])
    status, out, _ = operator.runs("logs", "--errors")
    assert (status, out) == (0, "Nothing failed in the last 24h.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--request", "req-two", "--errors"),
        ("--request", 'a" || "b'),
        ("--request", "abc"),
        ("--saying", 'two" "words'),
        ("--saying", " "),
        ("--request", "req-two", "--since", "soon"),
        ("--request", "req-two", "--since", "0h"),
        ("--request", "req-two", "--since", "999d"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_looked_for_is_a_usage_error_and_asks_nobody(operator, logs, arguments):
    status, out, err = operator.runs("logs", *arguments)
    assert (status, out) == (2, "")
    assert err
    assert logs.asked == []


def test_missing_rights_are_named(operator, logs):
    logs.refuses = "AccessDeniedException"
    status, _, err = operator.runs("logs", "--errors")
    assert status == 1
    assert "logs:FilterLogEvents" in err.replace("\n", " ")


def test_a_line_that_leads_to_very_many_others_is_not_followed_for_ever(
    operator, logs, monkeypatch
):
    many = [line(5, "chat", "m", request_id="req-many", approval_id=f"{n:026d}") for n in range(40)]
    monkeypatch.setitem(LINES, "ChatFunctionLog12345678", many)
    operator.runs("logs", "--request", "req-many")
    assert len({pattern for _, pattern in logs.asked}) == 16


DEAD = {
    "v": 1,
    "command": "work",
    "conversation_id": "c" * 26,
    "owner": "sub",
    "turn": 3,
    "message": "secret words",
}


def test_dead_letters_are_shown_by_their_ids_and_stay(operator):
    queue = operator.deployment.outputs["DeadLetterQueueUrl"]
    why = {"ErrorMessage": {"DataType": "String", "StringValue": "Task timed out"}}
    client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(DEAD), MessageAttributes=why)
    status, out, _ = operator.runs("dead-letters")
    assert status == 0
    assert '"command": "work"' in out
    assert "Task timed out" in out
    assert "secret words" not in out
    assert held(queue) == 1


def test_dead_letters_that_were_read_are_removed_when_asked(operator):
    queue = operator.deployment.outputs["DeadLetterQueueUrl"]
    for number in range(12):
        client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({**DEAD, "turn": number}))
    status, out, _ = operator.runs("dead-letters", "--remove")
    assert status == 0
    assert "12 removed." in out
    assert held(queue) == 0
    assert "is empty" in operator.runs("dead-letters")[1]


def test_a_dead_letter_that_cannot_be_read_is_shown_all_the_same(operator):
    queue = operator.deployment.outputs["DeadLetterQueueUrl"]
    client("sqs").send_message(QueueUrl=queue, MessageBody="not json")
    [said] = operator.runs("dead-letters", "--json")[1].splitlines()
    assert json.loads(said)["command"] == {}


def held(queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in found.values())
