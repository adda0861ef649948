"""The end of a lease in an account in this process: told in time, stopped, terminated, nothing else touched."""

import json

import pytest
from botocore.exceptions import EndpointConnectionError

import functions.end_lease.handler as room
from functions.shared.aws import client
from functions.shared.batch import SomeFailed
from functions.shared.lease import HOUR, KEPT_SECONDS, LeaseState
from tests.support.account import APPROVALS, STACK
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.leases import CALL_ID, Leases

DAY = 24 * HOUR


@pytest.fixture
def leases(account):
    return Leases(account)


def state_of(leases, approval, call_id=CALL_ID):
    return leases.of(approval, call_id).lease.state.value


def figures(capsys, name):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line[name] for line in lines if name in line]


def test_a_lease_is_warned_stopped_and_terminated_each_at_its_time(leases):
    approval = leases.launched(hours=8)
    instance_id = leases.of(approval).instance_id
    seen = []
    for hours in (6.9, 0.1, 0.9, 0.1, 24 * 7 - 0.1, 0.1, 1):
        leases.clock.turn(hours * HOUR)
        leases.step(approval)
        seen.append((state_of(leases, approval), leases.ec2.state(instance_id)))
    assert seen == [
        ("running", "running"), ("warned", "running"), ("warned", "running"),
        ("stopped", "stopped"), ("stopped", "stopped"),
        ("terminated", "terminated"), ("terminated", "terminated"),
    ]  # fmt: skip
    assert leases.ec2.changes == [
        ("stop_instances", instance_id),
        ("terminate_instances", instance_id),
    ]
    assert leases.events(approval) == [
        "requested", "lease_warned", "lease_stopped", "lease_terminated",
    ]  # fmt: skip
    leases.clock.turn(400 * DAY)
    assert leases.due() == []


def test_the_requester_and_everyone_who_was_asked_are_told_of_each_event_once(leases, account):
    approval = leases.launched(hours=8)
    instance_id = leases.of(approval).instance_id
    subjects = {}
    for hours in (7, 0.01, 1, 0.01, 24 * 7, 0.01):
        leases.clock.turn(hours * HOUR)
        leases.step(approval)
        for email, mails in account.mails_of_all().items():
            subjects.setdefault(email, []).extend(mail["subject"] for mail in mails)
            assert all(instance_id in mail["text"] for mail in mails)
    assert set(subjects) == {"alice@example.com", "bob@example.com", "carol@example.com"}
    for told in subjects.values():
        assert len(told) == 3
        assert "Stops 2026-11-21 11:00 UTC" in told[0]
        assert "Stopped" in told[1]
        assert "Terminated" in told[2]


def test_the_warning_says_how_to_keep_it_running(leases, account):
    approval = leases.launched(hours=8)
    leases.clock.turn(7 * HOUR)
    leases.step(approval)
    [mail] = account.mails("alice@example.com")
    instance_id = leases.of(approval).instance_id
    assert f"extend the lease of {instance_id} by 8 hours" in mail["text"]
    assert f"/a/{approval.id}" in mail["text"]


def test_the_index_finds_a_lease_when_it_is_due_and_only_then(leases):
    approval = leases.launched(hours=8)
    found = []
    for hours in (6.99, 0.01, 0.99, 0.01, 24 * 7 - 0.01, 0.02):
        leases.clock.turn(hours * HOUR)
        found.append(bool(leases.due()))
        leases.step(approval)
    assert found == [False, True, False, True, False, True]


@pytest.mark.parametrize(
    "tags",
    [
        {"countersign:approval": ""},
        {"countersign:stack": ""},
        {"countersign:approval": "anotherapprovalxxxxxxxxxxxx"},
        {"countersign:stack": "AnotherStack"},
        {"countersign:stack": STACK.lower()},
    ],
    ids=str,
)
def test_what_does_not_carry_its_tags_is_never_touched_and_rings(leases, tags, capsys):
    approval = leases.launched(tags=tags)
    instance_id = leases.of(approval).instance_id
    for hours in (7, 1, 24 * 7, 1):
        leases.clock.turn(hours * HOUR)
        leases.step(approval)
    assert leases.ec2.changes == []
    assert leases.ec2.state(instance_id) == "running"
    assert state_of(leases, approval) == "refused"
    assert figures(capsys, "LeasesRefused") == [[1.0]]
    assert leases.events(approval) == ["requested", "lease_refused"]
    assert leases.due() == []


