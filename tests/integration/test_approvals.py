"""The inbox and one approval: who may read, what is shown, and that reading decides nothing."""

import pytest

from functions.shared.identifiers import new_id
from tests.support.fake_model import INSTANCE
from tests.support.gateway import claims_of, http_event


def opened(backend, *arguments, by="alice"):
    approval_id = backend.ask(*arguments, by=by)
    backend.open(approval_id)
    return approval_id


def inbox(backend, by="carol", **query):
    answer = backend.http("GET /approvals", by=by, query=query)
    assert answer.status == 200, answer.text
    return answer.json


def one(backend, approval_id, by="carol", **headers):
    return backend.http(
        "GET /approvals/{approval_id}", by=by, approval_id=approval_id, headers=headers
    )


def test_the_inbox_holds_what_waits_newest_first_page_by_page(backend):
    made = []
    for _ in range(5):
        made.append(opened(backend))
        backend.clock.turn(1)
    first = inbox(backend, limit="3")
    rest = inbox(backend, limit="3", after=first["after"])
    rows = first["approvals"] + rest["approvals"]
    assert [row["id"] for row in rows] == made[::-1]
    assert rest["after"] is None
    assert rows[0] == {
        "id": made[4],
        "status": "pending",
        "agent": "ec2",
        "summary": "Start 1 × t2.micro from ami-012261b9035f8f938",
        "account": {"id": "123456789012", "alias": ""},
        "region": "us-east-1",
        "in_aws": True,
        "launch": "live",
        "practice": False,
        "price": None,
        "requester": {"name": "Alice", "email": "alice@example.com"},
        "created_at": "2026-11-21T03:00:04Z",
        "expires_at": "2026-11-21T04:00:04Z",
        "mine": False,
        "can_decide": True,
    }


@pytest.mark.parametrize(
    ("reader", "sees", "can_decide"),
    [
        ("alice", True, False),
        ("bob", True, True),
        ("carol", True, True),
        ("erin", True, False),
        ("dave", False, False),
    ],
)
def test_approvers_auditors_and_the_requester_read_an_approval_others_do_not(
    backend, reader, sees, can_decide
):
    approval_id = opened(backend)
    answer = one(backend, approval_id, by=reader)
    rows = inbox(backend, by=reader)["approvals"]
    assert [row["id"] for row in rows] == ([approval_id] if sees else [])
    if not sees:
        unknown = one(backend, new_id(), by=reader)
        assert (answer.status, answer.json["detail"]) == (404, unknown.json["detail"])
        return
    assert answer.json["mine"] is (reader == "alice")
    assert answer.json["can_decide"] is can_decide
    assert rows[0]["can_decide"] is can_decide


def test_an_approver_cannot_decide_their_own_request_and_the_page_says_so(backend):
    approval_id = opened(backend, by="bob")
    shown = one(backend, approval_id, by="bob").json
    assert (shown["mine"], shown["can_decide"]) == (True, False)


def test_everything_the_page_needs_comes_from_the_stored_plan(backend):
    approval_id = opened(backend, INSTANCE)
    approval = backend.approval(approval_id)
    shown = one(backend, approval_id).json
    assert shown["digest"] == approval.digest
    assert shown["plan"] == approval.plan_value()
    assert "proceed? (y/n): " in shown["confirmation"]
    call_id = approval.calls()[0]["id"]
    assert [(fact["label"], fact["value"], fact["source"]) for fact in shown["facts"]] == [
        ("Account", "123456789012", "operator"),
        ("Region", "us-east-1", "operator"),
        ("AMI ID", INSTANCE["image_id"], "model"),
        ("Instance type", "t2.micro", "model"),
        ("Key pair name", "kondo", "model"),
    ]
    assert [fact.get("call") for fact in shown["facts"]] == [None, None, *[call_id] * 3]
    assert {fact["level"] for fact in shown["facts"]} == {"plain"}
    assert shown["account"] == {"id": "123456789012", "alias": ""}
    assert (shown["region"], shown["target"], shown["time_zone"]) == ("us-east-1", "default", "UTC")
    assert (shown["lease"], shown["price"]) == ({"hours": 8}, None)
    assert shown["sentence"] == "Start 1 × t2.micro in 123456789012, us-east-1, for 8 hours."
    assert shown["request_words"] == "kondo"
    assert [person["name"] for person in shown["deciders"]] == ["Bob", "Carol"]
    assert shown["conversation_id"] is None
    assert one(backend, approval_id, by="alice").json["conversation_id"] == approval.conversation_id


