"""One run's place: a directory and a warden, gone with all that descends from it when the run is over."""

import contextlib
import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from functions.run_code import limits
from functions.run_code.failure import RunFailed, ended
from functions.run_code.files import File
from functions.run_code.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
"""How long Python may take until it listens; a run's own seconds begin after it."""
END_SECONDS = 10.0
ALONE = "vpc"
"""The confinement of a Lambda, which has its temporary folder to itself: what a run left beside its own goes too."""
_PROGRAM = (
    "import sys; sys.path[:0] = {paths!r}; from functions.run_code.warden import main; main()"
)
_PASSED_ON = ("LD_LIBRARY_PATH",)
"""Where the runtime's interpreter finds its own parts."""


@dataclass
class Run:
    """A started warden, and what it says."""

    directory: Path
    process: subprocess.Popen[bytes]
    limits: Limits
    words: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> int:
        """Becomes readable when the warden has something to say."""
        assert self.process.stdout is not None  # noqa: S101
        return self.process.stdout.fileno()

    def wait_for(self, word: str, seconds: float) -> Mapping[str, Any]:
        """What the warden says under a word; raises `RunFailed` where the run ended, or could not begin."""
        until = time.monotonic() + seconds
        while True:
            for said in self.words:
                if word in said:
                    return said
            self._look_for_an_end()
            readable, _, _ = select.select(
                [self.status], [], [], max(0.0, until - time.monotonic())
            )
            if not readable:
                raise RunFailed("no_start", "Python did not start in time; ask again.")
            self.listen()

    def listen(self) -> None:
        """Read what the warden has said; its own end counts as a word too."""
        text = os.read(self.status, 65536)
        self.words += [json.loads(line) for line in text.splitlines()] or [{"ended": "ended"}]

    def end_of(self) -> RunFailed | None:
        """Why the run came to an end by itself, if it did."""
        try:
            self._look_for_an_end()
        except RunFailed as failed:
            return failed
        return None

    def _look_for_an_end(self) -> None:
        for said in self.words:
            if said.get("failed") == "confinement":
                raise RunFailed("no_confinement", NO_CONFINEMENT.format(why=said["why"]))
            if "ended" in said:
                allowed = self.limits
                raise ended(said["ended"], seconds=allowed.seconds, memory_mb=allowed.memory_mb)


NO_CONFINEMENT = "Python cannot be confined here, so it is not run ({why})."


@contextlib.contextmanager
def started(
    kind: str,
    *,
    confinement: str,
    limits_of_run: Limits,
    files: Sequence[File] = (),
    order: Mapping[str, Any] | None = None,
    passed_on: Sequence[int] = (),
) -> Iterator[Run]:
    """A run of a kind in a directory of its own; at the end nothing of it is left."""
    limits.hide()
    place = Path(tempfile.gettempdir())
    found = set(place.iterdir()) if confinement == ALONE else set()
    directory = Path(tempfile.mkdtemp(prefix="run-"))
    try:
        _lay_out(directory, files)
        whole = {
            "kind": kind,
            "confinement": confinement,
            "directory": str(directory),
            "readable": _readable(),
            "limits": limits_of_run.as_values(),
            **(order or {}),
        }
        process = _warden(passed_on)
        try:
            assert process.stdin is not None  # noqa: S101
            process.stdin.write(json.dumps(whole).encode() + b"\n")
            process.stdin.flush()
            yield Run(directory, process, limits_of_run)
        finally:
            _end(process)
    finally:
        left = set(place.iterdir()) - found if confinement == ALONE else {directory}
        for path in left:
            _remove(path)


@cache
def has_namespaces() -> bool:
    """Whether this machine gives a process like this one namespaces of its own; found out by trying."""
    if sys.platform != "linux":
        return False
    try:
        with started("try", confinement="namespaces", limits_of_run=Limits(5, 512)) as run:
            run.wait_for("held", START_SECONDS)
    except RunFailed:
        return False
    return True


def _warden(passed_on: Sequence[int]) -> "subprocess.Popen[bytes]":
    program = _PROGRAM.format(paths=_paths())
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}  # noqa: TID251
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**environment, "LANG": "C.UTF-8"},
        pass_fds=passed_on,
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """A closed order is the warden's sign to end everything; it goes last."""
    with contextlib.suppress(BrokenPipeError):
        assert process.stdin is not None  # noqa: S101
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None  # noqa: S101
    process.stdout.close()


def _lay_out(directory: Path, files: Sequence[File]) -> None:
    for name in ("home", "scratch", "channel"):
        (directory / name).mkdir()
    # Inside, the runner may be another user; outside, nobody else gets into the directory.
    (directory / "channel").chmod(0o777)
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


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_open_up)
    else:
        path.unlink(missing_ok=True)


def _open_up(function: Any, path: str, error: Any) -> None:  # noqa: ARG001
    """Folders that the run has closed are opened and removed."""
    for place in (Path(path).parent, Path(path)):
        if place.is_dir() and not place.is_symlink():
            place.chmod(0o700)
    function(path)
