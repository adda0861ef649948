"""What names a launch: the client token and the tags; equal input gives equal bytes."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from functions.shared.approval import Person
from functions.shared.identifiers import moment, timestamp
from functions.shared.instance_tags import (
    TAG_APPROVAL,
    TAG_APPROVER,
    TAG_CALL,
    TAG_LEASE_ENDS,
    TAG_REQUESTER,
    TAG_STACK,
)

HOUR_SECONDS = 3600
_TAG_VALUE = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}", re.ASCII)


def client_token(*, account: str, region: str, approval_id: str, call_id: str, digest: str) -> str:
    """64 hex digits, the most EC2 takes; one launch in one region of one account for one approved call.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    joined = "\n".join((account, region, approval_id, call_id, digest))
    return hashlib.sha256(joined.encode()).hexdigest()


def lease_end(decided_at: str, hours: int | None) -> int | None:
    """When the lease ends, in epoch seconds: counted from the decision, so that every retry says the same."""
    if hours is None:
        return None
    return int(moment(decided_at).timestamp()) + hours * HOUR_SECONDS


def tags_of(
    *,
    approval_id: str,
    call_id: str,
    requester: Person,
    approver: Person | None,
    stack: str,
    lease_ends_at: int | None,
) -> Mapping[str, str]:
    """Tags that lead from the instance back to the approval and its people; a rehearsal has no approver yet."""
    tags = {
        TAG_APPROVAL: approval_id,
        TAG_CALL: call_id,
        TAG_REQUESTER: _named(requester),
        TAG_APPROVER: _named(approver) if approver else "rehearsal",
        TAG_STACK: stack,
    }
    if lease_ends_at is not None:
        tags[TAG_LEASE_ENDS] = timestamp(datetime.fromtimestamp(lease_ends_at, UTC))
    return tags


def _named(person: Person) -> str:
    """The e-mail where a tag can hold it, else the subject."""
    return person.email if _TAG_VALUE.fullmatch(person.email) else person.sub