def test_an_operator_keeps_a_stopped_instance_by_taking_its_tag_away(leases):
    approval = leases.launched()
    instance_id = leases.of(approval).instance_id
    leases.clock.turn(8 * HOUR)
    leases.step(approval)
    client("ec2").delete_tags(Resources=[instance_id], Tags=[{"Key": "countersign:approval"}])
    leases.clock.turn(KEPT_SECONDS)
    leases.step(approval)
    assert leases.ec2.state(instance_id) == "stopped"
    assert state_of(leases, approval) == "refused"


def test_an_instance_that_somebody_terminated_is_gone_and_nobody_is_mailed(leases, account):
    approval = leases.launched()
    client("ec2").terminate_instances(InstanceIds=[leases.of(approval).instance_id])
    leases.clock.turn(7 * HOUR)
    leases.step(approval)
    assert state_of(leases, approval) == "gone"
    assert leases.events(approval) == ["requested", "lease_gone"]
    assert account.mails_of_all() == {}
    assert leases.due() == []


def test_an_instance_that_ec2_does_not_show_yet_is_not_given_up(leases, monkeypatch):
    approval = leases.launched(hours=1)
    monkeypatch.setattr(leases.ec2, "describe_instances", lambda **_: {"Reservations": []}, False)
    leases.step(approval)
    assert state_of(leases, approval) == "running"
    leases.clock.turn(15 * 60)
    leases.step(approval)
    assert state_of(leases, approval) == "gone"


@pytest.mark.parametrize("operation", ["describe_instances", "stop_instances"])
@pytest.mark.parametrize(
    "error",
    [client_error("RequestLimitExceeded"), client_error("UnauthorizedOperation"),
     EndpointConnectionError(endpoint_url="ec2")],
    ids=["throttled", "refused", "unreachable"],
)  # fmt: skip
def test_what_ec2_does_not_do_now_stays_due_and_is_done_later(leases, operation, error):
    approval = leases.launched()
    leases.clock.turn(8 * HOUR)
    leases.ec2.faults[operation] = [error]
    leases.step(approval)
    assert leases.ec2.state(leases.of(approval).instance_id) == "running"
    assert leases.due() == [(approval.id, f"call#{CALL_ID}")]
    leases.clock.turn(60)
    leases.step(approval)
    assert leases.ec2.state(leases.of(approval).instance_id) == "stopped"
    assert leases.events(approval)[1:] == ["lease_stopped"]


@pytest.mark.parametrize("step", ["stop", "terminate"])
def test_a_crash_after_ec2_acted_is_made_good_without_a_second_event(leases, monkeypatch, step):
    approval = leases.launched()
    leases.clock.turn(8 * HOUR)
    if step == "terminate":
        leases.step(approval)
        leases.clock.turn(KEPT_SECONDS)
    with monkeypatch.context() as patch:
        patch.setattr(leases.table, "move", crash)
        with pytest.raises(SomeFailed):
            leases.step(approval)
    leases.clock.turn(60)
    leases.step(approval)
    done = {"stop": "stopped", "terminate": "terminated"}[step]
    assert state_of(leases, approval) == done
    assert leases.events(approval).count(f"lease_{done}") == 1


