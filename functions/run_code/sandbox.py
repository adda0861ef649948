"""One run's place: a directory and a warden, gone with all that descends from it when the run is over."""

import contextlib
import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from functions.run_code import limits, processes
from functions.run_code.failure import NO_CONFINEMENT, RunFailed, ended, no_start
from functions.run_code.files import File
from functions.run_code.limits import Limits
from functions.run_code.removal import remove
from functions.run_code.said import Said, TooLong, Unreadable
from functions.shared.observe import logger

ROOT = Path(__file__).resolve().parents[2]
END_SECONDS, END_UNBEGUN_SECONDS = 10.0, 1.0
"""How long the warden has for its end; one that has not even begun may not be there to hear of it."""
FIRST_WORDS = 64 * 1024
"""What a run may say before it is granted more."""
ALONE = "vpc"
"""The confinement of a Lambda, which has its temporary folder and its processes to itself: what a run left beside
its own goes too."""
_PROGRAM = (
    "import sys; sys.path[:0] = {paths!r}; from functions.run_code.warden import main; main()"
)
_PASSED_ON = ("LD_LIBRARY_PATH",)
"""Where the runtime's interpreter finds its own parts."""


@dataclass
class Run:
    """A started warden, and what the runner says."""

    process: subprocess.Popen[bytes]
    limits: Limits
    said: Said
    has_begun: bool = False

    def await_begin(self) -> float:
        """The moment at which the run's own seconds began; raises `RunFailed` where it could not begin."""
        try:
            self.word(time.monotonic() + self.limits.start_seconds)
        except RunFailed as failed:
            raise no_start() if failed.code == "time_limit" else failed from None
        self.has_begun = True
        return time.monotonic()

    def word(self, until: float) -> Mapping[str, Any]:
        """What the runner says next; raises `RunFailed` where the run ends before, or says too much."""
        try:
            while (word := self.said.word()) is None:
                left = max(0.0, until - time.monotonic())
                readable, _, _ = select.select([self.said.source], [], [], left)
                if not readable:
                    raise self.ended("time")
                if not self.said.read():
                    raise self._end()
        except TooLong:
            raise self.ended("output") from None
        except Unreadable:
            raise self.ended("protocol") from None
        return word

    def ended(self, why: str) -> RunFailed:
        """An end of this run, by its cause."""
        return ended(why, seconds=self.limits.seconds, memory_mb=self.limits.memory_mb)

    def _end(self) -> RunFailed:
        """Why nothing more is said, as the warden tells it; an end of its own counts as the run's."""
        assert self.process.stdout is not None  # noqa: S101
        status, text = self.process.stdout.fileno(), b""
        until = time.monotonic() + END_SECONDS
        while select.select([status], [], [], max(0.0, until - time.monotonic()))[0]:
            piece = os.read(status, 65536)
            text += piece
            if not piece or b'"ended"' in text:
                break
        for line in text.splitlines():
            told = json.loads(line)
            if told.get("failed") == "confinement":
                return RunFailed("no_confinement", NO_CONFINEMENT.format(why=told["why"]))
            if "ended" in told:
                return self.ended(told["ended"])
        return self.ended("ended")


@contextlib.contextmanager
def started(
    kind: str,
    *,
    confinement: str,
    limits_of_run: Limits,
    files: Sequence[File] = (),
    order: Mapping[str, Any] | None = None,
) -> Iterator[Run]:
    """A run of a kind in a directory of its own; at the end nothing of it is left."""
    limits.hide()
    with _nothing_left(is_alone=confinement == ALONE) as directory:
        _lay_out(directory, files)
        source, result = os.pipe()
        try:
            whole = {
                "kind": kind,
                "confinement": confinement,
                "directory": str(directory),
                "readable": _readable(),
                "writable": [tempfile.gettempdir() if confinement == ALONE else str(directory)],
                "limits": limits_of_run.as_values(),
                "result": result,
                **(order or {}),
            }
            try:
                process = _warden(result)
            finally:
                os.close(result)
            run = Run(process, limits_of_run, Said(source, FIRST_WORDS))
            try:
                _hand_over(process, whole)
                yield run
            finally:
                _end(process, END_SECONDS if run.has_begun else END_UNBEGUN_SECONDS)
        finally:
            os.close(source)


@cache
def has_namespaces() -> bool:
    """Whether this machine gives a process like this one namespaces of its own; found out by trying."""
    if sys.platform != "linux":
        return False
    try:
        with started("try", confinement="namespaces", limits_of_run=Limits(5, 512)) as run:
            run.await_begin()
    except RunFailed:
        return False
    return True


@contextlib.contextmanager
def _nothing_left(*, is_alone: bool) -> Iterator[Path]:
    """A new directory; at the end it is gone, and so is whatever came up beside it where a run is alone."""
    place = Path(tempfile.gettempdir())
    files = set(place.iterdir()) if is_alone else set()
    others = set(processes.descendants(os.getpid())) if is_alone else set()
    limits.adopt_orphans(is_alone)
    directory = Path(tempfile.mkdtemp(prefix="run-"))
    try:
        yield directory
    finally:
        if is_alone:
            # The warden ends all that descends from it; should it have been ended itself, they are here.
            processes.end_descendants(but=others)
            limits.adopt_orphans(False)
        for path in set(place.iterdir()) - files if is_alone else {directory}:
            try:
                remove(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                logger.error("what a run left could not be removed", error=type(error).__name__)


def _warden(result: int) -> "subprocess.Popen[bytes]":
    program = _PROGRAM.format(paths=_paths())
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # noqa: TID251
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "LANG": "C.UTF-8"},
        pass_fds=(result,),
        start_new_session=True,
    )


def _hand_over(process: "subprocess.Popen[bytes]", order: Mapping[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101
    # Should the warden have ended already, the run says so itself.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()


def _end(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """A closed order is the warden's sign to end everything; it goes last."""
    with contextlib.suppress(BrokenPipeError):
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None  # noqa: S101
    process.stdout.close()


def _lay_out(directory: Path, files: Sequence[File]) -> None:
    for name in ("home", "scratch"):
        (directory / name).mkdir()
    for file in files:
        place = directory / "home" / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
        place.chmod(0o444)


@cache
def _packages() -> Path:
    """Where the libraries lie that the kernel needs."""
    found = importlib.util.find_spec("ipykernel")
    if found is None or found.origin is None:
        raise RunFailed("no_python", "The libraries of the notebook are not installed here.")
    return Path(found.origin).resolve().parent.parent


def _paths() -> list[str]:
    return list(dict.fromkeys([str(ROOT), str(_packages())]))


def _readable() -> list[str]:
    """What the child may see beside the system's own folders."""
    ours = str(ROOT) if _packages() == ROOT else str(ROOT / "functions")
    return list(dict.fromkeys([sys.base_prefix, sys.prefix, str(_packages()), ours]))
