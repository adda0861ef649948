"""Who may decide a request, as the user pool says it at that moment."""

import pytest

from functions.shared.aws import client
from functions.shared.identifiers import new_id
from tests.support.gateway import claims_of, http_event

DECISION = "POST /approvals/{approval_id}/decision"


@pytest.fixture
def approval_id(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    return approval_id


def refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer


def test_nobody_decides_their_own_request(backend):
    approval_id = backend.ask(by="bob")
    backend.open(approval_id)
    before = backend.approval(approval_id)
    refused(backend.decide(approval_id, by="bob"), 403, "own_request")
    refused(backend.decide(approval_id, "reject", by="bob"), 403, "own_request")
    after = backend.approval(approval_id)
    assert (after.status, after.decision) == ("pending", None)
    assert (after.plan, after.digest, after.expires_at) == (
        before.plan,
        before.digest,
        before.expires_at,
    )
    assert backend.states.answered == []
    assert backend.decide(approval_id).status == 200


def test_nobody_decides_their_own_request_through_a_second_account_with_their_address(backend):
    approval_id = backend.ask(by="bob")
    backend.open(approval_id)
    cognito = client("cognito-idp")
    twin = backend.account.enroll("Bob B.", "bob2@example.com", ("approvers",))
    cognito.admin_update_user_attributes(
        UserPoolId=backend.account.pool,
        Username=twin.sub,
        UserAttributes=[
            {"Name": "email", "Value": "BOB@Example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    backend.account.humans["twin"] = twin
    refused(backend.decide(approval_id, by="twin"), 403, "own_request")


def test_where_the_operator_allows_it_a_self_confirmation_is_stored_as_one(self_confirming):
    backend = self_confirming
    approval_id = backend.ask(by="alice")
    backend.open(approval_id)
    answer = backend.decide(approval_id, by="alice")
    assert answer.status == 200
    assert answer.json["decisions"][0]["self_confirmed"] is True
    assert backend.approval(approval_id).decision.self_confirmed


def test_a_stranger_gets_the_answer_of_an_unknown_id(backend, approval_id):
    stranger = refused(backend.decide(approval_id, by="dave"), 404, "not_found")
    body = {"decision": "approve", "digest": backend.approval(approval_id).digest}
    unknown = refused(
        backend.http(DECISION, by="dave", body=body, approval_id=new_id()), 404, "not_found"
    )
    assert stranger.json["detail"] == unknown.json["detail"]
    refused(backend.decide(approval_id, by="erin"), 404, "not_found")


def test_who_left_the_approvers_after_the_mail_cannot_decide_whatever_the_token_says(
    backend, approval_id
):
    carol = backend.human("carol")
    backend.account.leave_group(carol, "approvers")
    assert "approvers" in carol.groups
    refused(backend.decide(approval_id), 403, "not_an_approver")
    assert backend.approval(approval_id).status == "pending"


def test_who_became_an_approver_after_the_mail_can_decide(backend, approval_id):
    frank = backend.account.enroll("Frank", "frank@example.com", ("approvers",))
    backend.account.humans["frank"] = frank
    assert backend.decide(approval_id, by="frank").status == 200


def test_a_disabled_account_decides_nothing(backend, approval_id):
    backend.account.disable(backend.human("carol"))
    refused(backend.decide(approval_id), 403, "not_an_approver")
    assert backend.approval(approval_id).status == "pending"


def test_an_account_that_is_gone_decides_nothing(backend, approval_id):
    backend.account.are_people_changed = True
    client("cognito-idp").admin_delete_user(
        UserPoolId=backend.account.pool, Username=backend.human("carol").sub
    )
    refused(backend.decide(approval_id), 403, "not_an_approver")


def test_an_id_token_decides_nothing(backend, approval_id):
    carol = backend.human("carol")
    event = http_event(
        DECISION,
        claims=claims_of(carol.sub, carol.groups, use="id"),
        parameters={"approval_id": approval_id},
        body={"decision": "approve", "digest": backend.approval(approval_id).digest},
    )
    refused(backend.serve("decide_approval", event), 401, "wrong_token")
    assert backend.approval(approval_id).status == "pending"
