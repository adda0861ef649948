"""Finds the Python that zips are compiled with: a .pyc is valid for one minor version only."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.requirements import installer

LAMBDA_MINOR = "3.13"
LAMBDA_PLATFORM = "aarch64-manylinux_2_28"


class NoInterpreter(Exception):
    """No Python of the wanted version runs here; the message is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Target:
    """What zips are made for: the interpreter that compiles, and the platform of the wheels."""

    interpreter: str
    minor: str
    platform: str | None
    """In uv's words; None means this machine's."""

    @property
    def identity(self) -> str:
        """Two targets with one identity can share what was installed."""
        return f"{self.minor} {self.platform or self.interpreter}"


def lambda_target(environment: Mapping[str, str]) -> Target:
    """The Lambda runtime; raises `NoInterpreter` where no Python of its minor version runs."""
    for candidate in candidates(environment):
        if minor_of(candidate) == LAMBDA_MINOR:
            return Target(candidate, LAMBDA_MINOR, LAMBDA_PLATFORM)
    raise NoInterpreter(
        f"Python {LAMBDA_MINOR} is needed to compile the Lambda packages and none was found: "
        f"install one, for instance with `.venv/bin/uv python install {LAMBDA_MINOR}`."
    )


def unmade_target() -> Target:
    """For a look at the stack without its zips: nothing has to be there to make them."""
    return Target("", LAMBDA_MINOR, LAMBDA_PLATFORM)


def host_target(interpreter: str) -> Target:
    """This machine's interpreter, for the laptop run; raises `NoInterpreter` if it does not run."""
    minor = minor_of(interpreter)
    if minor is None:
        raise NoInterpreter(f"{interpreter} does not run; `make setup` makes it.")
    return Target(interpreter, minor, None)


def candidates(environment: Mapping[str, str]) -> Iterator[str]:
    """Where a Python of the Lambda's minor version may be: the path, uv's, pyenv's."""
    if on_path := shutil.which(f"python{LAMBDA_MINOR}", path=environment.get("PATH")):
        yield on_path
    found = subprocess.run(  # noqa: S603
        [installer(), "python", "find", "--no-project", LAMBDA_MINOR],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        yield found.stdout.strip()
    pyenv = Path(environment.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob(f"versions/{LAMBDA_MINOR}.*/bin/python"), reverse=True))


def minor_of(interpreter: str) -> str | None:
    """The minor version of an interpreter that really runs; a shim may be there and not run."""
    try:
        answer = subprocess.run(  # noqa: S603
            [interpreter, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
