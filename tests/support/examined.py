"""What doctor looks at, all of it well: page, account (moto), stack, model, address. A test breaks one thing."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import yaml
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.doctor.account import BOOTSTRAP
from cli.doctor.examine import checks_of, examine, looked
from cli.doctor.examined import Examined
from cli.doctor.finding import CannotCheck, Found
from cli.users.everybody import MailState, SignIn, Somebody
from functions.shared.aws import client
from infra.deployed_from import deployed_from
from tests.support.account import ACCOUNT_ID, FREEZE, REGION, freeze

DEPLOYED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WELL = {"answers": True, "calls_tools": True, "milliseconds": 420, "code": "", "detail": ""}


def refused(operation: str, code: str, message: str = "") -> ClientError:
    """As AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@dataclass
class FakeCloudFormation:
    """One stack; AWS compares it at once unless a test says otherwise."""

    stack: dict[str, Any]
    drifts: list[dict[str, Any]] = field(default_factory=list)
    detection: dict[str, str] = field(
        default_factory=lambda: {"DetectionStatus": "DETECTION_COMPLETE"}
    )
    compared: int = 0
    refuses: ClientError | None = None

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        if self.stack.get("StackName") != StackName:
            raise refused("DescribeStacks", "ValidationError", f"Stack {StackName} does not exist")
        return {"Stacks": [self.stack]}

    def detect_stack_drift(self, StackName: str) -> dict[str, str]:
        if self.refuses:
            raise self.refuses
        self.compared += 1
        return {"StackDriftDetectionId": StackName}

    def describe_stack_drift_detection_status(self, StackDriftDetectionId: str) -> dict[str, str]:
        return self.detection

    def describe_stack_resource_drifts(self, **asked: Any) -> dict[str, Any]:
        """A page each."""
        number = int(asked.get("NextToken", 0))
        more = {"NextToken": str(number + 1)} if number + 1 < len(self.drifts) else {}
        return {"StackResourceDrifts": self.drifts[number : number + 1], **more}


@dataclass
class FakeModel:
    """What the deployed chat says of its models, and the catalogue of another account."""

    models: list[dict[str, Any]]
    catalogue: dict[str, Any] = field(default_factory=lambda: {"status": "succeeded", "text": "{}"})
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:
        self.asked.append(json.loads(Payload))
        of = (
            {"results": [self.catalogue]}
            if FunctionName == "catalogue"
            else {"models": self.models}
        )
        return {"Payload": BytesIO(json.dumps({"v": 1, **of}).encode())}


@dataclass
class FakeSession:
    """moto's clients, and a test's own in their places."""

    own: dict[str, Any]

    def client(self, service: str, **named: Any) -> Any:
        found = self.own.get(service) or client(service, named.get("region_name"))
        if isinstance(found, Exception):
            raise found
        return found


