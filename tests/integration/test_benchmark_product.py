"""The product as the benchmark suite drives it: a text, a pause, and the resumption."""

import json
import os
import subprocess
import sys

import pytest

from infra.page import ROOT
from tests.support.model_service import model_service

DRIVE = """
import json, sys
from moto import mock_aws
with mock_aws():
    from tests.support.account import make_tables
    make_tables()
    from benchmarks import product
    said = product.turn("one", "SAY hello")
    product.seed("two", 4)
    paused = product.turn("two", "LAUNCH 2")
    size = product.state_size("two")
    print(json.dumps([said, paused[0], len(paused[1]), size, product.resume("two")]))
"""
ARGUMENTS = json.dumps(
    {
        "instance_type": "t3.micro",
        "ami": "ami-0123456789abcdef0",
        "count": 1,
        "region": "eu-west-1",
        "name": "web",
    }
)


@pytest.mark.exhaustive
def test_the_benchmark_still_drives_the_real_handlers(tmp_path):
    with model_service() as service:
        service.answers(
            {"text": "Hello."},
            {"calls": [{"name": "run_instances", "arguments": ARGUMENTS}] * 2},
        )
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "y",
            "OPENAI_BASE_URL": os.environ["OPENAI_BASE_URL"],
            "OPENAI_API_KEY": "k",
            "ALLOWED_CIDRS": "",
            "BENCH_WORK": str(tmp_path),
        }
        driven = subprocess.run(
            [sys.executable, "-c", DRIVE], env=environment, capture_output=True, text=True
        )
    assert driven.returncode == 0, driven.stderr
    said, kind, calls, size, last = json.loads(driven.stdout.splitlines()[-1])
    assert (said, kind, calls) == (["text", "Hello."], "pause", 2)
    assert last.startswith("Noted: ")
    assert 1000 < size < 10_000
