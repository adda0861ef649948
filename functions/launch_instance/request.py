"""What names a launch beside its client token: the tags; equal input gives equal bytes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from functions.shared.approval import Person
from functions.shared.identifiers import timestamp
from functions.shared.instance_tags import (
    TAG_APPROVAL,
    TAG_APPROVER,
    TAG_CALL,
    TAG_LEASE_ENDS,
    TAG_REQUESTER,
    TAG_STACK,
)

_TAG_VALUE = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}", re.ASCII)


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
