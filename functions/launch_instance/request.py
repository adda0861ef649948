"""What names a launch: the client token and the tags; equal input gives equal bytes."""

import hashlib
import re
from collections.abc import Mapping

from functions.shared.approval import Person

TAG_APPROVAL = "countersign:approval"
TAG_REQUESTER = "countersign:requester"
TAG_APPROVER = "countersign:approver"
_TAG_VALUE = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}", re.ASCII)


def client_token(*, account: str, region: str, approval_id: str, call_id: str, digest: str) -> str:
    """64 hex digits, the most EC2 takes; one launch in one region of one account for one approved call.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    joined = "\n".join((account, region, approval_id, call_id, digest))
    return hashlib.sha256(joined.encode()).hexdigest()


def tags_of(approval_id: str, requester: Person, approver: Person) -> Mapping[str, str]:
    """Tags that lead from the instance back to the approval and its people."""
    return {
        TAG_APPROVAL: approval_id,
        TAG_REQUESTER: _named(requester),
        TAG_APPROVER: _named(approver),
    }


def _named(person: Person) -> str:
    """The e-mail where a tag can hold it, else the subject."""
    return person.email if _TAG_VALUE.fullmatch(person.email) else person.sub
