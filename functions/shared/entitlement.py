"""Who may countersign: pure, with the groups as the user pool has them when somebody decides."""

from collections.abc import Sequence

from functions.shared.approval import APPROVERS, Approval, Person
from functions.shared.errors import NotAllowed, NotFound


class OwnRequest(NotAllowed):
    code = "own_request"

    def __init__(self) -> None:
        super().__init__("This is your own request; another person must countersign it.")


class NotAnApprover(NotAllowed):
    code = "not_an_approver"

    def __init__(self) -> None:
        super().__init__("You are not an approver any more, so you cannot decide this.")


class NotEligible(NotAllowed):
    code = "not_eligible"

    def __init__(self, groups: Sequence[str]) -> None:
        super().__init__(
            f"Only approvers in {group_words(groups)} can countersign this; you are not one of them."
        )


def group_words(groups: Sequence[str]) -> str:
    """Groups as a sentence names them: `the group security`, `one of the groups ops, security`."""
    names = ", ".join(groups)
    return f"the group {names}" if len(groups) == 1 else f"one of the groups {names}"


def check_entitled(
    approval: Approval, person: Person, groups: frozenset[str], *, self_confirm: bool
) -> None:
    """Whether this person may decide this approval now; `groups` are read at decision time, not from a token.

    Raises `OwnRequest`, `NotAnApprover` (was asked once), `NotFound` (never had to do with it), or `NotEligible`
    (approves other agents' requests).
    """
    if approval.practised_by not in ("", person.sub):
        raise NotFound
    if person.is_same_as(approval.requester):
        if not self_confirm:
            raise OwnRequest
        return
    if APPROVERS not in groups:
        if any(person.sub == asked.sub for asked in approval.asked):
            raise NotAnApprover
        raise NotFound
    if not approval.can_be_countersigned_by(person.sub, groups):
        raise NotEligible(approval.approver_groups())
