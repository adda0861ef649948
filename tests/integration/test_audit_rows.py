"""Each transition is one row, written with it or not at all; people read it with names."""

from dataclasses import replace

import pytest

import functions.chat.handler
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.approval_item import attributes
from functions.shared.audit_chain import verify_record
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.plan import digest_of
from tests.support.account import APPROVALS, AUDIT, CONVERSATIONS, TASK_TOKENS
from tests.support.backend import TIMEOUT_SECONDS
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.stories import approved_request, opened_request


def events(backend, approval_id):
    """What happened, by whom; chain and record are verified on the way."""
    rows = backend.audit(approval_id)
    assert verify_record(backend.approval(approval_id), rows) == []
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    return [(row["event"], row["actor"]) for row in rows]


def launched(backend, approval_id):
    backend.decide(approval_id)
    backend.launch(approval_id)


def expired(backend, approval_id):
    backend.clock.turn(TIMEOUT_SECONDS)
    backend.settle(approval_id)


STORIES = {
    "approved": (launched, [("decided", "carol")]),
    "rejected": (lambda b, one: b.decide(one, "reject", reason="no"), [("decided", "carol")]),
    "cancelled": (lambda b, one: b.cancel(one), [("cancelled", "alice")]),
    "expired": (expired, [("expired", "decide_approval")]),
    "unreached": (lambda b, one: b.settle(one), [("failed", "decide_approval")]),
    "aborted": (
        lambda b, one: b.execution_ended(one, "ABORTED"),
        [("cancelled", "record_outcome")],
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_every_story_leaves_one_row_per_transition_and_a_chain_that_verifies(backend, story):
    end, ending = STORIES[story]
    approval_id = opened_request(backend)
    end(backend, approval_id)
    backend.record(approval_id)
    backend.record(approval_id)
    subs = {human.sub: name for name, human in backend.account.humans.items()}
    told = [(event, subs.get(actor, actor)) for event, actor in events(backend, approval_id)]
    assert told == [
        ("requested", "alice"),
        ("opened", "request_approval"),
        *ending,
        ("closed", "record_outcome"),
    ]


def test_a_denied_request_leaves_its_reason(backend):
    approval_id = backend.ask()
    backend.found(approval_id, complaints=[{"code": "x", "text": "The AMI does not exist."}])
    backend.rehearse(approval_id)
    with pytest.raises(NobodyToAsk):
        backend.request(approval_id)
    assert events(backend, approval_id)[-1] == ("denied", "request_approval")
    assert backend.audit(approval_id)[-1]["details"] == {"ended_by": "The AMI does not exist."}


def test_the_rows_hold_the_plan_as_it_was_shown_and_the_decision_with_its_seal(backend):
    approval_id = approved_request(backend)
    approval = backend.approval(approval_id)
    _, opened, decided = backend.audit(approval_id)
    assert opened["details"]["plan"] == approval.plan
    assert digest_of(opened["details"]["plan"]) == opened["details"]["digest"] == approval.digest
    assert decided["details"]["seal"]["key"] == backend.account.seal_key
    assert decided["details"]["digest"] == approval.digest


def test_no_row_holds_what_was_said_in_the_chat(backend):
    backend.model.says(calls(call(), words="the-models-canary"))
    answer = backend.chat("the-persons-canary please")
    approval_id = answer.json["approval"]["id"]
    backend.open(approval_id)
    launched(backend, approval_id)
    backend.record(approval_id)
    assert "canary" not in str(backend.audit(approval_id))


# a row that cannot be written: nothing happens


def take_the_next_row(approval_id, number):
    """The audit refuses the row that would be written next, since one stands there."""
    item = {"pk": approval_id, "sk": f"{number:06d}", "event": "taken"}
    client("dynamodb").put_item(TableName=AUDIT, Item=attributes(item))


def stored(approval_id):
    key = {"pk": {"S": approval_id}, "sk": {"S": "approval"}}
    return client("dynamodb").get_item(TableName=APPROVALS, Key=key)["Item"]


def test_a_request_whose_first_row_is_refused_is_not_stored_and_starts_nothing(
    backend, monkeypatch
):
    known = replace(functions.chat.handler.deps(), new_id=lambda: "a" * 26)
    monkeypatch.setattr(functions.chat.handler, "deps", lambda: known)
    take_the_next_row("a" * 26, 1)
    backend.model.says(calls(call()))
    answer = backend.chat("kondo")
    assert answer.status >= 500
    assert client("dynamodb").scan(TableName=APPROVALS)["Count"] == 0
    assert backend.states.executions == {}


def test_a_request_whose_row_is_refused_is_not_opened(backend):
    approval_id = backend.ask()
    before = stored(approval_id)
    take_the_next_row(approval_id, 2)
    with pytest.raises(TemporarilyUnavailable):
        backend.open(approval_id)
    assert stored(approval_id) == before
    assert client("dynamodb").scan(TableName=TASK_TOKENS)["Count"] == 0
    assert backend.account.mails_of_all() == {}


def test_a_decision_whose_row_is_refused_is_not_made(backend):
    approval_id = opened_request(backend)
    before = stored(approval_id)
    take_the_next_row(approval_id, 3)
    answer = backend.decide(approval_id)
    assert (answer.status, answer.json["code"]) == (503, "still_changing")
    assert stored(approval_id) == before
    assert backend.states.answered == []


def test_a_request_whose_row_is_refused_is_not_taken_back(backend):
    approval_id = opened_request(backend)
    before = stored(approval_id)
    take_the_next_row(approval_id, 3)
    assert backend.cancel(approval_id).status == 503
    assert stored(approval_id) == before


def test_a_closing_whose_row_is_refused_tells_nobody(backend):
    approval_id = opened_request(backend)
    backend.decide(approval_id, "reject")
    before = stored(approval_id)
    items = client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
    take_the_next_row(approval_id, 4)
    with pytest.raises(TemporarilyUnavailable):
        backend.record(approval_id)
    assert stored(approval_id) == before
    assert client("dynamodb").scan(TableName=CONVERSATIONS)["Items"] == items
    assert backend.account.mails_of_all() == {}


# an attempt on one's own request


def test_an_attempt_on_one_s_own_request_is_noted_once_whatever_was_tried(backend):
    approval_id = opened_request(backend, by="bob")
    for decision in ("approve", "reject", "approve"):
        assert backend.decide(approval_id, decision, by="bob").status == 403
    bob = backend.human("bob").sub
    assert events(backend, approval_id)[2:] == [("own_request_refused", bob)]
    assert backend.decide(approval_id).status == 200


def test_an_attempt_that_meets_another_transition_is_refused_all_the_same(backend, monkeypatch):
    approval_id = opened_request(backend, by="bob")
    approvals = backend.rooms["decide_approval"].approvals
    note = approvals.note_items

    def after_carol(*arguments, **more):
        monkeypatch.setattr(approvals, "note_items", note)
        assert backend.decide(approval_id).status == 200
        return note(*arguments, **more)

    monkeypatch.setattr(approvals, "note_items", after_carol)
    assert backend.decide(approval_id, by="bob").status == 403
    assert [event for event, _ in events(backend, approval_id)][-1] == "decided"


# as people read it


def history(backend, approval_id, by="carol"):
    answer = backend.http("GET /approvals/{approval_id}", by=by, approval_id=approval_id)
    assert answer.status == 200, answer.text
    return answer.json["history"]


def test_the_history_names_people_and_never_their_subjects(backend):
    approval_id = opened_request(backend, by="bob")
    backend.decide(approval_id, by="bob")
    backend.decide(approval_id, "reject", reason="not today")
    backend.record(approval_id)
    rows = history(backend, approval_id)
    assert [(row["event"], row["by"], row["text"]) for row in rows] == [
        ("requested", "Bob", ""),
        ("opened", "request_approval", ""),
        ("own_request_refused", "Bob", ""),
        ("reject", "Carol", "not today"),
        ("closed", "record_outcome", ""),
    ]
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]
    for human in backend.account.humans.values():
        assert human.sub not in str(rows)


def test_whoever_acted_and_is_not_named_in_the_record_is_shown_without_a_subject(backend):
    """An approver who came later extends a lease, or a second account tries."""
    approval_id = opened_request(backend, by="bob")
    twin = backend.account.enroll("Bob B.", "bob2@example.com", ("approvers",))
    client("cognito-idp").admin_update_user_attributes(
        UserPoolId=backend.account.pool,
        Username=twin.sub,
        UserAttributes=[
            {"Name": "email", "Value": "BOB@Example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    backend.account.humans["twin"] = twin
    assert backend.decide(approval_id, by="twin").status == 403
    rows = history(backend, approval_id)
    assert rows[-1]["event"] == "own_request_refused"
    assert rows[-1]["by"] == "somebody else"
    assert twin.sub not in str(rows)


def test_the_history_grows_with_the_decision_s_own_answer(backend):
    approval_id = opened_request(backend, INSTANCE)
    answer = backend.decide(approval_id)
    assert [row["event"] for row in answer.json["history"]] == ["requested", "opened", "approve"]
