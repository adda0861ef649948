"""Stacks that live as long as the test session, shared by all of its processes."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.programs import ROOT

START_SECONDS = 240
MAIN = "Countersign"


@dataclass(frozen=True)
class Stack:
    """A deployed stack as its ready.json tells, and the model server it talks to."""

    ready: dict
    model_server: str


class Stacks:
    """Starts each stack once per session, whichever process needs it first."""

    def __init__(self, directory: Path, session: int) -> None:
        self._directory = directory
        self._session = session

    def main(self) -> Stack:
        """The stack most stories are told in, more than budgets would allow; it brings the emulator."""
        return self._stack(MAIN, ["--no-budgets"])

    def variant(self, name: str, *options: str) -> Stack:
        """A stack with other options beside the main one, in the same emulator."""
        ready = self.main().ready
        beside = [f"--emulator={ready['emulator']}", f"--ec2-log={ready['ec2_log']}"]
        return self._stack(name, [*beside, *options])

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """While nobody else who asks for it in this session has it."""
        with self._lock(f"{name} alone"):
            yield

    def _stack(self, name: str, options: list[str]) -> Stack:
        server = self._once("model", self._start_model_server)
        own = self._directory / name

        def start() -> str:
            command = [sys.executable, "-m", "local", "--port=0", f"--directory={own}"]
            command += [f"--stack={name}", f"--model-url={server}/v1"]
            command += [f"--while-process={self._session}", *options]
            return self._await_file(own / "ready.json", command)

        return Stack(json.loads(self._once(name, start)), server)

    def _start_model_server(self) -> str:
        file = self._directory / "model-address"
        command = [sys.executable, "-m", "tests.story.model_server", f"--address-file={file}"]
        return self._await_file(file, [*command, f"--while-process={self._session}"])

    def _once(self, name: str, start: Callable[[], str]) -> str:
        """What `start` returned, in this process or another one of the session."""
        kept = self._directory / f"{name}.kept"
        with self._lock(name):
            if not kept.exists():
                kept.write_text(start())
            return kept.read_text()

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _await_file(self, file: Path, command: list[str]) -> str:
        file.parent.mkdir(parents=True, exist_ok=True)
        output = file.with_suffix(".output")
        with output.open("w") as written:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        deadline = time.monotonic() + START_SECONDS
        while not file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start: {output.read_text()}")
            time.sleep(0.1)
        process.returncode = 0  # it outlives this object, which would warn when collected
        return file.read_text()
