"""`countersign destroy`: what is shown and asked, what comes to rest, what is kept, what is left."""

import json
import stat

import pytest

from cli.__main__ import main
from cli.deploy.destroying import choice_of
from cli.operator import CannotOperate
from cli.terminal.failures import WrongUse
from functions.shared.approval import Status
from functions.shared.aws import client
from functions.shared.freeze import FreezeUnreadable, read_freeze
from functions.shared.ledger import Ledger
from infra.page import ROOT
from tests.support.account import APPROVALS, FREEZE, NOTEBOOKS, STACK
from tests.support.destroying import OPERATOR, Destroying
from tests.support.leases import CALL_ID

YES = {"is_confirmed": True}


@pytest.fixture
def destroying(monkeypatch, backend, tmp_path):
    made = Destroying(backend, tmp_path)
    monkeypatch.setattr("cli.deploy.destroying.destroy_stack", made.destroy_stack)
    return made


def is_untouched(destroying):
    return not destroying.destroyed and not destroying.file.exists() and not is_frozen()


def is_frozen():
    return read_freeze(client("ssm"), FREEZE).frozen


def a_pending_request(backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    return approval_id


@pytest.mark.parametrize(
    "options",
    [
        {"yes": True},
        {"terminate": True, "leave": True},
        {"as_json": True, "leave": True},
        {"file": ROOT / "Makefile"},
    ],
    ids=lambda options: " ".join(options),
)
def test_a_command_line_that_leaves_the_choice_open_is_a_usage_error(options):
    said = {"terminate": False, "leave": False, "yes": False, "file": None, "as_json": False}
    with pytest.raises(WrongUse) as raised:
        choice_of(**{**said, **options})
    assert raised.value.status == 2


def test_what_is_open_is_shown_and_only_the_stack_s_name_destroys_it(destroying, capsys):
    approval_id = a_pending_request(destroying.backend)
    instance = destroying.leases.of(destroying.leases.launched())
    assert destroying.run("leave", "yes") == 1
    out = capsys.readouterr().out
    assert f"123456789012, us-east-1: the stack {STACK}, stage dev." in out
    assert approval_id in out
    assert instance.instance_id in out
    assert "2026-11-21 11:00 UTC" in out
    assert is_untouched(destroying)
    assert destroying.run("leave", STACK) == 0
    assert destroying.destroyed == [STACK]


@pytest.mark.parametrize("answer", ["", "y", "terminated", "Leave"])
def test_any_other_word_than_terminate_or_leave_changes_nothing(destroying, answer):
    destroying.leases.launched()
    assert destroying.run(answer, STACK) == 1
    assert is_untouched(destroying)


def test_without_instances_nobody_is_asked_what_becomes_of_them(destroying):
    assert destroying.run(STACK) == 0
    assert len(destroying.questions) == 1


def test_launches_are_frozen_by_the_operator_before_anything_else(destroying):
    destroying.rooms.crashed.add("decide")
    a_pending_request(destroying.backend)
    with pytest.raises(CannotOperate, match="nothing was destroyed"):
        destroying.run(**YES, instances="leave")
    freeze = read_freeze(client("ssm"), FREEZE)
    assert (freeze.frozen, freeze.by) == (True, OPERATOR)
    assert destroying.destroyed == []


def test_a_switch_that_a_broken_off_destruction_took_is_not_made_anew(destroying):
    client("ssm").delete_parameter(Name=FREEZE)
    assert destroying.run(**YES, instances="leave") == 0
    with pytest.raises(FreezeUnreadable):
        is_frozen()


def test_what_nobody_decided_is_cancelled_and_told_and_audited(destroying):
    backend = destroying.backend
    pending, preparing = a_pending_request(backend), backend.ask(by="bob")
    backend.account.mails_of_all()
    assert destroying.run(**YES, instances="leave") == 0
    for approval_id in (pending, preparing):
        approval = backend.approval(approval_id)
        assert (approval.status, bool(approval.closed_at)) == (Status.CANCELLED, True)
        assert approval.ended_by == "This deployment is being destroyed."
    lines = [json.loads(line) for line in destroying.file.read_text().splitlines()]
    [cancelled] = [one for one in lines if one.get("approval") == pending]
    events = {row["event"]: row["actor"] for row in cancelled["rows"]}
    assert events["cancelled"] == OPERATOR
    assert [output["status"] for _, output in backend.states.answered] == ["cancelled"]
    assert "alice@example.com" in backend.account.mails_of_all()


def test_terminating_is_done_by_the_room_that_ends_leases_and_says_who_wanted_it(destroying):
    leases = destroying.leases
    running, stopped = leases.launched(), leases.launched(hours=1)
    leases.clock.turn(3600)
    leases.step(stopped)
    assert leases.of(stopped).lease.state == "stopped"
    assert destroying.run(**YES, instances="terminate") == 0
    for approval in (running, stopped):
        assert leases.of(approval).lease.state == "terminated"
        assert leases.ec2.state(leases.of(approval).instance_id) == "terminated"
        assert leases.events(approval)[-2:] == ["lease_ended_by_operator", "lease_terminated"]
    assert destroying.destroyed == [STACK]


def test_an_instance_that_cannot_be_terminated_keeps_the_stack_standing(destroying):
    destroying.leases.launched()
    destroying.rooms.crashed.add("end")
    with pytest.raises(CannotOperate, match="end could not step"):
        destroying.run(**YES, instances="terminate")
    assert destroying.destroyed == []
    assert not destroying.file.exists()


def test_a_lease_that_does_not_end_keeps_the_stack_standing(destroying, monkeypatch):
    approval = destroying.leases.launched()
    monkeypatch.setattr("functions.end_lease.step.step_leases", lambda *_: None)
    with pytest.raises(CannotOperate, match=f"Not terminated.*{approval.id}"):
        destroying.run(**YES, instances="terminate")
    assert destroying.destroyed == []


def test_what_was_left_stands_at_the_end_with_the_command_that_removes_it(destroying, capsys):
    instance_id = destroying.leases.of(destroying.leases.launched()).instance_id
    stray = destroying.leases.instance(**{"countersign:stack": STACK})
    foreign = destroying.leases.instance(**{"countersign:stack": "Another"})
    assert destroying.run(**YES, instances="leave") == 0
    out = capsys.readouterr().out
    for left in (instance_id, stray):
        command = f"aws ec2 terminate-instances --instance-ids {left} --region us-east-1"
        assert command in out
    assert foreign not in out
    assert destroying.leases.ec2.state(instance_id) == "running"


def test_what_the_ledger_does_not_know_or_refuses_is_named_and_never_terminated(destroying, capsys):
    leases = destroying.leases
    stray = leases.instance(**{"countersign:stack": STACK})
    refused = leases.of(leases.launched(tags={"countersign:approval": "another"})).instance_id
    assert destroying.run(**YES, instances="terminate") == 0
    out = capsys.readouterr().out
    for instance_id in (stray, refused):
        assert leases.ec2.state(instance_id) == "running"
        assert f"--instance-ids {instance_id} " in out
    assert "Instances terminated: 0." in out


def test_a_launch_that_is_under_way_is_waited_for(destroying, monkeypatch):
    monkeypatch.setattr("cli.deploy.ending.LOOK_SECONDS", 60)
    backend = destroying.backend
    approval_id = a_pending_request(backend)
    backend.decide(approval_id)
    approval = backend.approval(approval_id)
    ledger = Ledger(client("dynamodb"), backend.rooms["launch_instance"].approvals)
    ledger.begin(approval, CALL_ID, client_token="t" * 64, now=backend.clock())
    assert destroying.run(**YES, instances="leave") == 0
    assert destroying.asleep == 6 * 60


def test_a_request_that_never_closes_is_not_waited_for_for_ever(destroying, monkeypatch):
    monkeypatch.setattr("cli.deploy.ending.LOOK_SECONDS", 30)
    destroying.rooms.closes = False
    a_pending_request(destroying.backend)
    assert destroying.run(**YES, instances="leave") == 0
    assert destroying.asleep == 90


def test_workflows_that_still_run_are_ended_so_that_their_name_is_free(destroying):
    destroying.workflows.running = ["arn:one", "arn:two"]
    destroying.run(**YES, instances="leave")
    assert destroying.workflows.running == []


def test_a_destruction_that_broke_off_after_the_workflow_was_gone_can_go_on(destroying):
    destroying.formation.status = "DELETE_FAILED"
    destroying.workflows.is_gone = True
    assert destroying.run(**YES, instances="leave") == 0
    assert destroying.destroyed == [STACK]


def test_an_audit_is_never_written_over_a_file_that_came_meanwhile(destroying):
    destroying.file.write_text("mine")
    with pytest.raises(CannotOperate, match="File exists.*nothing was destroyed"):
        destroying.run(**YES, instances="leave")
    assert (destroying.file.read_text(), destroying.destroyed) == ("mine", [])


def test_the_audit_is_its_owner_s_alone_and_verifies_without_the_stack(destroying, capsys):
    words = "what somebody wrote in the chat"
    destroying.backend.edit(a_pending_request(destroying.backend), request_words=words)
    destroying.run(**YES, instances="leave")
    assert stat.S_IMODE(destroying.file.stat().st_mode) == 0o600
    assert words not in destroying.file.read_text()
    capsys.readouterr()
    assert main(["audit", "verify", "--file", str(destroying.file)]) == 0
    assert "verifies: approvals 1, rows 4." in capsys.readouterr().out


def test_where_the_audit_cannot_be_written_the_stack_stands(destroying):
    destroying.file = destroying.file / "below-nothing"
    with pytest.raises(CannotOperate, match="could not be written.*nothing was destroyed"):
        destroying.run(**YES, instances="leave")
    assert destroying.destroyed == []


@pytest.mark.parametrize(("is_retained", "left"), [(False, 0), (True, 1)])
def test_a_bucket_is_emptied_unless_it_is_kept(destroying, is_retained, left):
    destroying.put_notebook()
    destroying.formation.held = {"Notebooks": ("AWS::S3::Bucket", NOTEBOOKS, is_retained)}
    destroying.run(**YES, instances="leave")
    assert client("s3").list_objects_v2(Bucket=NOTEBOOKS)["KeyCount"] == left


def test_each_survivor_is_looked_for_and_named_with_its_command_and_keys_come_last(
    destroying, capsys
):
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    going = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").schedule_key_deletion(KeyId=going, PendingWindowInDays=30)
    client("logs").create_log_group(logGroupName="Countersign-ChatLog")
    pool = destroying.backend.account.pool
    destroying.formation.held = {
        "Key": ("AWS::KMS::Key", key, True),
        "Going": ("AWS::KMS::Key", going, False),
        "Approvals": ("AWS::DynamoDB::Table", APPROVALS, True),
        "Gone": ("AWS::DynamoDB::Table", "gone", False),
        "Pool": ("AWS::Cognito::UserPool", pool, True),
        "Log": ("AWS::Logs::LogGroup", "Countersign-ChatLog", True),
        "GoneLog": ("AWS::Logs::LogGroup", "Countersign-Chat", True),
    }
    destroying.run(**YES, instances="leave")
    out = capsys.readouterr().out
    left = [line.split()[-1] for line in out.splitlines() if line.startswith("    ")]
    assert f"aws dynamodb delete-table --table-name {APPROVALS} --region us-east-1" in out
    assert f"aws cognito-idp delete-user-pool --user-pool-id {pool} --region us-east-1" in out
    assert "aws logs delete-log-group --log-group-name Countersign-ChatLog " in out
    assert f"aws kms schedule-key-deletion --key-id {key} --region us-east-1" in out
    assert f"key {going} (AWS deletes it on " in out
    assert "gone" not in out.partition("What is left")[2]
    assert len(left) == 4
    assert out.index("--log-group-name Countersign-ChatLog") < out.index(f"--key-id {key}")


def test_a_stack_whose_first_deploy_failed_is_destroyed_without_its_tables(destroying):
    destroying.formation.status = "ROLLBACK_COMPLETE"
    object.__setattr__(destroying.deployment, "outputs", {})
    assert destroying.run(STACK) == 0
    assert destroying.destroyed == [STACK]
    assert not destroying.file.exists()


def test_a_stack_that_stands_and_has_no_tables_is_not_destroyed(destroying):
    object.__setattr__(destroying.deployment, "outputs", {})
    with pytest.raises(CannotOperate, match="has no output ApprovalsTable"):
        destroying.run(**YES, instances="leave")
    assert destroying.destroyed == []
