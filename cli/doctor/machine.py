"""Checks of the operator's machine: the programs of a deploy, and its clock."""

import json
import shutil
import subprocess
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from cli.doctor.examined import Examined
from cli.doctor.finding import CannotCheck, Found, fail, ok, warn
from local.programs import NEEDED_NODE

PROGRAM_SECONDS = 10
ANSWER_SECONDS = 10
SETUP = "make setup"
SIGNATURE_SECONDS = 300
"""AWS takes no signature that is older or younger."""
TOLD_SECONDS = 30
SET_CLOCK = "sudo timedatectl set-ntp true (macOS: sudo sntp -sS time.apple.com)"


def node(examined: Examined) -> Found:
    """The CDK is a Node program."""
    program = shutil.which("node", path=examined.search_path)
    if program is None:
        return fail("Node is missing, and the CDK runs on it.", f"{SETUP} (it needs Node with npm)")
    try:
        ran = subprocess.run(  # noqa: S603
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=PROGRAM_SECONDS,
            check=True,
        )
        version = ran.stdout.strip().lstrip("v")
        major = int(version.split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return fail(f"{program} does not say its version.", SETUP)
    if major < NEEDED_NODE:
        return fail(f"Node {version} is too old: {NEEDED_NODE} is needed.", SETUP)
    return ok(f"Node {version}.")


def cdk(examined: Examined) -> Found:
    """The pinned one: another may not read what our library writes."""
    pinned = _json(examined.checkout / "package.json")["devDependencies"]["aws-cdk"]
    installed = _json(examined.checkout / "node_modules" / "aws-cdk" / "package.json").get(
        "version"
    )
    if installed is None:
        return fail(f"The CDK's command line {pinned} is not installed.", SETUP)
    if installed != pinned:
        return fail(f"The CDK's command line is {installed}, and {pinned} is pinned.", SETUP)
    return ok(f"CDK {installed}, as pinned.")


def clock(examined: Examined) -> Found:
    """AWS refuses what is signed by a clock that is wrong; its own time stands in every answer."""
    endpoint = examined.session().client("sts").meta.endpoint_url
    try:
        answer = httpx.head(endpoint, timeout=ANSWER_SECONDS)
    except httpx.HTTPError as error:
        raise CannotCheck(
            "",
            f"AWS gives no answer at {endpoint} ({type(error).__name__}).",
            f"curl -I {endpoint} shows whether your network lets you there",
        ) from error
    now = examined.clock()
    try:
        theirs = parsedate_to_datetime(answer.headers["date"])
        ahead = round((now - theirs).total_seconds())
    except (KeyError, TypeError, ValueError) as error:
        raise CannotCheck("", f"{endpoint} tells no time.", f"curl -I {endpoint}") from error
    if abs(ahead) < TOLD_SECONDS:
        return ok("Your clock agrees with AWS's.")
    says = f"Your clock is {abs(ahead)} seconds {'ahead of' if ahead > 0 else 'behind'} AWS's"
    if abs(ahead) >= SIGNATURE_SECONDS:
        return fail(f"{says}: AWS takes no signature from it.", SET_CLOCK)
    return warn(f"{says}.", SET_CLOCK)


def _json(file: Any) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value
