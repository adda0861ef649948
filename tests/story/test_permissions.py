"""The policies of docs/permissions.md suffice for a deploy, and each of their statements is needed."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.permissions import deploying, execution, place_of
from infra.permissions_operator import operating
from local.emulator_process import EmulatorProcess
from local.programs import ACCOUNT, CDK, REGION, ROOT, aws_environment
from local.seed import Emulated
from tests.story.stacks import MAIN

pytestmark = [pytest.mark.story, pytest.mark.exhaustive]

DEPLOYER = "deployer"
DEPLOY_SECONDS = 240


class EmptyAccount:
    """An account that was bootstrapped with our policies, and a user who has nothing but the one for a deploy."""

    def __init__(self, assembly: Path, directory: Path, endpoint: str) -> None:
        self._assembly, self._directory, self._endpoint = assembly, directory, endpoint
        self._emulated = Emulated(endpoint)
        self._iam = self._emulated.client("iam")
        template = json.loads((assembly / f"{MAIN}.template.json").read_text())
        place = place_of(template, stack=MAIN, account=ACCOUNT, region=REGION)
        self._own = deploying(place)
        self._executing = {self._create_policy(one): one for one in execution(template, place)}
        self._iam.create_user(UserName=DEPLOYER)
        key = self._iam.create_access_key(UserName=DEPLOYER)["AccessKey"]
        self._key = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def _create_policy(self, document: Mapping[str, Any]) -> str:
        name = f"execution-{len(self._iam.list_policies(Scope='Local')['Policies'])}"
        made = self._iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
        return made["Policy"]["Arn"]

    def bootstrap(self) -> None:
        policies = ",".join(self._executing)
        ran = self._cdk(
            "bootstrap",
            f"aws://{ACCOUNT}/{REGION}",
            f"--cloudformation-execution-policies={policies}",
        )
        assert ran.returncode == 0, ran.stdout

    def deploy_without(self, taken: str) -> subprocess.CompletedProcess[str]:
        """A deploy by the user, with one statement less in whichever policy has it."""
        self._iam.put_user_policy(
            UserName=DEPLOYER,
            PolicyName="deploy",
            PolicyDocument=json.dumps(without(self._own, taken)),
        )
        with Rewritten(self._iam, self._executing, taken):
            return self._cdk(
                "deploy", MAIN, f"--app={self._assembly}", "--require-approval=never", **self._key
            )

    def status(self) -> str:
        formation = self._emulated.client("cloudformation")
        found = [
            one["StackStatus"]
            for one in formation.list_stacks()["StackSummaries"]
            if one["StackName"] == MAIN and one["StackStatus"] != "DELETE_COMPLETE"
        ]
        return found[0] if found else ""

    def clear(self) -> None:
        """As if nobody had ever deployed."""
        formation = self._emulated.client("cloudformation")
        formation.delete_stack(StackName=MAIN)
        formation.get_waiter("stack_delete_complete").wait(
            StackName=MAIN, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )

    def _cdk(self, *command: str, **credentials: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(CDK), *command, "--no-notices", "--ci"],
            cwd=self._directory,
            env=aws_environment(self._endpoint, self._directory / "programs") | credentials,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEPLOY_SECONDS,
            check=False,
        )


class Rewritten:
    """While it lasts, the policies of CloudFormation lack a statement."""

    def __init__(self, iam: Any, policies: Mapping[str, Mapping[str, Any]], taken: str) -> None:
        self._iam, self._taken = iam, taken
        self._policies = {
            arn: document
            for arn, document in policies.items()
            if without(document, taken) != document
        }

    def __enter__(self) -> None:
        for arn, document in self._policies.items():
            self._replace(arn, without(document, self._taken))

    def __exit__(self, *_: object) -> None:
        for arn, document in self._policies.items():
            self._replace(arn, document)

    def _replace(self, arn: str, document: Mapping[str, Any]) -> None:
        last = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        self._iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True
        )
        self._iam.delete_policy_version(PolicyArn=arn, VersionId=last)


def without(document: Mapping[str, Any], sid: str) -> dict[str, Any]:
    kept = [one for one in document["Statement"] if one["Sid"] != sid]
    nothing = {"Sid": "Nothing", "Effect": "Deny", "Action": "sts:TagSession", "Resource": "*"}
    return {**document, "Statement": kept or [nothing]}


@pytest.fixture(scope="module")
def bootstrapped(stacks, tmp_path_factory) -> Iterator[EmptyAccount]:
    assembly = stacks.main().output.parent / "cdk.out"
    directory = tmp_path_factory.mktemp("permissions")
    emulator = EmulatorProcess.start(directory / "emulator")
    try:
        account = EmptyAccount(assembly, directory, emulator.endpoint)
        account.bootstrap()
        yield account
    finally:
        emulator.stop()


@pytest.fixture
def account(bootstrapped) -> Iterator[EmptyAccount]:
    yield bootstrapped
    bootstrapped.clear()


def test_a_user_who_may_only_take_on_the_cdks_roles_deploys(account):
    ran = account.deploy_without("none of them")
    assert ran.returncode == 0, ran.stdout
    assert account.status() == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("taken", "missing"),
    [
        ("CdkRoles", "could not be used to assume"),
        ("Alarms", "is not authorized to perform: cloudwatch:PutMetricAlarm"),
        ("PassRoles", "is not authorized to perform: iam:PassRole"),
    ],
)
def test_with_one_statement_less_a_deploy_fails(account, taken, missing):
    ran = account.deploy_without(taken)
    assert ran.returncode != 0
    assert missing.lower() in ran.stdout.lower()
    assert account.status() in ("", "ROLLBACK_COMPLETE")


def test_an_operator_who_has_only_the_operators_policy_sees_the_people(stacks):
    stack = stacks.main()
    directory = stack.output.parent
    template = json.loads((directory / "cdk.out" / f"{MAIN}.template.json").read_text())
    place = place_of(template, stack=MAIN, account=ACCOUNT, region=REGION)
    iam = Emulated(stack.ready["emulator"]).client("iam")
    iam.create_user(UserName="operator")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    environment = aws_environment(stack.ready["emulator"], directory / "operator") | {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "PYTHONPATH": str(ROOT),
    }

    def people() -> subprocess.CompletedProcess[str]:
        command = [str(ROOT / ".venv" / "bin" / "python"), "-m", "cli", "users", "list", "--json"]
        return subprocess.run(
            [*command, f"--home={directory / 'home'}"],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    assert people().returncode != 0
    policy = json.dumps(operating(template, place))
    iam.put_user_policy(UserName="operator", PolicyName="operate", PolicyDocument=policy)
    told = people()
    assert told.returncode == 0, told.stderr
    assert {person["email"] for person in stack.ready["users"]} <= {
        json.loads(line)["email"] for line in told.stdout.splitlines()
    }
