"""Who may ask for anything: the group of requesters, as the caller's token says."""

from functions.shared.errors import NotAllowed
from functions.shared.http import Caller

REQUESTERS = "requesters"


class NotARequester(NotAllowed):
    code = "not_a_requester"

    def __init__(self) -> None:
        super().__init__("You are not in the group of requesters; ask your operator to add you.")


def check_requester(caller: Caller) -> None:
    """Raises `NotARequester`."""
    if REQUESTERS not in caller.groups:
        raise NotARequester
