"""An approval needs a sign-in that is not too long ago; a rejection needs none."""

import pytest

from tests.support.clock import START

SIGNED_IN_AT = int(START.timestamp())
HALF_A_DAY = 12 * 3600


@pytest.fixture
def waiting(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    return approval_id


def vote(backend, approval_id, decision, *, signed_in_at):
    stored = backend.approval(approval_id)
    return backend.http(
        "POST /approvals/{approval_id}/decision",
        by="carol",
        body={"decision": decision, "digest": stored.digest},
        claims={"auth_time": str(signed_in_at)},
        approval_id=approval_id,
    )


def test_a16_an_old_sign_in_approves_nothing_and_hears_how_old_it_may_be(backend, waiting):
    answer = vote(backend, waiting, "approve", signed_in_at=SIGNED_IN_AT - HALF_A_DAY - 1)
    assert (answer.status, answer.json["code"]) == (401, "sign_in_again")
    assert answer.headers["www-authenticate"] == (
        'Bearer error="insufficient_user_authentication", max_age=43200'
    )
    assert backend.approval(waiting).status == "pending"


def test_a16_a_token_that_does_not_say_when_is_as_old_as_can_be(backend, waiting):
    assert vote(backend, waiting, "approve", signed_in_at=0).status == 401


def test_a16_up_to_the_last_second_it_counts(backend, waiting):
    assert vote(backend, waiting, "approve", signed_in_at=SIGNED_IN_AT - HALF_A_DAY).status == 200


def test_a16_an_old_sign_in_can_still_reject(backend, waiting):
    assert vote(backend, waiting, "reject", signed_in_at=1).status == 200


def test_a16_what_was_decided_is_answered_again_whenever_one_signed_in(backend, waiting):
    assert vote(backend, waiting, "approve", signed_in_at=SIGNED_IN_AT).status == 200
    assert vote(backend, waiting, "approve", signed_in_at=1).status == 200