def test_a_crash_before_the_mails_sends_them_a_minute_later(leases, account, monkeypatch):
    approval = leases.launched()
    leases.clock.turn(7 * HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(leases.ending.channel, "send", crash)
        with pytest.raises(SomeFailed):
            leases.step(approval)
    assert leases.due() == []
    leases.clock.turn(60)
    assert leases.due() == [(approval.id, f"call#{CALL_ID}")]
    leases.step(approval)
    assert [len(mails) for mails in account.mails_of_all().values()] == [1, 1, 1]
    leases.clock.turn(60)
    assert leases.due() == []


def test_a_crash_between_mails_and_mark_repeats_the_warning_and_loses_none(
    leases, account, monkeypatch
):
    approval = leases.launched()
    leases.clock.turn(7 * HOUR)
    with monkeypatch.context() as patch:
        patch.setattr(leases.table, "mark_told", crash)
        with pytest.raises(SomeFailed):
            leases.step(approval)
    leases.clock.turn(60)
    leases.step(approval)
    leases.step(approval)
    assert [len(mails) for mails in account.mails_of_all().values()] == [2, 2, 2]
    assert leases.events(approval) == ["requested", "lease_warned"]


def test_mails_that_cannot_be_sent_do_not_hold_up_the_stop(leases, monkeypatch):
    approval = leases.launched()

    def refused(*_):
        raise client_error("InternalError")

    monkeypatch.setattr(leases.ending.channel, "send", refused)
    for hours in (7, 0.02, 0.98):
        leases.clock.turn(hours * HOUR)
        assert leases.due() != []
        leases.step(approval)
    assert state_of(leases, approval) == "stopped"


def test_without_its_audit_row_no_step_is_written_down(leases, monkeypatch):
    approval = leases.launched()
    leases.clock.turn(7 * HOUR)
    client("dynamodb").put_item(
        TableName="audit", Item={"pk": {"S": approval.id}, "sk": {"S": "000002"}}
    )
    leases.step(approval)
    assert state_of(leases, approval) == "running"
    assert leases.due() != []


def test_two_workers_at_once_stop_it_once_and_write_one_event(leases, monkeypatch):
    approval = leases.launched()
    leases.clock.turn(8 * HOUR)
    stop = leases.ec2.client.stop_instances

    def and_meanwhile_another(**request):
        monkeypatch.undo()
        leases.step(approval)
        return stop(**request)

    monkeypatch.setattr(leases.ec2.client, "stop_instances", and_meanwhile_another)
    leases.step(approval)
    assert state_of(leases, approval) == "stopped"
    assert leases.events(approval).count("lease_stopped") == 1


def test_several_instances_of_one_request_end_in_one_batch(leases):
    calls = ("call_1", "call_2", "call_3")
    approval = leases.launched(call_ids=calls)
    for hours in (7, 1):
        leases.clock.turn(hours * HOUR)
        leases.step(approval, call_ids=calls)
    assert {state_of(leases, approval, call_id) for call_id in calls} == {"stopped"}
    assert leases.events(approval)[1:] == ["lease_warned"] * 3 + ["lease_stopped"] * 3


def test_a_record_that_cannot_be_read_disturbs_no_other_and_is_seen(leases):
    approvals = [leases.launched() for _ in range(3)]
    client("dynamodb").update_item(
        TableName=APPROVALS,
        Key={"pk": {"S": approvals[0].id}, "sk": {"S": "approval"}},
        UpdateExpression="SET asked = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "nobody"}},
    )
    leases.clock.turn(8 * HOUR)
    with pytest.raises(SomeFailed):
        leases.step(*approvals)
    states = [state_of(leases, approval) for approval in approvals]
    assert states == ["running", "stopped", "stopped"]


def test_one_that_fails_disturbs_no_other(leases):
    approvals = [leases.launched() for _ in range(3)]
    leases.clock.turn(8 * HOUR)
    leases.ec2.faults["stop_instances"] = [client_error("IncorrectInstanceState")]
    leases.step(*approvals)
    states = [state_of(leases, approval) for approval in approvals]
    assert sorted(states) == ["stopped", "stopped", "stopping"]


def test_a_lease_without_its_approval_is_left_alone_and_rings(leases, capsys):
    approval = leases.launched()
    key = {"pk": {"S": approval.id}, "sk": {"S": "approval"}}
    client("dynamodb").delete_item(TableName=APPROVALS, Key=key)
    leases.clock.turn(8 * HOUR)
    leases.step(approval)
    assert leases.ec2.changes == []
    assert figures(capsys, "LeasesRefused") == [[1.0]]


def test_calls_without_a_lease_and_unknown_ones_are_no_work(leases):
    approval = leases.launched()
    leases.step(approval, call_ids=("call_9",))
    assert leases.ec2.changes == []


def test_the_room_takes_its_two_commands_and_no_other(leases, monkeypatch):
    approval = leases.launched()
    leases.clock.turn(8 * HOUR)
    monkeypatch.setattr(room, "deps", lambda: leases.ending)
    lease = {"approval_id": approval.id, "call_id": CALL_ID}
    room.handler({"v": 2, "command": "step", "leases": [lease]}, LambdaContext())
    assert state_of(leases, approval) == LeaseState.STOPPED
    room.handler({"v": 2, "command": "strays"}, LambdaContext())
    for wrong in (
        {"v": 3, "command": "strays"},
        {"v": 2, "command": "terminate"},
        {"v": 2, "command": "step", "leases": [lease] * 26},
        {"v": 2, "command": "step", "leases": [{"approval_id": approval.id}]},
    ):
        with pytest.raises(ValueError, match="validation error"):
            room.handler(wrong, LambdaContext())


def crash(*_, **__):
    raise RuntimeError("crashed")
