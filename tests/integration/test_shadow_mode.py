"""Shadow mode: the whole loop, with the rehearsal as the launch; nothing is started, and everybody is told."""

import pytest
from botocore.exceptions import ReadTimeoutError

from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.rehearse import RehearsalLaunched
from functions.shared.approved_call import client_token
from functions.shared.errors import TemporarilyUnavailable
from tests.support.account import ACCOUNT_ID, ORIGIN, REGION, freeze
from tests.support.budgeted import limit, live, used
from tests.support.counted import counted
from tests.support.fake_ec2 import Lost
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.fake_states import client_error
from tests.support.modes import switch
from tests.support.stories import approved_request, opened_request, outcomes, told

SENTENCE = "Shadow mode: nothing is started, whatever is decided; AWS is only asked whether it would have worked."
TAKEN = "Shadow mode: AWS would have taken this. Nothing was started."
FROZEN = '{"frozen": true, "reason": "a key leaked", "by": "Olga", "at": "2026-11-21T03:05:00Z"}'
TIME_OUT = ReadTimeoutError(endpoint_url="https://ec2.us-east-1.amazonaws.com")


@pytest.fixture
def shadow(monkeypatch, backend):
    """The rooms of a deployment in shadow mode."""
    switch(monkeypatch, backend, "dry_run")
    return backend


def ended(backend, approval_id):
    """The approval is closed; status and result of its one call."""
    backend.record(approval_id)
    [outcome] = outcomes(backend, approval_id)
    return outcome


def mails(backend, approval_id):
    """Everybody's mails about an approval that nobody has read yet."""
    everybody = [mail for mails in backend.account.mails_of_all().values() for mail in mails]
    return [mail for mail in everybody if approval_id in mail["text"]]


def nothing_ran(backend):
    return backend.ec2.requests == [] and backend.ec2.ends == [] and backend.ec2.instances() == []


def test_what_was_approved_is_rehearsed_as_it_would_have_been_sent_and_nothing_starts(shadow):
    approval_id = approved_request(shadow)
    [before] = shadow.ec2.rehearsals
    assert shadow.launch(approval_id)["status"] == "succeeded"
    [_, after] = shadow.ec2.rehearsals
    assert nothing_ran(shadow)
    assert after["DryRun"] is True
    approval = shadow.approval(approval_id)
    launch = client_token(
        account=ACCOUNT_ID,
        region=REGION,
        approval_id=approval_id,
        call_id=approval.calls()[0]["id"],
        digest=approval.digest,
    )
    assert launch not in (before["ClientToken"], after["ClientToken"])
    tags = {tag["Key"]: tag["Value"] for tag in after["TagSpecifications"][0]["Tags"]}
    assert tags["countersign:approver"] == "carol@example.com"
    alike = set(before) - {"TagSpecifications", "ClientToken"}
    assert {name: after[name] for name in alike} == {name: before[name] for name in alike}


def test_the_conversation_is_told_what_would_have_happened(shadow):
    approval_id = approved_request(shadow)
    shadow.launch(approval_id)
    turn = told(shadow, approval_id)
    assert [one["result"] for one in turn["tool_calls"]] == [TAKEN]
    assert turn["approval"]["launch"] == "dry_run"
    assert turn["status"] == "completed"


def test_whoever_asks_is_told_the_mode_before_anybody_decides(shadow):
    approval_id = shadow.ask()
    [turn] = shadow.turns(shadow.approval(approval_id).conversation_id)
    assert SENTENCE in turn["reply"]
    assert shadow.approval(approval_id).plan_value()["launch"] == "dry_run"


def test_page_inbox_and_mails_say_the_mode(shadow):
    approval_id = opened_request(shadow)
    view = shadow.http("GET /approvals/{approval_id}", by="carol", approval_id=approval_id).json
    assert view["launch"] == "dry_run"
    assert SENTENCE in view["confirmation"]
    assert view["sentence"] == f"Rehearsal only: start 1 × t2.micro in {ACCOUNT_ID}, {REGION}."
    [row] = shadow.http("GET /approvals", by="carol", query={"status": "pending"}).json["approvals"]
    assert row["launch"] == "dry_run"


def test_the_mail_that_asks_and_the_mail_that_ends_say_the_mode(shadow):
    approval_id = shadow.ask()
    shadow.open(approval_id)
    asked = mails(shadow, approval_id)
    shadow.decide(approval_id)
    shadow.launch(approval_id)
    shadow.record(approval_id)
    over = mails(shadow, approval_id)
    assert asked
    assert over
    for mail in (*asked, *over):
        assert "8 hours" not in mail["text"]
        assert mail["subject"].startswith("[Countersign dev, shadow mode] ")
        assert SENTENCE in mail["text"]
        assert f"{ORIGIN}/a/{approval_id}" in mail["text"]
    assert all(TAKEN in mail["text"] for mail in over)


