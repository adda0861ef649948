"""Checks of page and account: who one is, what is written, whether the CDK may work there."""

from typing import Any

from cli.doctor.examined import Examined
from cli.doctor.finding import Found, fail, ok, warn
from functions.shared.aws import error_code
from infra.agents import modules_named
from infra.page import NAME

BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
NEEDED_BOOTSTRAP = 8
"""A deploy needs 6; the role by which the CDK looks and compares came with 8."""


def credentials(examined: Examined) -> Found:
    """AWS knows who asks."""
    return ok(f"AWS takes them; they are of the account {examined.identity()}.")


def page(examined: Examined) -> Found:
    """It can be read, and fits together."""
    written = examined.page()
    return ok(f"{NAME} can be used: stage {written.stage}, {written.region}.")


def account(examined: Examined) -> Found:
    """Page and credentials mean the same one."""
    found = examined.account()
    if not examined.page().account:
        return warn(
            f"{NAME} names no account, so it deploys to whichever your credentials are of.",
            f"write account: {found!r} in {NAME}",
        )
    return ok(f"Page and credentials are of {found}.")


def agents(examined: Examined) -> Found:
    """Every manifest can be used, and all Python in them was read."""
    compiled = examined.agents()
    read = examined.page().sandbox.modules
    named = modules_named(compiled)
    unread = [file for file, sha256 in named.items() if read.get(file) != sha256]
    if unread:
        return fail(
            f"{', '.join(unread)}: new or changed, and Python is deployed only as you have read it.",
            "countersign agents validate agents says which line to write under sandbox",
        )
    return ok(f"{', '.join(compiled)}.")


def bootstrap(examined: Examined) -> Found:
    """What the CDK needs in an account and region before the first deploy."""
    from botocore.exceptions import ClientError

    region = examined.page().region
    command = f"npx cdk bootstrap aws://{examined.account()}/{region}"
    ssm: Any = examined.client("ssm")
    try:
        said = ssm.get_parameter(Name=BOOTSTRAP)["Parameter"]["Value"]
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        return fail(f"{region} is not bootstrapped for the CDK.", command)
    version = int(said) if str(said).isdecimal() else 0
    if version < NEEDED_BOOTSTRAP:
        return fail(f"The bootstrap is version {version}; {NEEDED_BOOTSTRAP} is needed.", command)
    return ok(f"Bootstrapped, version {version}.")
