"""The programs the laptop run starts, and the environment it gives them: nothing of the
developer's accounts."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.refusal import CannotRun

ROOT = Path(__file__).resolve().parent.parent
EMULATOR_PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
CDK = ROOT / "node_modules" / ".bin" / "cdk"
NEEDED_NODE = 22
REGION = "us-east-1"
ACCOUNT = "000000000000"

_KEPT = ("LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "TERM")


def search_path() -> str:
    """Where programs are looked for: the checkout's own Node before the machine's."""
    own = sorted((ROOT / "infra" / "node" / "node_modules").glob("node-*/bin"))
    return os.pathsep.join([*map(str, own), os.environ.get("PATH", os.defpath)])


def plain_environment() -> dict[str, str]:
    """What any program of ours may see of the shell."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "PATH": search_path()}


def aws_environment(endpoint: str, home: Path) -> dict[str, str]:
    """For AWS programs: the emulator and invented credentials, whatever the shell holds."""
    return plain_environment() | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
        "HOME": str(home),
        "CDK_HOME": str(home / "cdk"),
    }


def check_programs() -> None:
    """Everything `make setup` installs is there and new enough; raises `CannotRun`."""
    for program in (EMULATOR_PYTHON, CDK):
        if not program.exists():
            raise CannotRun(f"{program.relative_to(ROOT)} is missing: run `make setup` first.")
    node = shutil.which("node", path=search_path())
    if node is None:
        raise CannotRun(
            f"Node is missing: install Node {NEEDED_NODE} with npm (https://nodejs.org)."
        )
    answer = output_of([node, "--version"], plain_environment())
    if int(answer.lstrip("v").split(".")[0]) < NEEDED_NODE:
        raise CannotRun(f"Node {answer} is too old: {NEEDED_NODE} is needed; `make setup` gets it.")


def output_of(command: list[str], environment: Mapping[str, str]) -> str:
    """What a short program prints; raises `CannotRun` when it fails."""
    ran = subprocess.run(  # noqa: S603
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise CannotRun(f"{Path(command[0]).name} failed: {ran.stderr.strip()[-300:]}")
    return ran.stdout.strip()
