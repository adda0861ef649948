"""The files of a run's directory that others read: who runs here, and that all is ready."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.refusal import CannotRun

READY = "ready.json"
_PROCESSES = "processes.json"
_LOCK = "lock"
STOP_SECONDS = 20.0


@contextlib.contextmanager
def only_run_here(directory: Path) -> Iterator[None]:
    """One run to a directory; raises `CannotRun` for a second one."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotRun(
                "Another laptop run uses this checkout: end it, or `make local-stop`."
            ) from error
        try:
            _stop_leftovers(directory)
            yield
        finally:
            for name in (READY, _PROCESSES):
                (directory / name).unlink(missing_ok=True)


def write_whole(file: Path, content: Mapping[str, Any]) -> None:
    """Write a file that nobody ever reads half."""
    half = file.with_suffix(".half")
    half.write_text(json.dumps(content, indent=1))
    half.chmod(0o600)
    half.replace(file)


def record_processes(directory: Path, *groups: int) -> None:
    """Remember this process, and the leaders of process groups it has started, for `stop`."""
    file = directory / _PROCESSES
    known = json.loads(file.read_text())["groups"] if file.exists() else []
    write_whole(file, {"driver": os.getpid(), "groups": list(dict.fromkeys([*known, *groups]))})


def stop(directory: Path) -> str:
    """End a run of this directory and all its processes; says what was done."""
    file = directory / _PROCESSES
    if not file.exists():
        return "Nothing runs here."
    driver = json.loads(file.read_text())["driver"]
    if _is_ours(driver):
        os.kill(driver, signal.SIGTERM)
        _await_end(driver)
    _stop_leftovers(directory)
    (directory / READY).unlink(missing_ok=True)
    return "Stopped."


def _stop_leftovers(directory: Path) -> None:
    """End what a killed run has left."""
    file = directory / _PROCESSES
    if not file.exists():
        return
    for leader in json.loads(file.read_text())["groups"]:
        if _is_ours(leader):
            os.killpg(leader, signal.SIGKILL)
            _await_end(leader)
    file.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether a process of this number runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_ours(process: int) -> bool:
    """Whether the process still is what was recorded: numbers are used again."""
    command = _command_of(process)
    return any(name in command for name in ("-m local", "cdk"))


def _command_of(process: int) -> str:
    """How it was started; empty when it has ended."""
    if Path("/proc/self").exists():
        try:
            given = (Path("/proc") / str(process) / "cmdline").read_bytes()
        except OSError:
            return ""
        return given.replace(b"\0", b" ").decode(errors="replace")
    return subprocess.run(  # noqa: S603
        ["ps", "-o", "command=", "-p", str(process)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()


def _await_end(process: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not _is_ours(process):
            return
        time.sleep(0.1)
    if is_alive(process):
        os.kill(process, signal.SIGKILL)
