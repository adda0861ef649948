import json

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import ROLE, until

pytestmark = pytest.mark.emulator

WAITING = "arn:aws:states:::lambda:invoke.waitForTaskToken"
KEEP_TOKEN = """
    import boto3
    def handler(event, context):
        boto3.client("ssm").put_parameter(Name=event["name"], Value=event["token"], Type="String")
"""


def waiting_state(function: str, name: str = "unused", **more) -> dict:
    payload = {"name": name, "token": "{% $states.context.Task.Token %}"}
    arguments = {"FunctionName": function, "Payload": payload}
    return {"Type": "Task", "Resource": WAITING, "Arguments": arguments, "End": True, **more}


@pytest.fixture
def waiting(emulator, request):
    """An execution that waits, and its token."""
    name = f"/token/{request.node.name}"
    emulator.client("iam").put_role_policy(
        RoleName=ROLE.rpartition("/")[2],
        PolicyName="keep",
        PolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": "*"}]}
        ),
    )
    function = emulator.python_lambda(KEEP_TOKEN)
    execution = emulator.start(waiting_state(function, name))

    def token() -> str:
        try:
            return emulator.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        except ClientError:
            return ""

    return execution, until(token, bool, within=10)


def test_a_callback_lambda_that_raises_fails_its_task_at_once(emulator):
    function = emulator.python_lambda(
        """
        class NobodyToAsk(Exception): pass
        def handler(event, context): raise NobodyToAsk("no approver")
        """
    )
    ended = emulator.end_of(emulator.start(waiting_state(function, TimeoutSeconds=60)))
    assert ended["status"] == "FAILED"
    assert ended["error"] == "NobodyToAsk"


def test_a_missed_heartbeat_ends_its_task(emulator):
    function = emulator.python_lambda("def handler(event, context): return None")
    state = waiting_state(function, HeartbeatSeconds=1, TimeoutSeconds=60)
    ended = emulator.end_of(emulator.start(state))
    assert ended["error"] == "States.HeartbeatTimeout"


def test_the_first_answer_to_a_token_wins_and_the_second_is_too_late(emulator, waiting):
    execution, token = waiting
    states = emulator.client("stepfunctions")
    states.send_task_success(taskToken=token, output='"first"')
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_success(taskToken=token, output='"second"')
    assert emulator.end_of(execution)["output"] == '"first"'
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_failure(taskToken=token)


def test_an_invented_token_is_invalid(emulator):
    states = emulator.client("stepfunctions")
    with pytest.raises(states.exceptions.InvalidToken):
        states.send_task_success(taskToken="never given out", output="{}")


def test_a_throttled_lambda_task_fails_with_a_name_that_can_be_retried(emulator):
    function = emulator.python_lambda("def handler(event, context): return None")
    emulator.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=0
    )
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function},
        "End": True,
    }
    assert emulator.end_of(emulator.start(task))["error"] == "Lambda.TooManyRequestsException"
