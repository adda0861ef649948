"""The locked requirement files: one per Lambda, and one per environment of the checkout."""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ROOT / "requirements"
LAMBDAS = (
    "chat",
    "conversations",
    "approvals",
    "decide_approval",
    "preflight",
    "catalogue",
    "request_approval",
    "launch_instance",
    "run_action",
    "run_code",
    "ask_sandbox",
    "notebooks",
    "record_outcome",
    "sweep",
    "end_lease",
    "freeze",
    "pages",
    "session",
)
GROUPS = (*LAMBDAS, "dev", "emulator", "installer")
CARRIED_BY_THE_RUNTIME = {"chat": ("botocore", "python-dateutil", "six", "urllib3")}
"""What a room's packages ask for and the Lambda runtime carries already, with boto3."""


def installer() -> str:
    """The uv of this interpreter's environment."""
    return str(Path(sysconfig.get_path("scripts")) / "uv")


def write(group: str, file: Path, *, upgrade: bool = False) -> None:
    """Resolve one group into `file`; what the file already pins stays, unless `upgrade`."""
    command = [installer(), "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    command += ["--python-version", "3.11", "--custom-compile-command", "make lock"]
    command += ["--group", group, "--output-file", str(file)]
    for package in CARRIED_BY_THE_RUNTIME.get(group, ()):
        command += ["--no-emit-package", package]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def lock(group: str, *, upgrade: bool) -> None:
    """Write one group's committed file."""
    write(group, LOCKED / f"{group}.txt", upgrade=upgrade)


def is_fresh(group: str) -> bool:
    """Whether resolving the group again, with its present pins preferred, changes nothing."""
    present = LOCKED / f"{group}.txt"
    if not present.exists():
        return False
    with tempfile.TemporaryDirectory() as directory:
        again = Path(directory) / present.name
        again.write_bytes(present.read_bytes())
        write(group, again)
        return again.read_bytes() == present.read_bytes()


def main(arguments: list[str]) -> str | None:
    """Write every file, or with `--check` say which ones are stale."""
    parser = argparse.ArgumentParser(prog="python -m infra.requirements", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when stale")
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    chosen = parser.parse_args(arguments)
    with ThreadPoolExecutor(max_workers=2) as workers:
        if chosen.check:
            fresh = dict(zip(GROUPS, workers.map(is_fresh, GROUPS), strict=True))
            stale = ", ".join(group for group, answer in fresh.items() if not answer)
            return f"Not fresh, run `make lock`: {stale}" if stale else None
        for _ in workers.map(lambda group: lock(group, upgrade=chosen.upgrade), GROUPS):
            pass
    return None


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError:
        sys.exit("uv could not resolve a group; what it said stands above.")
