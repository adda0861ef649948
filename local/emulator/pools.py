"""A correction of user pools: they have the tags of their template, and policies see them."""

from collections.abc import Iterator
from typing import Any

from local.emulator.cloudformation import HANDLERS
from local.emulator.iam import COLLECTORS
from local.emulator.patching import resolve

POOL_TYPE = "AWS::Cognito::UserPool"
POOLS = "ministack.services.cognito:_user_pools"


def pools_are_reached_by_their_tags() -> None:
    """Stock: CloudFormation drops `UserPoolTags`, and `aws:ResourceTag/…` is unknown for a pool, so that each
    statement with such a condition denies. Here: a pool has its tags, however it was made, and policies
    see them."""
    pool = resolve(HANDLERS)[POOL_TYPE]
    create = pool["create"]

    def create_with_tags(logical_id: str, properties: dict[str, Any], stack: str) -> Any:  # noqa: ANN401
        made = create(logical_id, properties, stack)
        resolve(POOLS)[made[0]]["UserPoolTags"] = dict(properties.get("UserPoolTags") or {})
        return made

    pool["create"] = create_with_tags
    resolve(COLLECTORS)["cognito-idp"] = _tagged_pools


def _tagged_pools() -> Iterator[tuple[str, list[dict[str, str]]]]:
    from ministack.core.responses import get_account_id, get_region

    for name, pool in resolve(POOLS).items():
        arn = f"arn:aws:cognito-idp:{get_region()}:{get_account_id()}:userpool/{name}"
        tags = pool.get("UserPoolTags") or {}
        yield arn, [{"Key": key, "Value": value} for key, value in tags.items()]
