"""The sandbox as the laptop run has it: its own zip, in a process of the emulator."""

import base64
import gzip
import json
import re
import uuid
from pathlib import Path

import httpx
import pytest

from infra.app import LOCAL_PYTHON
from infra.interpreter import host_target
from infra.packages import Packages
from local.python import has_namespaces
from tests.emulator.conftest import ROLE

pytestmark = pytest.mark.emulator

SECONDS = 30
LOOK_AROUND = """
import os, pathlib
def told(path):
    try:
        return path.read_bytes().decode(errors='replace')
    except OSError as error:
        return type(error).__name__
[told(path) for path in pathlib.Path('/proc').glob('[0-9]*/environ')], dict(os.environ)
"""
CONNECT = """
import socket
try:
    socket.create_connection(('127.0.0.1', {port}), timeout=2)
    said = 'reached'
except OSError as error:
    said = type(error).__name__
said
"""


class DeployedSandbox:
    """A conversation's sandbox in the emulator."""

    def __init__(self, emulator, function):
        self._functions = emulator.client("lambda")
        self._function = function
        self.tenant = uuid.uuid4().hex

    def answers(self, code, **more):
        event = {"v": 1, "kind": "notebook", "code": code, **more}
        answer = self._functions.invoke(
            FunctionName=self._function, TenantId=self.tenant, Payload=json.dumps(event).encode()
        )
        return json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def function(emulator):
    if not has_namespaces():
        pytest.skip("This machine gives no namespaces, which confine Python on a laptop.")
    package = Packages(target=host_target(LOCAL_PYTHON), agents=b"{}").zip_of("run_code")
    bucket = f"code-{uuid.uuid4().hex[:12]}"
    emulator.client("s3").create_bucket(Bucket=bucket)
    emulator.client("s3").upload_file(str(package), bucket, "run_code.zip")
    variables = {
        "STAGE": "local", "CONFINEMENT": "namespaces",
        "SECONDS": str(SECONDS), "MEMORY_MB": "1536",
    }  # fmt: skip
    made = emulator.client("lambda").create_function(
        FunctionName=f"contract-{uuid.uuid4().hex[:12]}",
        Runtime="python3.13",
        Role=ROLE,
        Handler="functions.run_code.handler.handler",
        Timeout=SECONDS + 30,
        Code={"S3Bucket": bucket, "S3Key": "run_code.zip"},
        Environment={"Variables": variables},
        TenancyConfig={"TenantIsolationMode": "PER_TENANT"},
    )
    return made["FunctionName"]


@pytest.fixture
def deployed(emulator, function):
    return DeployedSandbox(emulator, function)


def worker_of(emulator, deployed):
    """The process that the emulator has for this conversation, and its environment."""
    served = httpx.get(f"{emulator.endpoint}/_countersign/lambda/tenants").json()["served"]
    process = next(one["process"] for one in served if one["tenant"] == deployed.tenant)
    pairs = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    return process, dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def test_a_table_of_an_uploaded_file_is_shown(deployed):
    content = base64.b64encode(gzip.compress(b"city,people\nOslo,700\nBergen,290\n")).decode()
    files = [{"name": "cities.csv", "content": content}]
    answer = deployed.answers("import pandas as pd\npd.read_csv('cities.csv')", files=files)
    assert answer["status"] == "succeeded", answer
    assert answer["text"] == "     city  people\n0    Oslo     700\n1  Bergen     290"


def test_code_sees_no_environment_but_its_own(deployed, emulator):
    answer = deployed.answers(LOOK_AROUND)
    assert answer["status"] == "succeeded", answer
    _, environment = worker_of(emulator, deployed)
    secrets = [environment[name] for name in environment if name.startswith("AWS_")]
    assert environment["AWS_SECRET_ACCESS_KEY"]
    assert "AWS_LAMBDA_RUNTIME_API" in environment
    assert "AWS_" not in answer["text"]
    assert not [one for one in secrets if len(one) > 8 and one in json.dumps(answer)]


def test_code_does_not_reach_its_workers_runtime_address(deployed, emulator):
    deployed.answers("1")
    _, environment = worker_of(emulator, deployed)
    port = int(environment["AWS_LAMBDA_RUNTIME_API"].rpartition(":")[2])
    answer = deployed.answers(CONNECT.format(port=port))
    assert answer["status"] == "succeeded", answer
    assert re.fullmatch(r"'?(PermissionError|ConnectionRefusedError|OSError)'?", answer["text"])


def test_nothing_of_a_run_stays_in_the_process(deployed, emulator):
    answer = deployed.answers("while True: pass", seconds=3)
    assert answer["code"] == "time_limit", answer
    process, _ = worker_of(emulator, deployed)
    assert [one for one in Path("/proc").glob("[0-9]*") if parent_of(one) == process] == []
    assert deployed.answers("6 * 7")["text"] == "42"


def parent_of(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
