"""Decisions: once, by the right person, in time; and what ends a request without one."""

import concurrent.futures
from decimal import Decimal

import pytest

from tests.story.test_launch import asks_for_an_instance

pytestmark = pytest.mark.story


def test_the_same_approval_again_is_answered_and_launches_nothing_more(story):
    """EC2-23."""
    approval = asks_for_an_instance(story)["approval"]["id"]
    bob = story.user("bob")
    first = bob.approves(approval)
    bob.sees_closed(approval)
    again = bob.decides(approval, "approve", digest=first["digest"])
    assert again.status_code == 200
    assert again.json()["decisions"] == first["decisions"]
    late = bob.decides(approval, "reject", digest=first["digest"])
    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    assert late.headers["x-should-retry"] == "false"
    other = story.user("carol").decides(approval, "approve", digest=first["digest"])
    assert other.status_code == 409
    assert len(story.launches(approval)) == 1


def test_of_many_decisions_at_once_exactly_one_wins(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    digest = story.user("bob").sees_approval(approval, "pending")["digest"]
    votes = [("bob", "approve"), ("bob", "reject"), ("carol", "approve"), ("carol", "reject")] * 4
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda vote: (vote, story.user(vote[0]).decides(approval, vote[1], digest=digest)),
                votes,
            )
        )
    taken = {vote for vote, answer in answers if answer.status_code == 200}
    assert len(taken) == 1
    assert {answer.status_code for _, answer in answers} == {200, 409}
    closed = story.user("bob").sees_closed(approval)
    [decision] = closed["decisions"]
    assert len(story.launches(approval)) == (1 if decision["decision"] == "approve" else 0)


