"""An approved extension: the lease ends later, once, and only a living lease of an instance of ours."""

from dataclasses import replace

import pytest

from functions.launch_instance.extend import extend
from functions.shared.approval import Decision, Verdict
from functions.shared.approval_table import TransitionLost
from functions.shared.audit import AuditTable
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.extend_lease import ExtendLease
from functions.shared.identifiers import timestamp
from functions.shared.lease import HOUR
from functions.shared.targets import Targets
from tests.support.account import AUDIT, STACK, TARGETS
from tests.support.fake_states import client_error
from tests.support.leases import Leases

EXTENDING = "call_9"


class Extending:
    """A second request, approved by carol, that extends what the first one launched."""

    def __init__(self, account):
        self.leases = Leases(account)
        self.launched = self.leases.launched(hours=8)
        self.approval = self.another()

    def another(self):
        carol = self.leases.person("carol")
        decision = Decision(Verdict.APPROVE, carol, timestamp(self.leases.clock()), "d" * 64, {})
        return replace(self.leases.launched(), decision=decision)

    def run(self, *, hours=8, instance_id="", by=None):
        return extend(
            ExtendLease(instance_id=instance_id or self.instance_id, hours=hours),
            approval=by or self.approval,
            call_id=EXTENDING,
            ec2=self.leases.ec2,
            stack=STACK,
            targets=Targets.parsed(TARGETS),
            target=Targets.parsed(TARGETS).first,
            approvals=self.leases.approvals,
            leases=self.leases.table,
            now=self.leases.clock(),
        )

    @property
    def instance_id(self):
        return self.leases.of(self.launched).instance_id

    @property
    def ends_at(self):
        return self.leases.of(self.launched).lease.ends_at


@pytest.fixture
def extending(account):
    return Extending(account)


def test_the_lease_ends_that_much_later_and_the_audit_says_by_what(extending):
    before = extending.ends_at
    outcome = extending.run(hours=8)
    assert outcome.status == "succeeded"
    assert outcome.text == (
        f"The lease of {extending.instance_id} ends at 2026-11-21T19:00:00Z now."
    )
    assert extending.ends_at == before + 8 * HOUR
    [*_, row] = AuditTable(client("dynamodb"), AUDIT).rows(extending.launched.id)
    assert (row["event"], row["actor"]) == ("lease_extended", extending.approval.decision.by.sub)
    assert row["details"]["by"] == f"{extending.approval.id}#{EXTENDING}"
    assert row["details"]["ends_at"] == "2026-11-21T19:00:00Z"


def test_the_same_call_again_extends_nothing_more(extending):
    first = extending.run()
    ends_at = extending.ends_at
    assert extending.run() == first
    assert extending.ends_at == ends_at
    assert extending.leases.events(extending.launched).count("lease_extended") == 1


def test_two_requests_extend_twice(extending):
    before = extending.ends_at
    extending.run(hours=8)
    extending.run(hours=2, by=extending.another())
    assert extending.ends_at == before + 10 * HOUR


def test_an_extended_instance_is_stopped_at_the_new_end_and_warned_again(extending):
    leases, launched = extending.leases, extending.launched
    leases.clock.turn(7 * HOUR)
    leases.step(launched)
    extending.run(hours=8)
    assert launched.id not in dict(leases.due())
    for hours in (7, 1):
        leases.clock.turn(hours * HOUR)
        leases.step(launched)
        assert leases.ec2.state(extending.instance_id) == "running"
    leases.clock.turn(HOUR)
    leases.step(launched)
    assert leases.ec2.state(extending.instance_id) == "stopped"
    assert leases.events(launched)[1:] == [
        "lease_warned", "lease_extended", "lease_warned", "lease_stopped",
    ]  # fmt: skip


