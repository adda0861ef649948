"""The sandbox's zip: within what Lambda unpacks, rid of what a kernel does without, and a kernel runs from it."""

import json
import os
import subprocess
import sys

import pytest

from infra.app import LOCAL_PYTHON
from infra.interpreter import NoInterpreter, host_target, lambda_target
from infra.packages import Packages
from infra.page import ROOT

MEGABYTE = 1_000_000
MOST_UNZIPPED = 250 * MEGABYTE
"""Lambda's own limit for a function's code."""
BUDGET = 210 * MEGABYTE
pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def in_lambda():
    try:
        target = lambda_target(os.environ)
    except NoInterpreter as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    return Packages(target=target, agents=b"{}")


def test_the_sandbox_fits_into_a_lambda(in_lambda):
    size = in_lambda.unzipped_bytes("run_code")
    assert size < BUDGET < MOST_UNZIPPED


def test_what_a_kernel_does_without_stays_out(in_lambda):
    packages = in_lambda.third_party("run_code")
    names = {path.name for path in packages.iterdir()}
    assert names.isdisjoint({"debugpy", "jedi", "parso", "share", "bin", "boto3"})
    assert {"ipykernel", "pandas", "matplotlib"} <= names
    assert not [path for path in packages.rglob("tests") if path.is_dir()]
    assert not list(packages.rglob("*.py"))


def test_native_code_is_for_lambda_s_processor(in_lambda):
    native = list(in_lambda.third_party("run_code").rglob("*.cpython-*.so"))
    assert len(native) > 50
    assert all("aarch64" in path.name for path in native)


RUNS = """
import json, os, sys
sys.path.insert(0, os.getcwd())
from functions.run_code.handler import handler
cells = [
    "import pandas as pd\\npd.DataFrame({'a': [1, 2]})",
    "%matplotlib inline\\nimport matplotlib.pyplot as plt\\nplt.plot([1, 2])\\nplt.show()",
]
print(json.dumps([handler({"v": 1, "kind": "notebook", "code": code}, None)["text"] for code in cells]))
"""


def test_a_kernel_runs_from_its_zip_alone(tmp_path):
    """From a folder below /tmp, as an emulator unpacks it."""
    target = host_target(LOCAL_PYTHON)
    packages = Packages(target=target, agents=b"{}")
    task = tmp_path / "task"
    task.mkdir()
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-e", packages.zip_of("run_code"), task], check=True
    )
    confinement = "namespaces" if sys.platform == "linux" else "unconfined"
    settings = {"STAGE": "local", "CONFINEMENT": confinement, "SECONDS": "30", "MEMORY_MB": "1536"}
    answer = subprocess.run(
        [target.interpreter, "-I", "-c", RUNS],
        cwd=task,
        env=settings,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    table, plot = json.loads(answer.stdout.splitlines()[-1])
    assert table == "   a\n0  1\n1  2"
    assert plot == "Done: 1 picture is shown."
    assert str(ROOT) not in answer.stdout