def test_reading_it_however_often_and_however_dressed_changes_nothing(backend):
    approval_id = opened(backend)
    before = backend.approval(approval_id)
    for _ in range(10):
        for query in ({}, {"decision": "approve"}, {"_method": "POST", "approve": "1"}):
            event = http_event(
                "GET /approvals/{approval_id}",
                claims=backend.claims("carol"),
                parameters={"approval_id": approval_id},
                query=query,
                headers={"x-http-method-override": "POST"},
                body={"decision": "approve", "digest": before.digest},
            )
            assert backend.serve("approvals", event).status == 200
    assert backend.approval(approval_id) == before
    assert backend.states.answered == []


def test_an_unchanged_approval_is_304_and_a_decided_one_is_not(backend):
    approval_id = opened(backend)
    first = one(backend, approval_id)
    etag = first.headers["etag"]
    again = one(backend, approval_id, **{"if-none-match": etag})
    assert (again.status, again.text, again.headers["etag"]) == (304, "", etag)
    backend.decide(approval_id)
    assert one(backend, approval_id, **{"if-none-match": etag}).status == 200


def test_an_overdue_approval_reads_as_expired_before_anybody_settles_it(backend):
    approval_id = opened(backend)
    backend.clock.turn(3599)
    assert one(backend, approval_id).json["status"] == "pending"
    backend.clock.turn(1)
    shown = one(backend, approval_id).json
    assert (shown["status"], shown["can_decide"]) == ("expired", False)


def test_a_decided_approval_shows_who_decided_what_when_and_why(backend):
    approval_id = opened(backend, INSTANCE, {**INSTANCE, "key_name": "other"})
    first, second = (planned["id"] for planned in backend.approval(approval_id).calls())
    backend.decide(approval_id, calls=[{"id": second, "decision": "reject"}], reason="only one")
    shown = one(backend, approval_id, by="erin").json
    [decision] = shown["decisions"]
    verdicts = decision.pop("calls")
    assert {one["id"]: one["decision"] for one in verdicts} == {first: "approve", second: "reject"}
    assert decision == {
        "decision": "approve",
        "by": {"name": "Carol", "email": "carol@example.com"},
        "at": "2026-11-21T03:00:00Z",
        "reason": "only one",
        "self_confirmed": False,
    }
    assert [call["decision"] for call in shown["calls"]] == ["approve", "reject"]


@pytest.mark.parametrize(
    "query", [{"status": "all"}, {"status": ""}, {"limit": "0"}, {"limit": "1000"}, {"after": "x"}]
)
def test_a_query_that_means_nothing_is_400(backend, query):
    assert backend.http("GET /approvals", by="carol", query=query).status == 400


def test_the_inbox_of_a_status_holds_only_that_status(backend):
    waiting, rejected = opened(backend), opened(backend)
    backend.decide(rejected, "reject")
    assert [row["id"] for row in inbox(backend)["approvals"]] == [waiting]
    assert [row["id"] for row in inbox(backend, status="rejected")["approvals"]] == [rejected]


@pytest.mark.parametrize("position", range(26))
def test_each_character_of_an_id_counts(backend, position):
    approval_id = opened(backend)
    other = "a" if approval_id[position] != "a" else "b"
    changed = approval_id[:position] + other + approval_id[position + 1 :]
    assert one(backend, changed).status == 404


def test_an_id_token_reads_nothing(backend):
    approval_id = opened(backend)
    carol = backend.human("carol")
    event = http_event(
        "GET /approvals/{approval_id}",
        claims=claims_of(carol.sub, carol.groups, use="id"),
        parameters={"approval_id": approval_id},
    )
    assert backend.serve("approvals", event).status == 401