def test_a_wrong_digest_a_missing_one_and_a_foreign_page_decide_nothing(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    bob = story.user("bob")
    digest = bob.sees_approval(approval, "pending")["digest"]
    path = f"/approvals/{approval}/decision"
    wrong = bob.decides(approval, "approve", digest="0" * 64)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "digest_differs")
    assert bob.request("POST", path, json={"decision": "approve"}).status_code == 400
    body = {"decision": "approve", "digest": digest}
    foreign = bob.request("POST", path, json=body, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    form = bob.request("POST", path, data=body)
    assert form.status_code == 415
    cookie = story.http.post(path, json=body, headers={"Cookie": "countersign=x"})
    assert cookie.status_code == 401
    assert bob.approval(approval)["status"] == "pending"


def test_the_requester_takes_a_request_back(story):
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    alice = story.user("alice")
    digest = story.user("bob").sees_approval(approval, "pending")["digest"]
    assert (
        story.user("bob").request("POST", f"/approvals/{approval}/cancel", json={}).status_code
        == 404
    )
    assert alice.cancels(approval)["status"] == "cancelled"
    late = story.user("bob").decides(approval, "approve", digest=digest)
    assert late.status_code == 409
    alice.sees_closed(approval)
    told = alice.sees_turn(turn["conversation_id"], "completed")
    assert told["tool_calls"][0]["status"] == "cancelled"
    assert story.launches(approval) == []


def test_a_conversation_with_a_waiting_request_is_not_deleted(story):
    turn = asks_for_an_instance(story)
    alice, path = story.user("alice"), f"/conversations/{turn['conversation_id']}"
    refused = alice.request("DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "approval_pending")
    alice.cancels(turn["approval"]["id"])
    alice.sees_closed(turn["approval"]["id"])
    alice.sees_turn(turn["conversation_id"], "completed")
    assert alice.request("DELETE", path).status_code == 204
    assert alice.request("GET", path).status_code == 404


def test_two_calls_in_one_answer_are_decided_one_by_one(story):
    """EC2-28."""
    first = {"image_id": "ami-012261b9035f8f938", "instance_type": "t2.micro", "key_name": "kondo"}
    second = {**first, "instance_type": "t3.small"}
    calls = [{"name": "run_instances", "arguments": one} for one in (first, second)]
    story.model.answers({"calls": calls})
    turn = story.user("alice").says("start two")
    approval = turn["approval"]["id"]
    assert turn["reply"].count("proceed? (y/n): ") == 2
    bob = story.user("bob")
    seen = bob.sees_approval(approval, "pending")
    assert seen["sentence"].startswith("Start 1 × t2.micro and 1 × t3.small in ")
    each = [Decimal(call["price"]["hourly"]) for call in seen["calls"]]
    assert (len(each), Decimal(seen["price"]["hourly"])) == (2, sum(each))
    rejected = [{"id": seen["calls"][1]["id"], "decision": "reject"}]
    taken = bob.decides(approval, "approve", calls=rejected, reason="one is enough")
    assert taken.status_code == 200
    closed = bob.sees_closed(approval)
    assert [call["outcome"]["status"] for call in closed["calls"]] == ["succeeded", "rejected"]
    assert "one is enough" in closed["calls"][1]["outcome"]["text"]
    [launch] = story.launches(approval)
    assert launch["parameters"]["InstanceType"] == "t2.micro"
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert [call["status"] for call in told["tool_calls"]] == ["succeeded", "rejected"]
    assert "one is enough" in told["tool_calls"][1]["result"]


def test_a_workflow_that_an_operator_aborts_is_told_and_cannot_be_approved(story):
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    digest = story.user("bob").sees_approval(approval, "pending")["digest"]
    machine = story.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:")
    story.aws.client("stepfunctions").stop_execution(executionArn=f"{machine}:{approval}")
    closed = story.user("alice").sees_closed(approval)
    assert (closed["status"], closed["decisions"]) == ("cancelled", [])
    assert story.rows.events(approval)[-2:] == ["cancelled", "closed"]
    late = story.user("bob").decides(approval, "approve", digest=digest)
    assert (late.status_code, late.json()["code"]) == (409, "already_closed")
    told = story.user("alice").sees_turn(turn["conversation_id"], "completed")
    assert "operator" in told["reply"]
    assert story.launches(approval) == []


def test_a_start_that_was_lost_is_made_up_by_the_sweep(story):
    """What a crash between the record and the workflow leaves is found in the record."""
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    story.user("bob").sees_approval(approval, "pending")
    lost = "b" * 26
    story.rows.copy_as_unstarted(approval, lost)

    def swept() -> dict:
        story.invoke("SweepFunction", {})
        return story.user("bob").approval(lost)

    seen = story.until(swept, lambda one: one["status"] == "pending")
    assert seen["digest"] == story.user("bob").approval(approval)["digest"]


def test_whoever_was_asked_is_reminded_once_at_half_time(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.user("bob").sees_approval(approval, "pending")
    story.rows.edit_approval(approval, due_at=1)
    story.invoke("SweepFunction", {})
    story.until(lambda: len(story.mails("carol@example.com", about=approval)) == 2)
    again = {"v": 2, "command": "remind", "approval_ids": [approval]}
    assert story.invoke("RequestApprovalFunction", again) == (None, "")
    for person in ("bob", "carol"):
        asked, reminder = story.until(
            lambda person=person: story.mails(f"{person}@example.com", about=approval),
            lambda mails: len(mails) == 2,
        )
        assert "Reminder" not in asked["subject"]
        assert "] Reminder, Alice: 1 x t2.micro in " in reminder["subject"]
        assert asked["text"] in reminder["text"].replace(
            "Reminder: nobody has decided this yet.\n\n", ""
        )
    assert story.mails("alice@example.com", about=approval) == []
    assert story.user("bob").approval(approval)["status"] == "pending"


def test_everyone_who_was_asked_and_the_requester_hear_how_it_ended(story):
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.user("carol").rejects(approval, "not on a Saturday")
    for person in ("alice", "bob", "carol"):
        story.until(
            lambda person=person: [
                mail
                for mail in story.mails(f"{person}@example.com", about=approval)
                if "rejected" in mail["subject"]
            ]
        )


def test_no_task_token_or_access_token_appears_in_logs_mails_or_history(story):
    turn = asks_for_an_instance(story)
    approval = turn["approval"]["id"]
    story.user("bob").approves(approval)
    story.user("bob").sees_closed(approval)
    tokens = [item["task_token"]["S"] for item in story.table("TaskTokensTable")]
    assert tokens
    secrets = [*tokens, *(story.user(name).token for name in ("alice", "bob", "carol"))]
    seen = [story.logs(name) for name in story.outputs if name.endswith("Function")]
    seen += [mail["text"] for mail in story.mails("bob@example.com")]
    seen.append(str(story.table("ConversationsTable")))
    assert [secret[:12] for secret in secrets if any(secret in text for text in seen)] == []