def test_a_live_deployment_says_nothing_of_it_and_its_plan_is_as_it_always_was(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    assert "launch" not in backend.approval(approval_id).plan_value()
    sent = mails(backend, approval_id)
    assert sent
    assert not any("hadow" in mail["subject"] + mail["text"] for mail in sent)
    view = backend.http("GET /approvals/{approval_id}", by="carol", approval_id=approval_id).json
    assert view["launch"] == "live"
    assert "hadow" not in view["confirmation"]


def test_what_aws_would_refuse_by_now_has_failed_and_nothing_started(shadow):
    approval_id = approved_request(shadow)
    shadow.ec2.rehearsal_faults = [client_error("InvalidKeyPair.NotFound", "RunInstances")]
    assert shadow.launch(approval_id)["status"] == "failed"
    assert told(shadow, approval_id)["tool_calls"][0]["result"] == (
        "Shadow mode: AWS would refuse the launch: the key pair does not exist in this region "
        "(InvalidKeyPair.NotFound). Nothing was started."
    )


@pytest.mark.parametrize(
    "fault", [TIME_OUT, client_error("InternalError", "RunInstances", status=500)], ids=str
)
def test_an_unclear_answer_is_asked_for_again_and_never_becomes_an_unknown_outcome(shadow, fault):
    approval_id = approved_request(shadow)
    shadow.ec2.rehearsal_faults = [fault]
    with pytest.raises(TemporarilyUnavailable):
        shadow.launch(approval_id)
    assert shadow.launch(approval_id)["status"] == "succeeded"
    assert nothing_ran(shadow)


def test_a_rehearsal_without_any_answer_ends_as_failed_since_nothing_can_have_started(shadow):
    approval_id = approved_request(shadow)
    shadow.ec2.rehearsal_faults = [TIME_OUT]
    with pytest.raises(TemporarilyUnavailable):
        shadow.launch(approval_id)
    turn = told(shadow, approval_id)
    [outcome] = turn["tool_calls"]
    assert outcome["status"] == "failed"
    assert outcome["result"].endswith("nothing was started.")


def test_an_ec2_that_does_not_honour_dryrun_fails_loudly(shadow):
    approval_id = approved_request(shadow)
    shadow.ec2.run_instances = lambda **_: {"Instances": [{"InstanceId": "i-1"}]}
    with pytest.raises(RehearsalLaunched):
        shadow.launch(approval_id)


def test_the_same_call_again_has_the_same_outcome_and_aws_is_not_asked_again(shadow):
    approval_id = approved_request(shadow)
    assert shadow.launch(approval_id) == shadow.launch(approval_id)
    assert len(shadow.ec2.rehearsals) == 2


def test_another_try_that_was_sent_meanwhile_is_not_overwritten(shadow):
    approval_id = approved_request(shadow)
    room, dry_run = shadow.rooms["launch_instance"], shadow.ec2.run_instances
    [call_id] = [one["id"] for one in shadow.approval(approval_id).calls()]

    def sent_meanwhile(**request):
        room.ledger.send_again(approval_id, call_id)
        return dry_run(**request)

    shadow.ec2.run_instances = sent_meanwhile
    with pytest.raises(LaunchAmbiguous):
        shadow.launch(approval_id)
    row = room.ledger.read(approval_id, call_id)
    assert (row.status, row.sent) == ("launching", True)


def test_it_is_counted_as_shadowed_and_as_nothing_that_was_launched(shadow, capsys):
    approval_id = approved_request(shadow)
    counted(capsys)
    shadow.launch(approval_id)
    assert counted(capsys) == ["LaunchesShadowed"]


def test_there_is_no_lease_and_nothing_lives_but_a_launch_of_the_day_is_used(monkeypatch, shadow):
    limit(monkeypatch, shadow, launches=1, live_instances=1)
    approval_id = approved_request(shadow)
    shadow.launch(approval_id)
    room = shadow.rooms["launch_instance"]
    [row] = room.ledger.rows(approval_id).values()
    assert (row.status, row.sent, row.instance_id) == ("succeeded", False, "")
    assert room.leases.get(approval_id, row.call_id) is None
    assert live() == set()
    assert used(shadow)["launches"] == 1
    over = approved_request(shadow, {**INSTANCE, "instance_type": "t3.micro"})
    shadow.launch(over)
    status, text = ended(shadow, over)
    assert status == "denied"
    assert "used today's budget of 1 launch" in text


def test_the_audit_holds_it_like_any_other(shadow):
    approval_id = approved_request(shadow)
    shadow.launch(approval_id)
    shadow.record(approval_id)
    assert [row["event"] for row in shadow.audit(approval_id)][-2:] == ["decided", "closed"]


def test_a_frozen_deployment_does_not_even_rehearse(shadow):
    approval_id = approved_request(shadow)
    freeze(FROZEN)
    shadow.launch(approval_id)
    status, text = ended(shadow, approval_id)
    assert status == "denied"
    assert "frozen" in text.lower()
    assert len(shadow.ec2.rehearsals) == 1


@pytest.fixture
def running(monkeypatch, backend):
    """An instance that was started before shadow mode was switched on."""
    launched = approved_request(backend)
    backend.launch(launched)
    backend.record(launched)
    [instance] = backend.ec2.instances()
    backend.ec2.requests.clear()
    switch(monkeypatch, backend, "dry_run")
    return instance["InstanceId"]


def asked_for(backend, operation, arguments):
    backend.model.says(calls(call(arguments, name=operation)))
    approval_id = backend.chat("please").json["approval"]["id"]
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    return approval_id


@pytest.mark.parametrize(("verb", "done"), [("stop", "stopped"), ("terminate", "terminated")])
def test_an_instance_s_end_is_rehearsed_and_its_lease_stays_as_it_is(backend, running, verb, done):
    approval_id = asked_for(backend, f"{verb}_instances", {"instance_id": running})
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert backend.ec2.ends == []
    [instance] = backend.ec2.instances()
    assert instance["State"]["Name"] == "running"
    turns = backend.turns(backend.approval(approval_id).conversation_id)
    backend.record(approval_id)
    [*_, turn] = backend.turns(backend.approval(approval_id).conversation_id)
    assert len(turns) == 1
    expected = f"Shadow mode: AWS would have taken this. Nothing was {done}."
    assert turn["tool_calls"][0]["result"] == expected


def test_what_aws_cannot_rehearse_is_not_done(backend, running):
    approval_id = asked_for(backend, "extend_lease", {"instance_id": running, "hours": 2})
    assert backend.launch(approval_id)["status"] == "denied"
    backend.record(approval_id)
    [turn] = backend.turns(backend.approval(approval_id).conversation_id)
    assert turn["tool_calls"][0]["result"] == "Not done: shadow mode. Nothing was extended."


# A plan of one mode and the other mode


def test_a_request_of_shadow_mode_is_never_launched_live(monkeypatch, shadow):
    approval_id = approved_request(shadow)
    switch(monkeypatch, shadow, "live")
    assert shadow.launch(approval_id)["status"] == "denied"
    assert nothing_ran(shadow)
    _, text = ended(shadow, approval_id)
    assert text == (
        "This was asked for in shadow mode, and launches are live now; ask again. Nothing was started."
    )


def test_a_live_request_is_rehearsed_in_shadow_mode_and_told_so(monkeypatch, backend):
    approval_id = approved_request(backend)
    switch(monkeypatch, backend, "dry_run")
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert nothing_ran(backend)
    _, text = ended(backend, approval_id)
    assert text == f"{TAKEN} It was asked for before shadow mode was switched on."


def test_a_launch_that_went_out_before_shadow_mode_is_looked_for_and_never_sent_again(
    monkeypatch, backend
):
    approval_id = approved_request(backend)
    backend.ec2.faults = [Lost(TIME_OUT)]
    backend.ec2.describe_instances = lambda **_: {"Reservations": []}
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    assert len(backend.ec2.requests) == 1
    switch(monkeypatch, backend, "dry_run")
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    del backend.ec2.describe_instances
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert len(backend.ec2.requests) == 1
    [instance] = backend.ec2.instances()
    _, text = ended(backend, approval_id)
    assert instance["InstanceId"] in text


def test_a_launch_that_went_out_unseen_is_not_even_rehearsed_in_shadow_mode(monkeypatch, backend):
    approval_id = approved_request(backend)
    backend.ec2.faults = [Lost(TIME_OUT)]
    backend.ec2.describe_instances = lambda **_: {"Reservations": []}
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    switch(monkeypatch, backend, "dry_run")
    ledger = type(backend.rooms["launch_instance"].ledger)
    reads = [ledger.read, lambda *_: None]
    monkeypatch.setattr(ledger, "read", lambda *key: reads.pop()(*key))
    rehearsals = len(backend.ec2.rehearsals)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    assert len(backend.ec2.rehearsals) == rehearsals


def test_a_rehearsal_that_got_no_answer_is_no_launch_once_launches_are_live(monkeypatch, shadow):
    approval_id = approved_request(shadow)
    shadow.ec2.rehearsal_faults = [TIME_OUT]
    with pytest.raises(TemporarilyUnavailable):
        shadow.launch(approval_id)
    switch(monkeypatch, shadow, "live")
    assert shadow.launch(approval_id)["status"] == "denied"
    assert nothing_ran(shadow)
