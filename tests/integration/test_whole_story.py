"""From the first message to the instance id in the conversation, handler by handler, as the workflow calls them."""

import json

from tests.support.account import MODEL_KEY, ORIGIN
from tests.support.backend import TIMEOUT_SECONDS, TOKEN
from tests.support.chat_completions import check_valid
from tests.support.fake_model import INSTANCE, call, calls


def asked_by_dialogue(backend):
    """The article's three messages; the approval's id."""
    backend.model.says(
        "Which AMI ID, instance type (t2.micro, t2.small, t3.micro, t3.small) and key pair?",
        "And the key pair name?",
        calls(call(INSTANCE)),
    )
    first = backend.chat("I want to run a new EC2 instance.").json
    conversation_id = first["conversation_id"]
    values = "AMI ID is ami-012261b9035f8f938. Instance type is t2.micro."
    backend.chat(values, conversation_id=conversation_id)
    turn = backend.chat("kondo", conversation_id=conversation_id).json
    assert turn["status"] == "awaiting_approval"
    return turn["approval"]["id"]


def finish(backend, approval_id):
    """What the workflow does after its wait, to its end."""
    for call_id in backend.settle(approval_id)["approved_calls"]:
        backend.launch(approval_id, call_id)
    backend.record(approval_id)
    backend.last_word(approval_id)


def test_ec2_13_22_an_approved_request_starts_one_instance_and_the_conversation_says_so(backend):
    approval_id = asked_by_dialogue(backend)
    backend.open(approval_id)
    assert set(backend.account.mails_of_all()) == {"bob@example.com", "carol@example.com"}
    assert backend.ec2.requests == []
    assert backend.decide(approval_id, by="alice").status == 403
    assert backend.decide(approval_id).status == 200
    backend.model.says("Your instance runs.")
    finish(backend, approval_id)
    [instance] = backend.ec2.instances()
    *_, turn = backend.turns(backend.approval(approval_id).conversation_id)
    assert instance["InstanceId"] in turn["reply"]
    assert turn["reply"].endswith("Your instance runs.")
    assert (turn["status"], turn["tool_calls"][0]["status"]) == ("completed", "succeeded")
    check_valid(backend.model.asked[-1].messages)
    results = [one for one in backend.model.asked[-1].messages if one["role"] == "tool"]
    assert len(results) == 1
    assert backend.decide(approval_id).status == 200
    assert backend.decide(approval_id, "reject").status == 409
    assert len(backend.ec2.requests) == 1
    assert set(backend.account.mails_of_all()) == {
        "alice@example.com",
        "bob@example.com",
        "carol@example.com",
    }


def test_ec2_19_a_rejected_request_starts_nothing_and_model_and_requester_hear_why(backend):
    approval_id = asked_by_dialogue(backend)
    backend.open(approval_id)
    backend.decide(approval_id, "reject", reason="use t3.micro")
    backend.model.says("Carol would rather have a t3.micro. Shall I ask for that?")
    finish(backend, approval_id)
    *_, turn = backend.turns(backend.approval(approval_id).conversation_id)
    assert "use t3.micro" in turn["reply"]
    assert "Shall I ask for that?" in turn["reply"]
    assert "use t3.micro" in backend.model.asked[-1].messages[-1]["content"]
    assert backend.ec2.requests == []


def test_ec2_18_an_unanswered_request_expires_and_a_late_vote_is_410(backend):
    approval_id = asked_by_dialogue(backend)
    backend.open(approval_id)
    backend.clock.turn(TIMEOUT_SECONDS)
    assert backend.decide(approval_id).status == 410
    backend.model.says("Nobody answered.")
    finish(backend, approval_id)
    assert backend.decide(approval_id).status == 410
    *_, turn = backend.turns(backend.approval(approval_id).conversation_id)
    assert turn["reply"].startswith("Nobody decided in time; nothing was started.")
    assert backend.ec2.requests == []


def test_no_secret_is_in_any_mail_transcript_view_log_or_request_to_the_model(backend, capsys):
    approval_id = asked_by_dialogue(backend)
    backend.open(approval_id)
    mails = backend.account.mails_of_all()
    backend.decide(approval_id, reason="fine")
    backend.model.says("Your instance runs.")
    finish(backend, approval_id)
    page = backend.http("GET /approvals/{approval_id}", by="carol", approval_id=approval_id).text
    conversation = backend.turns(backend.approval(approval_id).conversation_id)
    told = json.dumps([mails, backend.account.mails_of_all(), page, conversation])
    told += str([one.messages for one in backend.model.asked]) + str(capsys.readouterr())
    told += json.dumps(backend.states.executions) + json.dumps(backend.invoked)
    for secret in (TOKEN, MODEL_KEY):
        assert secret not in told
    link = f"{ORIGIN}/a/{approval_id}"
    assert told.count(link) == 5
