"""An approved stop or termination is run by the launch function: of what was launched here alone, once, and told."""

import json

import pytest
from botocore.exceptions import ReadTimeoutError

from functions.end_lease.step import step_leases
from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.lease import KEPT_SECONDS
from tests.support.account import BUDGETS, freeze
from tests.support.budgeted import limit
from tests.support.fake_ec2 import Lost
from tests.support.fake_model import call, calls
from tests.support.fake_states import client_error
from tests.support.leases import Leases
from tests.support.stories import approved_request, outcomes, told

FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:05:00Z"}
)
OPERATIONS = {"stop": "stop_instances", "terminate": "terminate_instances"}
TIME_OUT = ReadTimeoutError(endpoint_url="https://ec2.us-east-1.amazonaws.com")


class Ended:
    """An instance of alice's runs; `ask` asks for its end, and carol approves."""

    def __init__(self, backend):
        self.backend = backend
        self.launched = approved_request(backend)
        backend.launch(self.launched)
        backend.record(self.launched)
        [instance] = backend.ec2.instances()
        self.instance_id = instance["InstanceId"]

    def ask(self, verb, *, instance_id="", by="alice"):
        arguments = {"instance_id": instance_id or self.instance_id}
        self.backend.model.says(calls(call(arguments, name=OPERATIONS[verb])))
        approval_id = self.backend.chat(f"{verb} it", by=by).json["approval"]["id"]
        self.backend.open(approval_id)
        approver = "carol" if by != "carol" else "bob"
        assert self.backend.decide(approval_id, by=approver).status == 200
        return approval_id

    def leased(self):
        rooms = self.backend.rooms["launch_instance"]
        [row] = rooms.ledger.rows(self.launched).values()
        return rooms.leases.get(self.launched, row.call_id)

    def lease_state(self):
        return self.leased().lease.state.value

    def state(self):
        [instance] = self.backend.ec2.instances()
        return instance["State"]["Name"]

    def sweep(self):
        """What the sweep hands over whenever it is due."""
        leases = Leases(self.backend.account, self.backend.clock)
        due = leases.due()
        if due:
            [(approval_id, key)] = due
            step_leases(leases.ending, [(approval_id, key.removeprefix("call#"))])
        return due


@pytest.fixture
def ended(backend):
    return Ended(backend)


@pytest.mark.parametrize(("verb", "state"), [("stop", "stopped"), ("terminate", "terminated")])
def test_it_ends_once_however_often_it_is_delivered(ended, verb, state):
    approval_id = ended.ask(verb)
    for _ in range(3):
        assert ended.backend.launch(approval_id) == {"v": 2, "status": "succeeded"}
    assert ended.backend.ec2.ends == [(verb, ended.instance_id)]
    assert (ended.state(), ended.lease_state()) == (state, state)
    assert f"Instance {ended.instance_id} is {state}." in told(ended.backend, approval_id)["reply"]


def test_a_stopped_instance_is_terminated_by_the_sweep_seven_days_later(ended):
    ended.backend.launch(ended.ask("stop"))
    stopped_at = ended.leased().lease.stopped_at
    assert stopped_at == int(ended.backend.clock().timestamp())
    ended.backend.clock.turn(KEPT_SECONDS - 60)
    assert ended.sweep() == []
    ended.backend.clock.turn(60)
    assert len(ended.sweep()) == 1
    assert (ended.state(), ended.lease_state()) == ("terminated", "terminated")


def test_a_terminated_instance_is_over_for_the_sweep(ended):
    ended.backend.launch(ended.ask("terminate"))
    ended.backend.clock.turn(400 * 24 * 3600)
    assert ended.sweep() == []


def test_a_stopped_instance_can_be_terminated_and_not_stopped_again(ended):
    ended.backend.launch(ended.ask("stop"))
    assert ended.backend.launch(ended.ask("terminate"))["status"] == "succeeded"
    again = ended.ask("stop")
    assert ended.backend.launch(again)["status"] == "failed"
    ended.backend.record(again)
    [(status, text)] = outcomes(ended.backend, again)
    assert (status, "It is terminated." in text) == ("failed", True)


