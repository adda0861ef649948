"""The caller's own conversations: the list, the transcript with live approvals, deletion."""

import pytest

from functions.shared.aws import client
from functions.shared.identifiers import new_id
from tests.support.account import CONVERSATIONS
from tests.support.fake_model import call, calls


def started(backend, message, *, by="alice"):
    backend.model.says("hi")
    return backend.chat(message, by=by).json["conversation_id"]


def listed(backend, by="alice", **query):
    answer = backend.http("GET /conversations", by=by, query=query)
    assert answer.status == 200, answer.text
    return answer.json


def read(backend, conversation_id, by="alice", **query):
    return backend.http(
        "GET /conversations/{conversation_id}", by=by, query=query, conversation_id=conversation_id
    )


def delete(backend, conversation_id, by="alice"):
    return backend.http(
        "DELETE /conversations/{conversation_id}", by=by, conversation_id=conversation_id
    )


def test_the_list_is_the_callers_own_newest_first_page_by_page(backend):
    made = []
    for number in range(5):
        made.append(started(backend, f"message {number}"))
        backend.clock.turn(1)
    started(backend, "of bob", by="bob")
    first = listed(backend, limit="2")
    second = listed(backend, limit="2", after=first["after"])
    third = listed(backend, limit="2", after=second["after"])
    rows = first["conversations"] + second["conversations"] + third["conversations"]
    assert [row["conversation_id"] for row in rows] == made[::-1]
    assert rows[0] == {
        "conversation_id": made[4],
        "title": "message 4",
        "agent": "ec2",
        "started_at": "2026-11-21T03:00:04Z",
    }
    assert third["after"] is None


def test_conversations_started_in_the_same_second_are_all_listed(backend):
    made = {started(backend, f"message {number}") for number in range(5)}
    first = listed(backend, limit="3")
    rest = listed(backend, limit="3", after=first["after"])
    assert {
        row["conversation_id"] for row in first["conversations"] + rest["conversations"]
    } == made


def test_a_place_in_another_persons_list_shows_only_ones_own(backend):
    started(backend, "of alice")
    started(backend, "of alice too")
    after = listed(backend, limit="1")["after"]
    assert listed(backend, by="bob", after=after)["conversations"] == []


@pytest.mark.parametrize(
    "after", ["x", "", "2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z_x", "#" * 47]
)
def test_a_place_that_is_none_is_400(backend, after):
    answer = backend.http("GET /conversations", query={"after": after})
    assert answer.status == 400


def test_a_title_is_the_beginning_of_the_first_message(backend):
    started(backend, "é" * 200)
    assert listed(backend)["conversations"][0]["title"] == "é" * 80


def test_a_transcript_is_read_in_pages_oldest_first_with_its_title(backend):
    conversation_id = started(backend, "message 1")
    for number in range(2, 8):
        backend.model.says("hi")
        backend.chat(f"message {number}", conversation_id=conversation_id)
    newest = read(backend, conversation_id, limit="3").json
    assert [turn["turn"] for turn in newest["turns"]] == [5, 6, 7]
    assert (newest["before"], newest["title"]) == (5, "message 1")
    middle = read(backend, conversation_id, limit="3", before="5").json
    assert [turn["turn"] for turn in middle["turns"]] == [2, 3, 4]
    oldest = read(backend, conversation_id, limit="3", before="2").json
    assert [turn["turn"] for turn in oldest["turns"]] == [1]
    assert (oldest["before"], oldest["title"]) == (None, "message 1")


@pytest.mark.parametrize("count", [9, 10, 11, 20])
def test_the_last_page_says_that_it_is_the_last_whatever_the_length(backend, count):
    conversation_id = started(backend, "message 1")
    for number in range(2, count + 1):
        backend.model.says("hi")
        backend.chat(f"message {number}", conversation_id=conversation_id)
    turns, before = [], None
    while True:
        query = {"limit": "1"} | ({"before": str(before)} if before else {})
        page = read(backend, conversation_id, **query).json
        turns = [*(turn["turn"] for turn in page["turns"]), *turns]
        before = page["before"]
        if before is None:
            break
    assert turns == list(range(1, count + 1))