class Patient:
    """An operator whose deployment is well; what a test changes here, doctor finds."""

    def __init__(self, directory: Path, url: str) -> None:
        self.home = directory / "home"
        self.checkout = directory / "checkout"
        self.programs = directory / "programs"
        self.now = datetime.now(UTC)
        self.page: dict[str, Any] = {
            "stage": "dev",
            "region": REGION,
            "account": ACCOUNT_ID,
            "launch": "live",
            "model": {"name": "test-model", "base_url": "https://model.example.com/v1"},
            "alarm_email": "ops@example.com",
        }
        self.people: list[Somebody] = []
        self.model = FakeModel([{"model": "test-model", **WELL}])
        self.outputs = {
            "Origin": url,
            "FreezeParameter": FREEZE,
            "ContinueTurnFunction": "continue",
            "CatalogueFunction": "catalogue",
            "AlarmTopicArn": "",
        }
        self.cloudformation = FakeCloudFormation(
            {"StackName": "Countersign", "StackStatus": "CREATE_COMPLETE", "CreationTime": DEPLOYED}
        )
        self.session = FakeSession(
            {
                "cloudformation": self.cloudformation,
                "lambda": self.model,
                "sts": SimpleNamespace(
                    get_caller_identity=lambda: {"Account": ACCOUNT_ID},
                    meta=SimpleNamespace(endpoint_url=url),
                ),
            }
        )
        self._agents()
        self.put_node("v22.11.0")
        self.put_cdk("2.1148.1")

    def _agents(self) -> None:
        (self.home / "agents").mkdir(parents=True)
        ours = Path(__file__).resolve().parents[2] / "agents" / "ec2.yaml"
        (self.home / "agents" / "ec2.yaml").write_text(ours.read_text())

    def put_node(self, says: str) -> None:
        """A program that is called node."""
        self.programs.mkdir(exist_ok=True)
        file = self.programs / "node"
        file.write_text(f"#!/bin/sh\necho '{says}'\n")
        file.chmod(0o755)

    def put_cdk(self, version: str) -> None:
        """What npm has installed, under a pin of 2.1148.1."""
        installed = self.checkout / "node_modules" / "aws-cdk"
        installed.mkdir(parents=True, exist_ok=True)
        (installed / "package.json").write_text(json.dumps({"version": version}))
        pins = {"devDependencies": {"aws-cdk": "2.1148.1"}}
        (self.checkout / "package.json").write_text(json.dumps(pins))

    def examined(self) -> Examined:
        """Everything as it stands now."""
        (self.home / "countersign.yaml").write_text(yaml.safe_dump(self.page))
        examined = Examined(
            home=self.home,
            checkout=self.checkout,
            search_path=os.pathsep.join([str(self.programs), "/bin", "/usr/bin"])
            if (self.programs / "node").exists()
            else str(self.programs),
            open_session=lambda _: self.session,
            people_of=lambda _: self.people,
            clock=lambda: self.now,
        )
        self.cloudformation.stack["Outputs"] = [
            {"OutputKey": name, "OutputValue": value}
            for name, value in {
                "DeployedFrom": self._deployed_from(examined),
                **self.outputs,
            }.items()
        ]
        return examined

    def finds(self, name: str) -> Found:
        """Doctor's line of one check."""
        examined = self.examined()
        [check] = [one for one in checks_of(examined) if one.name == name]
        return looked(check, examined)

    def all(self) -> Mapping[str, Found]:
        """Every line."""
        examined = self.examined()
        return {check.name: said for check, said in examine(examined, checks_of(examined))}

    def _deployed_from(self, examined: Examined) -> str:
        """What the stack says, deployed just now; nothing where a test has broken page or agents."""
        try:
            return deployed_from(examined.page(), examined.agents())
        except CannotCheck:
            return ""

    def compared_lately(self, status: str = "IN_SYNC") -> None:
        """AWS compared a minute ago."""
        at = self.now - timedelta(minutes=1)
        self.cloudformation.stack["DriftInformation"] = {
            "StackDriftStatus": status,
            "LastCheckTimestamp": at,
        }


def somebody(email: str, *groups: str, **more: Any) -> Somebody:
    """Somebody of the user pool, who has signed in and confirmed the mails."""
    known = {"is_enabled": True, "sign_in": SignIn.SIGNED_IN, "mail": MailState.CONFIRMED}
    name = email.partition("@")[0]
    return Somebody(
        sub=name, username=name, email=email, name=name, groups=groups, **{**known, **more}
    )


@contextmanager
def answering(status: int = 200) -> Iterator[tuple[str, list[int]]]:
    """An address that answers with the status that stands in the list, and with the time, as every server does."""
    says = [status]

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(says[0])
            self.send_header("content-length", "0")
            self.end_headers()

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            """Tests say what they saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", says
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def well(directory: Path, url: str) -> Iterator[Patient]:
    """Somebody with whom all is well, in an account of their own."""
    with mock_aws():
        made = Patient(directory, url)
        client("ssm").put_parameter(Name=BOOTSTRAP, Value="32", Type="String")
        freeze()
        sns = client("sns")
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
        made.outputs["AlarmTopicArn"] = topic
        made.people = [
            somebody("alice@example.com", "requesters"),
            somebody("carol@example.com", "approvers"),
        ]
        yield made
