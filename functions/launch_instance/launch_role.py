"""AWS under the target's launch role, with the approval's id as source identity in CloudTrail."""

from typing import Any

import boto3
from botocore.config import Config

SESSION_SECONDS = 900


def under_launch_role(service: str, sts: Any, role_arn: str, region: str, approval_id: str) -> Any:
    """A service's client that sends each request once: what is retried, and how, the workflow decides."""
    answer = sts.assume_role(
        RoleArn=role_arn,
        RoleSessionName=approval_id,
        SourceIdentity=approval_id,
        DurationSeconds=SESSION_SECONDS,
    )
    credentials = answer["Credentials"]
    make: Any = boto3.client
    return make(
        service,
        region_name=region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
    )
