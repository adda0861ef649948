"""One emulator for all contract tests, and short ways to give it Lambdas, workflows and stacks."""

import io
import json
import textwrap
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.config import Config

from local.emulator_process import EmulatorProcess
from local.refusal import CannotRun
from local.seed import Emulated

ROLE = "arn:aws:iam::000000000000:role/contract"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def pytest_addoption(parser):
    parser.addoption("--without", action="append", default=[], help="corrections to leave out")


class Laboratory:
    """The emulator, its clients, and what the tests build in it."""

    def __init__(self, process: EmulatorProcess) -> None:
        self.process = process
        self.endpoint = process.endpoint
        self.client = Emulated(process.endpoint).client
        self.client("iam").create_role(
            RoleName=ROLE.rpartition("/")[2],
            AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}),
        )

    def python_lambda(self, code: str, *, timeout: int = 10) -> str:
        """A Lambda made of `code`, which defines `handler`; its ARN."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("main.py", textwrap.dedent(code))
        return self.client("lambda").create_function(
            FunctionName=f"contract-{uuid.uuid4().hex[:12]}",
            Runtime="python3.13",
            Role=ROLE,
            Handler="main.handler",
            Timeout=timeout,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]

    def invoke(self, function: str, event: object = None) -> object:
        """What the Lambda answers, also when it is an error."""
        answer = self.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(event).encode()
        )
        return json.loads(answer["Payload"].read())

    def start(self, *states: dict, start_input: object = None) -> str:
        """An execution of a machine with these states in a row; its ARN."""
        named = {f"State{number}": state for number, state in enumerate(states)}
        definition = {"QueryLanguage": "JSONata", "StartAt": "State0", "States": named}
        machine = self.client("stepfunctions").create_state_machine(
            name=f"contract-{uuid.uuid4().hex[:12]}",
            definition=json.dumps(definition),
            roleArn=ROLE,
        )["stateMachineArn"]
        return self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(start_input)
        )["executionArn"]

    def end_of(self, execution: str, within: float = 20) -> dict:
        """The execution's description once it has ended."""
        describe = self.client("stepfunctions").describe_execution
        return until(
            lambda: describe(executionArn=execution),
            lambda seen: seen["status"] != "RUNNING",
            within=within,
        )

    def stack(self, resources: dict, outputs: dict | None = None) -> dict[str, str]:
        """The outputs of a deployed stack."""
        name = f"contract-{uuid.uuid4().hex[:12]}"
        template = {"Resources": resources}
        if outputs:
            template["Outputs"] = {key: {"Value": value} for key, value in outputs.items()}
        formation = self.client("cloudformation")
        formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
        made = until(
            lambda: formation.describe_stacks(StackName=name)["Stacks"][0],
            lambda seen: not seen["StackStatus"].endswith("IN_PROGRESS"),
            within=20,
        )
        assert made["StackStatus"] == "CREATE_COMPLETE", made
        return {one["OutputKey"]: one["OutputValue"] for one in made.get("Outputs", [])}

    def as_user(self, service: str, *statements: dict):
        """A client of a new user who may do only this; it never repeats a call."""
        iam, name = self.client("iam"), f"user-{uuid.uuid4().hex[:8]}"
        policy = {"Statement": [{"Effect": "Allow", **statement} for statement in statements]}
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.one_try(service, key["AccessKeyId"], key["SecretAccessKey"])

    def one_try(
        self, service: str, key_id: str = "test", secret: str = "test", token: str | None = None
    ):
        """A client that never repeats a call; twelve digits in place of a key are the root of that account."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}),
        )

    def recorded(self) -> list[dict]:
        """The record of EC2 calls."""
        return [json.loads(line) for line in self.process.ec2_log.read_text().splitlines()]


def until(look: Callable, accept: Callable, *, within: float):
    """What `look` sees as soon as `accept` takes it."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if accept(seen):
            return seen
        assert time.monotonic() < deadline, f"still {seen}"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory, pytestconfig) -> Iterator[Laboratory]:
    without = pytestconfig.getoption("without", [])
    try:
        process = EmulatorProcess.start(tmp_path_factory.mktemp("emulator"), without=without)
    except CannotRun as reason:
        pytest.fail(str(reason))
    yield Laboratory(process)
    process.stop()
