"""The stack itself: how CloudFormation says it is, what it does not delete by itself, and its end by the CDK."""

import os
import shlex
import subprocess
import sys
import tempfile
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.deploy.survivors import Resource
from cli.operator import CannotOperate, Deployment
from functions.shared.aws import error_code
from infra.page import ROOT
from local.programs import CDK, search_path

NEVER_WHOLE = frozenset(
    {
        "CREATE_FAILED",
        "DELETE_FAILED",
        "REVIEW_IN_PROGRESS",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
    }
)
"""Statuses of a stack that may lack its tables: its first deploy failed, or its destruction did."""


def holds_nothing(deployment: Deployment) -> bool:
    """Whether a deploy or a destruction that failed has left no table of requests behind."""
    if status_of(deployment) not in NEVER_WHOLE:
        return False
    table = deployment.outputs.get("ApprovalsTable")
    if table is None:
        return True
    dynamodb = deployment.client("dynamodb")
    try:
        dynamodb.describe_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return True
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(f"The table {table} cannot be read: {error_code(error)}.") from error
    return False


def status_of(deployment: Deployment) -> str:
    """CloudFormation's word for how the stack is; empty where it is gone. Raises `CannotOperate`."""
    try:
        described = deployment.client("cloudformation").describe_stacks(
            StackName=deployment.page.stack
        )
    except ClientError as error:
        if error_code(error) == "ValidationError":
            return ""
        raise CannotOperate(f"CloudFormation cannot be asked: {error_code(error)}.") from error
    except BotoCoreError as error:
        raise CannotOperate(f"CloudFormation cannot be asked: {error_code(error)}.") from error
    return next((str(one["StackStatus"]) for one in described["Stacks"]), "")


def empty_buckets(deployment: Deployment, resources: list[Resource]) -> None:
    """CloudFormation deletes no bucket that holds something; one that is kept is left as it is."""
    s3: Any = deployment.client("s3")
    for bucket in resources:
        if bucket.kind != "AWS::S3::Bucket" or bucket.is_retained:
            continue
        try:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket.id):
                keys = [{"Key": one["Key"]} for one in page.get("Contents", ())]
                if keys:
                    s3.delete_objects(Bucket=bucket.id, Delete={"Objects": keys, "Quiet": True})
        except (BotoCoreError, ClientError) as error:
            raise CannotOperate(
                f"The bucket {bucket.id} could not be emptied ({error_code(error)}), so the stack still stands."
            ) from error


def destroy_stack(deployment: Deployment) -> None:
    """Let the CDK destroy it; what it says goes to standard error. Raises `CannotOperate`."""
    stack = deployment.page.stack
    with tempfile.TemporaryDirectory() as directory:
        ended = subprocess.run(  # noqa: S603 - the pinned CDK of this checkout
            [
                str(CDK),
                "destroy",
                stack,
                "--force",
                "--no-notices",
                f"--app={shlex.quote(sys.executable)} -m infra.destroy_app",
                f"--context=home={deployment.home}",
                f"--output={directory}",
            ],
            cwd=ROOT,
            env={
                **os.environ,  # noqa: TID251 - the operator's own credentials
                "PATH": search_path(),
                "PYTHONPATH": str(ROOT),
            },
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            check=False,
        )
    status = status_of(deployment)
    if ended.returncode != 0 or status not in ("", "DELETE_COMPLETE"):
        raise CannotOperate(
            f"The stack {stack} is not destroyed ({status or 'the CDK could not run'}): mend what is said above and "
            "run this again; launches stay frozen."
        )
