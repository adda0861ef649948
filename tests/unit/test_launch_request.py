"""The client token and the tags: what names a launch."""

from functions.launch_instance.request import client_token, tags_of
from functions.shared.approval import Person
from tests.support.approvals import ALICE, APPROVAL_ID, CAROL

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


def test_tags_name_the_approval_and_its_people():
    assert tags_of(APPROVAL_ID, ALICE, CAROL) == {
        "countersign:approval": APPROVAL_ID,
        "countersign:requester": "alice@example.com",
        "countersign:approver": "carol@example.com",
    }
    odd = Person("sub-odd", "ödd@example.com")
    assert tags_of(APPROVAL_ID, odd, Person("sub-none"))["countersign:requester"] == "sub-odd"
    assert tags_of(APPROVAL_ID, odd, Person("sub-none"))["countersign:approver"] == "sub-none"
