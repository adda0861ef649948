"""AWS under a target's launch role: the approval's id stands in CloudTrail, and the session may do one call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import boto3
from botocore.config import Config

from functions.launch_instance.session_policy import session_policy
from functions.shared.targets import Target

SESSION_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Session:
    """Where, for which approval, and what it may do there."""

    target: Target
    approval_id: str
    policy: str

    @classmethod
    def of(cls, target: Target, approval_id: str, call: Mapping[str, Any]) -> Self:
        """For one planned call; raises `BadArguments` for a call that cannot be."""
        return cls(target, approval_id, session_policy(target, approval_id, call))


def under_launch_role(service: str, sts: Any, session: Session) -> Any:
    """A service's client that sends each request once: what is retried, and how, the workflow decides."""
    target = session.target
    answer = sts.assume_role(
        RoleArn=target.launch_role,
        RoleSessionName=session.approval_id,
        SourceIdentity=session.approval_id,
        Policy=session.policy,
        DurationSeconds=SESSION_SECONDS,
        **({"ExternalId": target.external_id} if target.external_id else {}),
    )
    credentials = answer["Credentials"]
    make: Any = boto3.client
    return make(
        service,
        region_name=target.region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 1},
        ),
    )
