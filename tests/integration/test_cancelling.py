"""Taking a request back: the requester alone, while nobody has decided it."""

import pytest

from tests.support.backend import TIMEOUT_SECONDS

CANCEL = "POST /approvals/{approval_id}/cancel"


@pytest.fixture
def approval_id(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    return approval_id


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


def test_the_requester_takes_a_request_back_and_again_is_the_same(backend, approval_id):
    for _ in range(2):
        answer = backend.cancel(approval_id)
        assert (answer.status, answer.json["status"]) == (200, "cancelled")
    assert backend.approval(approval_id).ended_by == "The requester took it back."
    assert [output["status"] for _, output in backend.states.answered] == ["cancelled"]
    refused(backend.decide(approval_id), 409, "already_closed")


def test_a_request_still_being_prepared_can_be_taken_back(backend):
    approval_id = backend.ask()
    assert backend.cancel(approval_id).json["status"] == "cancelled"


def test_a_requester_whose_account_was_disabled_meanwhile_still_takes_it_back(backend, approval_id):
    backend.account.disable(backend.human("alice"))
    assert backend.cancel(approval_id).status == 200


@pytest.mark.parametrize("by", ["carol", "bob", "dave", "erin"])
def test_nobody_else_takes_it_back(backend, approval_id, by):
    refused(backend.cancel(approval_id, by=by), 404, "not_found")
    assert backend.approval(approval_id).status == "pending"


def test_a_decided_or_overdue_request_cannot_be_taken_back(backend, approval_id):
    other = backend.ask()
    backend.open(other)
    backend.decide(approval_id)
    refused(backend.cancel(approval_id), 409, "already_decided")
    backend.clock.turn(TIMEOUT_SECONDS)
    refused(backend.cancel(other), 409, "already_closed")
    backend.settle(other)
    refused(backend.cancel(other), 409, "already_closed")


def test_cancelling_from_another_site_is_refused(backend, approval_id):
    answer = backend.http(
        CANCEL, body={}, headers={"origin": "https://evil.example"}, approval_id=approval_id
    )
    refused(answer, 403, "not_allowed")
    refused(backend.http(CANCEL, body={"force": True}, approval_id=approval_id), 400, "bad_request")