@pytest.mark.parametrize("verb", OPERATIONS)
def test_the_audit_of_the_launch_tells_of_the_end_and_who_approved_it(ended, verb):
    approval_id = ended.ask(verb)
    ended.backend.launch(approval_id)
    row = ended.backend.audit(ended.launched)[-1]
    state = {"stop": "stopped", "terminate": "terminated"}[verb]
    carol = ended.backend.human("carol").sub
    assert (row["event"], row["actor"]) == (f"instance_{state}", carol)
    assert row["details"]["by"].startswith(f"{approval_id}#")
    assert row["details"]["instance_id"] == ended.instance_id


def test_who_launched_it_is_told_where_somebody_else_had_it_stopped(ended):
    ended.backend.account.mails_of_all()
    approval_id = ended.ask("stop", by="bob")
    ended.backend.launch(approval_id)
    ended.backend.account.mails_of_all()
    ended.backend.clock.turn(61)
    ended.sweep()
    mails = ended.backend.account.mails("alice@example.com")
    assert len(mails) == 1
    assert ended.instance_id in str(mails[0])
    assert "asked for it" in str(mails[0])
    ended.backend.clock.turn(61)
    assert ended.sweep() == []


def test_who_had_one_s_own_stopped_is_told_once_by_the_request_itself(ended):
    ended.backend.launch(ended.ask("stop"))
    ended.backend.clock.turn(120)
    assert ended.sweep() == []


@pytest.mark.parametrize("verb", OPERATIONS)
def test_a_crash_anywhere_is_made_up_for_by_the_next_try(ended, verb, monkeypatch):
    approval_id = ended.ask(verb)
    rooms = ended.backend.rooms["launch_instance"]

    def crash(*_, **__):
        raise RuntimeError("crashed")

    for part, method in ((rooms.leases, "move"), (rooms.ledger, "end")):
        with monkeypatch.context() as patch:
            patch.setattr(part, method, crash)
            with pytest.raises(RuntimeError):
                ended.backend.launch(approval_id)
    assert ended.backend.launch(approval_id)["status"] == "succeeded"
    assert ended.lease_state() == {"stop": "stopped", "terminate": "terminated"}[verb]
    events = [row["event"] for row in ended.backend.audit(ended.launched)]
    assert sum(event.startswith("instance_") for event in events) == 1


@pytest.mark.parametrize("verb", OPERATIONS)
def test_a_lost_answer_is_asked_for_again(ended, verb):
    approval_id = ended.ask(verb)
    ended.backend.ec2.end_faults.append(Lost(TIME_OUT))
    with pytest.raises(LaunchAmbiguous):
        ended.backend.launch(approval_id)
    assert ended.backend.launch(approval_id)["status"] == "succeeded"
    assert ended.backend.ec2.ends == [(verb, ended.instance_id)] * 2


def test_an_answer_that_never_came_is_told_as_unknown(ended):
    approval_id = ended.ask("terminate")
    ended.backend.ec2.end_faults.append(Lost(TIME_OUT))
    with pytest.raises(LaunchAmbiguous):
        ended.backend.launch(approval_id)
    ended.backend.record(approval_id)
    [(status, text)] = outcomes(ended.backend, approval_id)
    assert (status, "may have been terminated" in text) == ("unknown", True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("OperationNotPermitted", "protected against that"),
        ("UnauthorizedOperation", "does not allow it"),
        ("IncorrectInstanceState", '"'),
    ],
)
def test_a_refusal_of_ec2_is_told_and_the_lease_goes_on(ended, code, words):
    approval_id = ended.ask("terminate")
    ended.backend.ec2.end_faults.append(client_error(code, "TerminateInstances"))
    assert ended.backend.launch(approval_id)["status"] == "failed"
    ended.backend.record(approval_id)
    [(_, text)] = outcomes(ended.backend, approval_id)
    assert words in text
    assert text.endswith("Nothing was terminated.")
    assert (ended.state(), ended.lease_state()) == ("running", "running")
    ended.backend.clock.turn(8 * 3600)
    ended.sweep()
    assert ended.lease_state() == "stopped"


