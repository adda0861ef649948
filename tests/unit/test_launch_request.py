"""The client token and the tags: what names a launch."""

from functions.launch_instance.request import tags_of
from functions.shared.approval import Person
from functions.shared.approved_call import client_token, lease_end
from functions.shared.identifiers import timestamp
from tests.support.approvals import ALICE, APPROVAL_ID, CAROL
from tests.support.clock import START

TOKEN_PARTS = {
    "account": "123456789012",
    "region": "us-east-1",
    "approval_id": APPROVAL_ID,
    "call_id": "call_1",
    "digest": "d" * 64,
}


def test_the_client_token_is_64_hex_digits_bound_to_everything_that_names_the_launch():
    token = client_token(**TOKEN_PARTS)
    assert token == client_token(**TOKEN_PARTS)
    assert len(token) == 64
    assert int(token, 16)
    others = {
        client_token(**{**TOKEN_PARTS, name: value + "x"}) for name, value in TOKEN_PARTS.items()
    }
    assert len(others | {token}) == 6


def test_parts_of_a_token_cannot_be_shifted_into_each_other():
    one = client_token(**{**TOKEN_PARTS, "approval_id": "a", "call_id": "bc"})
    other = client_token(**{**TOKEN_PARTS, "approval_id": "ab", "call_id": "c"})
    assert one != other


def tags(**changes):
    named = {
        "approval_id": APPROVAL_ID,
        "call_id": "call_1",
        "requester": ALICE,
        "approver": CAROL,
        "stack": "Countersign",
        "lease_ends_at": 1795000000,
    }
    return tags_of(**{**named, **changes})


def test_tags_name_the_approval_its_call_its_people_the_stack_and_the_lease():
    assert tags() == {
        "countersign:approval": APPROVAL_ID,
        "countersign:call": "call_1",
        "countersign:requester": "alice@example.com",
        "countersign:approver": "carol@example.com",
        "countersign:stack": "Countersign",
        "countersign:lease-ends": "2026-11-18T11:06:40Z",
    }


def test_an_address_that_no_tag_can_hold_is_replaced_by_the_subject():
    odd = Person("sub-odd", "ödd@example.com")
    assert tags(requester=odd)["countersign:requester"] == "sub-odd"
    assert tags(approver=Person("sub-none"))["countersign:approver"] == "sub-none"


def test_a_rehearsal_has_neither_approver_nor_lease_yet():
    rehearsed = tags(approver=None, lease_ends_at=None)
    assert rehearsed["countersign:approver"] == "rehearsal"
    assert "countersign:lease-ends" not in rehearsed


def test_a_lease_is_counted_from_the_decision_so_that_every_retry_says_the_same():
    decided_at = timestamp(START)
    assert lease_end(decided_at, 8) == int(START.timestamp()) + 8 * 3600
    assert lease_end(decided_at, None) is None
