"""The emulator as a process of ours: started, awaited, and gone when we are gone."""

import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from local.programs import EMULATOR_PYTHON, ROOT, plain_environment
from local.refusal import CannotRun

START_SECONDS = 60.0
STOP_SECONDS = 10.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class EmulatorProcess:
    """One running emulator; its input is held open, so that it ends with whoever holds it."""

    def __init__(self, process: subprocess.Popen[bytes], endpoint: str, ec2_log: Path) -> None:
        self._process = process
        self.endpoint = endpoint
        self.ec2_log = ec2_log

    @classmethod
    def start(cls, directory: Path, *, without: Sequence[str] = ()) -> Self:
        """Start one on a free port and wait until it answers; raises `CannotRun`."""
        directory.mkdir(parents=True, exist_ok=True)
        port = free_port()
        ec2_log = directory / "ec2.jsonl"
        ec2_log.write_text("")
        command = [str(EMULATOR_PYTHON), "-m", "local.emulator", "--port", str(port)]
        command += ["--directory", str(directory), "--ec2-log", str(ec2_log)]
        command += [part for name in without for part in ("--without", name)]
        output = directory / "emulator.log"
        with output.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=ROOT,
                env=plain_environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        emulator = cls(process, f"http://127.0.0.1:{port}", ec2_log)
        emulator._await(output)
        return emulator

    @property
    def pid(self) -> int:
        """For whoever has to clean up after a kill."""
        return self._process.pid

    def _await(self, output: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                last = output.read_text().strip().splitlines()[-1:] or ["it said nothing"]
                raise CannotRun(f"The emulator did not start: {last[0]}")
            try:
                httpx.get(f"{self.endpoint}/_countersign/health", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise CannotRun(f"The emulator did not answer within {START_SECONDS:.0f} seconds: {output}")

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it and its Lambdas."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