@pytest.mark.parametrize(("verb", "state"), [("stop", "stopping"), ("terminate", "terminating")])
def test_the_lease_says_what_is_about_to_happen_before_ec2_is_asked(
    ended, monkeypatch, verb, state
):
    approval_id = ended.ask(verb)
    seen, end = [], ended.backend.ec2._end

    def watched(operation, request):
        seen.append(ended.lease_state())
        return end(operation, request)

    monkeypatch.setattr(ended.backend.ec2, "_end", watched)
    ended.backend.launch(approval_id)
    assert seen == [state]


def test_what_was_not_launched_here_is_left_alone(ended):
    leases = Leases(ended.backend.account, ended.backend.clock)
    foreign = [
        leases.instance(),
        leases.instance(**{"countersign:stack": "Another", "countersign:approval": ended.launched}),
        leases.instance(
            **{
                "countersign:stack": "Countersign",
                "countersign:approval": ended.launched,
                "countersign:call": ended.leased().call_id,
            }
        ),
        "i-0123456789abcdef0",
    ]
    for instance_id in foreign:
        approval_id = ended.ask("terminate", instance_id=instance_id)
        assert ended.backend.launch(approval_id)["status"] == "failed"
    assert ended.backend.ec2.ends == []


def test_frozen_an_instance_is_stopped_and_none_is_terminated(ended):
    stop, terminate = ended.ask("stop"), ended.ask("terminate")
    freeze(FROZEN)
    assert ended.backend.launch(terminate)["status"] == "denied"
    assert ended.backend.launch(stop)["status"] == "succeeded"
    ended.backend.record(terminate)
    [(_, text)] = outcomes(ended.backend, terminate)
    assert "frozen by Olga" in text
    assert text.endswith("Nothing was terminated.")
    assert ended.backend.ec2.ends == [("stop", ended.instance_id)]


def test_an_end_of_something_else_than_was_shown_is_refused(ended):
    approval_id = ended.ask("terminate")
    plan = ended.backend.approval(approval_id).plan
    other = "i-0123456789abcdef0"
    ended.backend.edit(approval_id, plan=plan.replace(ended.instance_id, other))
    with pytest.raises(LaunchRefused):
        ended.backend.launch(approval_id)
    assert ended.backend.ec2.ends == []


def test_every_end_is_rehearsed_with_dryrun(ended):
    arguments = {"instance_id": ended.instance_id}
    for name in OPERATIONS.values():
        ended.backend.model.says(calls(call(arguments, name=name)))
        ended.backend.rehearse(ended.backend.chat("end it").json["approval"]["id"])
    rehearsed = ended.backend.ec2.rehearsals[-2:]
    assert rehearsed == [{"InstanceIds": [ended.instance_id], "DryRun": True}] * 2
    assert ended.state() == "running"


def test_an_extension_finds_a_stopped_instance_s_lease_over(ended):
    ended.backend.launch(ended.ask("stop"))
    arguments = {"instance_id": ended.instance_id, "hours": 4}
    ended.backend.model.says(calls(call(arguments, name="extend_lease")))
    approval_id = ended.backend.chat("longer").json["approval"]["id"]
    ended.backend.open(approval_id)
    ended.backend.decide(approval_id)
    assert ended.backend.launch(approval_id)["status"] == "failed"


def test_a_place_among_the_living_is_free_after_a_termination_and_not_after_a_stop(
    backend, monkeypatch
):
    limit(monkeypatch, backend, live_instances=1)
    ended = Ended(backend)

    def places():
        key = {"pk": {"S": "live#default"}}
        item = client("dynamodb").get_item(TableName=BUDGETS, Key=key).get("Item", {})
        return item.get("calls", {}).get("SS", [])

    assert len(places()) == 1
    backend.launch(ended.ask("stop"))
    assert len(places()) == 1
    backend.launch(ended.ask("terminate"))
    assert places() == []
