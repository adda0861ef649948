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


def record_processes(directory: Path, *, emulator: int | None) -> None:
    """Who must go, should this run be killed."""
    write_whole(directory / _PROCESSES, {"driver": os.getpid(), "emulator": emulator})


def stop(directory: Path) -> str:
    """End a run of this directory and all its processes; says what was done."""
    try:
        recorded: dict[str, int | None] = json.loads((directory / _PROCESSES).read_text())
    except FileNotFoundError:
        return "Nothing runs here."
    driver = recorded["driver"]
    if driver and _is_ours(driver):
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
    for process in json.loads(file.read_text()).values():
        if process and process != os.getpid() and _is_ours(process):
            os.kill(process, signal.SIGKILL)
            _await_end(process)
    file.unlink(missing_ok=True)


def _is_ours(process: int) -> bool:
    """Whether the process still is what was recorded: numbers are used again."""
    shown = subprocess.run(  # noqa: S603
        ["ps", "-o", "stat=,command=", "-p", str(process)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return "-m local" in shown and not shown.startswith("Z")


def _await_end(process: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not _is_ours(process):
            return
        time.sleep(0.1)
    if _is_ours(process):
        os.kill(process, signal.SIGKILL)
