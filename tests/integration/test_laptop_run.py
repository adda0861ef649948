"""What stops the laptop run is told in one line."""

import os
import socket
import subprocess
import sys

import pytest

from local.programs import ROOT
from local.run_files import only_run_here


@pytest.fixture
def run(tmp_path):
    """`python -m local` with these options and variables; its code and its last words."""

    def start(*options: str, **variables: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-m", "local", "--directory", str(tmp_path / "run"), *options],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return ran.returncode, ran.stderr

    return start


def test_a_taken_port(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(f"--port={port}") == (
            1,
            f"Port {port} is taken: end what listens there, or set PORT=…\n",
        )


def test_the_port_comes_from_the_environment(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, words = run(PORT=str(taken.getsockname()[1]))
    assert code == 1
    assert "is taken" in words


def test_a_dead_model_endpoint(run):
    code, words = run(
        "--port=0",
        OPENAI_BASE_URL="http://127.0.0.1:9/v1",
        CHAT_MODEL="own",
        AWS_PROFILE="does-not-exist",
    )
    assert code == 1
    assert words.count("\n") == 1
    assert words.startswith("The model endpoint http://127.0.0.1:9/v1 does not answer")


def test_a_model_without_a_name(run):
    code, words = run("--port=0", OPENAI_API_KEY="k")
    assert (code, words.count("\n")) == (1, 1)
    assert words.startswith("CHAT_MODEL is not set")


def test_a_home_that_is_not_there(run):
    code, words = run("--port=0", "--home=/nowhere/at/all")
    assert (code, words.count("\n")) == (1, 1)
    assert words.startswith("/nowhere/at/all is not a directory")


@pytest.mark.emulator
def test_a_manifest_that_cannot_be_used_is_told_before_anything_is_deployed(run, tmp_path):
    manifest = tmp_path / "home" / "agents" / "greeter.yaml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("version: 2\ntitle: Greeter\nprompt: Greet.\npromt: Typo.\n")
    code, words = run("--port=0", f"--home={manifest.parent.parent}")
    assert (code, words) == (
        1,
        "greeter.yaml:4: promt: there is no such key [unknown_key]\n",
    )


def test_a_missing_node(run, tmp_path, monkeypatch):
    from local import programs
    from local.refusal import CannotRun

    monkeypatch.setattr(programs, "search_path", lambda: str(tmp_path))
    with pytest.raises(CannotRun, match="^Node is missing"):
        programs.check_programs()


def test_an_old_node(tmp_path, monkeypatch):
    from local import programs
    from local.refusal import CannotRun

    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n")
    node.chmod(0o755)
    monkeypatch.setattr(programs, "search_path", lambda: str(tmp_path))
    with pytest.raises(CannotRun, match="^Node v18.1.0 is too old"):
        programs.check_programs()


def test_a_second_run_of_the_same_checkout(run, tmp_path):
    with only_run_here(tmp_path / "run"):
        code, words = run("--port=0")
    assert (code, words.count("\n")) == (1, 1)
    assert words.startswith("Another laptop run uses this checkout")


def test_nothing_to_stop(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "local", "--stop", "--directory", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "Nothing runs here.\n")