def test_a_page_never_splits_a_turn_from_its_outcomes(backend):
    backend.model.says(calls(*(call() for _ in range(8))))
    turn = backend.chat("eight please").json
    approval_id, conversation_id = turn["approval"]["id"], turn["conversation_id"]
    backend.open(approval_id)
    backend.decide(approval_id, "reject")
    backend.settle(approval_id)
    backend.record(approval_id)
    backend.model.says("Too bad.")
    backend.last_word(approval_id)
    backend.model.says("hi")
    backend.chat("next", conversation_id=conversation_id)
    page = read(backend, conversation_id, limit="1", before="2").json
    assert [one["status"] for one in page["turns"][0]["tool_calls"]] == ["rejected"] * 8
    assert page["before"] is None


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_another_persons_conversation_is_404_like_an_unknown_one(backend, verb):
    conversation_id = started(backend, "mine")
    route = f"{verb} /conversations/{{conversation_id}}"
    theirs = backend.http(route, by="bob", conversation_id=conversation_id)
    unknown = backend.http(route, by="bob", conversation_id=new_id())
    assert (theirs.status, unknown.status) == (404, 404)
    assert theirs.json["detail"] == unknown.json["detail"]
    assert read(backend, conversation_id).status == 200


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
@pytest.mark.parametrize("conversation_id", ["..", "#", "%2e", "A" * 26, "x" * 10_240], ids=ascii)
def test_an_id_that_is_mangled_is_400(backend, verb, conversation_id):
    route = f"{verb} /conversations/{{conversation_id}}"
    assert backend.http(route, conversation_id=conversation_id).status == 400


def test_a_transcript_shows_the_live_state_of_its_approval(backend):
    approval_id = backend.ask()
    conversation_id = backend.approval(approval_id).conversation_id
    [turn] = backend.turns(conversation_id)
    assert turn["approval"]["status"] == "preparing"
    backend.open(approval_id)
    [turn] = backend.turns(conversation_id)
    assert turn["approval"]["status"] == "pending"
    assert [one["name"] for one in turn["approval"]["deciders"]] == ["Bob", "Carol"]
    assert turn["approval"]["expires_at"] == "2026-11-21T04:00:00Z"
    backend.decide(approval_id, "reject", reason="no")
    [turn] = backend.turns(conversation_id)
    assert (turn["approval"]["status"], turn["tool_calls"][0]["status"]) == ("rejected", "rejected")
    backend.record(approval_id)
    [turn] = backend.turns(conversation_id)
    assert turn["reply"] == "Carol rejected this; nothing was started. Reason: no"
    assert turn["status"] == "completed"
    assert turn["approval"]["closed_at"] == "2026-11-21T03:00:00Z"


def test_a_transcript_holds_no_secret_of_the_approval(backend):
    approval_id = backend.ask()
    backend.open(approval_id, token="task-token-canary")
    approval = backend.approval(approval_id)
    text = read(backend, approval.conversation_id).text
    for secret in ("task-token-canary", approval.digest, approval.plan_value()["random"]):
        assert secret not in text


def test_a_deleted_conversation_is_gone_with_every_item(backend):
    conversation_id = started(backend, "message")
    for _ in range(30):
        backend.model.says("hi")
        backend.chat("more", conversation_id=conversation_id)
    other = started(backend, "another")
    assert delete(backend, conversation_id).status == 204
    assert read(backend, conversation_id).status == 404
    assert [row["conversation_id"] for row in listed(backend)["conversations"]] == [other]
    items = client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
    assert not [item for item in items if conversation_id in item["pk"]["S"]]
    assert delete(backend, conversation_id).status == 404


@pytest.mark.parametrize("state", ["preparing", "pending", "approved"])
def test_a_conversation_with_a_request_that_waits_or_runs_is_not_deleted(backend, state):
    approval_id = backend.ask()
    conversation_id = backend.approval(approval_id).conversation_id
    if state != "preparing":
        backend.open(approval_id)
    if state == "approved":
        backend.decide(approval_id)
    answer = delete(backend, conversation_id)
    assert (answer.status, answer.json["code"]) == (409, "approval_pending")
    assert len(backend.turns(conversation_id)) == 1


def test_after_the_ending_it_can_be_deleted_and_the_approval_stays_for_the_auditor(backend):
    approval_id = backend.ask()
    conversation_id = backend.approval(approval_id).conversation_id
    backend.open(approval_id)
    backend.cancel(approval_id)
    backend.record(approval_id)
    assert delete(backend, conversation_id).status == 204
    assert backend.approval(approval_id).status == "cancelled"
    events = [row["event"] for row in backend.audit(approval_id)]
    assert events == ["requested", "opened", "cancelled", "closed"]


def test_a_conversation_that_is_being_answered_is_not_deleted(backend):
    from functions.chat.model import ModelTimeout

    backend.model.says(ModelTimeout())
    conversation_id = backend.chat("slow").json["conversation_id"]
    assert delete(backend, conversation_id).json["code"] == "turn_in_progress"
