"""A .pyc is valid for one minor version: the right Python is found, or one line says what is missing."""

import pytest

from infra import interpreter
from infra.interpreter import NoInterpreter, host_target, lambda_target


def program(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without uv's Pythons; what the test puts there is all there is."""
    monkeypatch.setattr(
        interpreter, "installer", lambda: program(tmp_path / "uv", "echo none >&2; exit 2")
    )
    return {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv")}


def test_a_shim_that_does_not_run_is_passed_over(machine, tmp_path):
    program(tmp_path / "bin" / "python3.13", "exit 127")
    real = program(tmp_path / "pyenv" / "versions" / "3.13.4" / "bin" / "python", "echo 3.13")
    assert lambda_target(machine).interpreter == real


def test_the_path_comes_first(machine, tmp_path):
    on_path = program(tmp_path / "bin" / "python3.13", "echo 3.13")
    program(tmp_path / "pyenv" / "versions" / "3.13.4" / "bin" / "python", "echo 3.13")
    assert lambda_target(machine).interpreter == on_path


def test_another_version_under_the_right_name_is_not_taken(machine, tmp_path):
    program(tmp_path / "bin" / "python3.13", "echo 3.12")
    with pytest.raises(NoInterpreter):
        lambda_target(machine)


def test_without_one_a_deploy_stops_with_one_line(machine):
    with pytest.raises(NoInterpreter, match=r"Python 3\.13 is needed") as caught:
        lambda_target(machine)
    assert "\n" not in str(caught.value)


def test_an_emulator_environment_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(NoInterpreter, match="make setup"):
        host_target(str(tmp_path / "bin" / "python"))
