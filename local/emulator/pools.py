"""A correction of user pools: policies see their tags."""

from local.emulator.iam import COLLECTORS
from local.emulator.patching import resolve

TAGS = "ministack.services.tagging:_collect_cognito"


def pools_are_reached_by_their_tags() -> None:
    """Stock: `aws:ResourceTag/…` is unknown for a pool, so that each statement with such a condition denies.
    Here: policies see a pool's tags, however it was made."""
    resolve(COLLECTORS)["cognito-idp"] = resolve(TAGS)
