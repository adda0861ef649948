"""However a laptop run ends, nothing of it stays behind."""

import json
import os
import signal
import subprocess
import sys

import pytest

from local.programs import ROOT
from local.run_files import is_alive
from tests.emulator.conftest import until

pytestmark = pytest.mark.emulator


@pytest.fixture
def begun(tmp_path):
    """A laptop run that is deploying: its process, its directory, the groups it has started."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "--port=0", f"--directory={tmp_path}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    file = tmp_path / "processes.json"

    def groups() -> list[int]:
        return json.loads(file.read_text())["groups"] if file.exists() else []

    yield process, tmp_path, until(groups, lambda started: len(started) >= 3, within=30)
    if process.poll() is None:
        process.kill()
        process.wait()


def members(groups: list[int]) -> list[int]:
    """Processes of these groups that still run."""
    found = []
    for group in groups:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            continue
        found.append(group)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(begun, number):
    process, directory, groups = begun
    process.send_signal(number)
    assert process.wait(20) == 0
    assert until(lambda: members(groups), lambda left: not left, within=5) == []
    assert not (directory / "ready.json").exists()
    assert not (directory / "processes.json").exists()


def test_the_emulator_ends_with_a_run_that_was_killed(begun):
    process, directory, groups = begun
    emulator = groups[0]
    process.kill()
    process.wait()
    until(lambda: is_alive(emulator), lambda alive: not alive, within=10)
    stop(directory)


def test_local_stop_ends_what_a_killed_run_has_left(begun):
    process, directory, groups = begun
    process.kill()
    process.wait()
    assert stop(directory) == "Stopped.\n"
    assert until(lambda: members(groups), lambda left: not left, within=5) == []
    assert stop(directory) == "Nothing runs here.\n"


def stop(directory) -> str:
    return subprocess.run(
        [sys.executable, "-m", "local", "--stop", f"--directory={directory}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