def test_an_extension_that_comes_between_reading_and_stopping_saves_the_instance(
    extending, monkeypatch
):
    leases, launched = extending.leases, extending.launched
    leases.clock.turn(8 * HOUR)
    claim = leases.table.claim

    def after_an_extension(*arguments):
        extending.run(hours=8)
        return claim(*arguments)

    monkeypatch.setattr(leases.table, "claim", after_an_extension)
    leases.step(launched)
    assert leases.ec2.changes == []
    assert leases.ec2.state(extending.instance_id) == "running"


def test_an_extension_that_comes_while_it_is_stopped_is_too_late(extending, monkeypatch):
    leases, launched = extending.leases, extending.launched
    leases.clock.turn(8 * HOUR)
    outcomes = []
    stop = leases.ec2.client.stop_instances

    def meanwhile(**request):
        outcomes.append(extending.run(hours=8))
        return stop(**request)

    monkeypatch.setattr(leases.ec2.client, "stop_instances", meanwhile)
    leases.step(launched)
    assert [outcome.status for outcome in outcomes] == ["failed"]
    assert leases.ec2.state(extending.instance_id) == "stopped"
    assert "lease_extended" not in leases.events(launched)


def test_a_lease_that_has_ended_is_not_extended(extending):
    extending.leases.clock.turn(8 * HOUR)
    extending.leases.step(extending.launched)
    outcome = extending.run()
    assert outcome.status == "failed"
    assert "has ended" in outcome.text


def test_no_lease_reaches_further_than_thirty_days(extending):
    for _ in range(9):
        extending.run(hours=72, by=extending.another())
    outcome = extending.run(hours=72, by=extending.another())
    assert outcome.status == "failed"
    assert "30 days" in outcome.text


@pytest.mark.parametrize("tags", [{"countersign:stack": "Another"}, {"countersign:call": ""}])
def test_an_instance_that_is_not_ours_is_not_extended(extending, tags):
    foreign = extending.leases.launched(tags=tags)
    before = extending.leases.of(foreign).lease
    outcome = extending.run(instance_id=extending.leases.of(foreign).instance_id)
    assert outcome.status == "failed"
    assert extending.leases.of(foreign).lease == before


def test_an_instance_whose_tags_were_copied_is_not_extended(extending):
    copied = extending.leases.instance(
        **{
            "countersign:approval": extending.launched.id,
            "countersign:call": "call_1",
            "countersign:stack": STACK,
        }
    )
    before = extending.ends_at
    assert extending.run(instance_id=copied).status == "failed"
    assert extending.ends_at == before


def test_an_unknown_instance_is_told(extending):
    outcome = extending.run(instance_id="i-0123456789abcdef0")
    assert outcome.status == "failed"
    assert outcome.text.startswith("i-0123456789abcdef0 was not extended: ")


def test_an_ec2_that_does_not_answer_is_asked_again_by_the_workflow(extending):
    extending.leases.ec2.faults["describe_instances"] = [client_error("RequestLimitExceeded")]
    with pytest.raises(TemporarilyUnavailable):
        extending.run()
    assert extending.run().status == "succeeded"


def test_a_record_that_changes_meanwhile_is_read_again(extending, monkeypatch):
    another = extending.another()
    write = extending.leases.approvals.write
    lost = [TransitionLost(), TransitionLost()]

    def sometimes(parts):
        if lost:
            raise lost.pop()
        write(parts)

    monkeypatch.setattr(extending.leases.approvals, "write", sometimes)
    assert extending.run().status == "succeeded"
    lost += [TransitionLost()] * 3
    with pytest.raises(TemporarilyUnavailable):
        extending.run(by=another)


def test_without_its_audit_row_nothing_is_extended(extending):
    before = extending.ends_at
    client("dynamodb").put_item(
        TableName=AUDIT, Item={"pk": {"S": extending.launched.id}, "sk": {"S": "000002"}}
    )
    with pytest.raises(TemporarilyUnavailable):
        extending.run()
    assert extending.ends_at == before
