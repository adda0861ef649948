"""An approved extension is run by the launch function: once, recorded at the approval that launched, and frozen too."""

import json

import pytest

from functions.shared.approved_call import LaunchRefused
from functions.shared.identifiers import moment
from tests.support.account import freeze
from tests.support.fake_model import call, calls
from tests.support.stories import approved_request, told

FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:05:00Z"}
)
HOUR = 3600


class Extension:
    """An instance of alice's runs; `ask` asks for a later end of its lease, and carol approves."""

    def __init__(self, backend):
        self.backend = backend
        self.launched = approved_request(backend)
        backend.launch(self.launched)
        backend.record(self.launched)
        [instance] = backend.ec2.instances()
        self.instance_id = instance["InstanceId"]

    def ask(self, hours=4):
        arguments = {"instance_id": self.instance_id, "hours": hours}
        self.backend.model.says(calls(call(arguments, name="extend_lease")))
        approval_id = self.backend.chat("longer, please").json["approval"]["id"]
        self.backend.open(approval_id)
        assert self.backend.decide(approval_id).status == 200
        return approval_id

    def lease(self):
        [row] = self.backend.rooms["launch_instance"].ledger.rows(self.launched).values()
        leased = self.backend.rooms["launch_instance"].leases.get(self.launched, row.call_id)
        return leased.lease


@pytest.fixture
def extension(backend):
    return Extension(backend)


def test_an_approved_extension_moves_the_end_and_starts_nothing(extension):
    ends_at = extension.lease().ends_at
    approval_id = extension.ask(hours=4)
    assert extension.backend.launch(approval_id) == {"v": 2, "status": "succeeded"}
    assert extension.lease().ends_at == ends_at + 4 * HOUR
    assert len(extension.backend.ec2.requests) == 1
    reply = told(extension.backend, approval_id)["reply"]
    assert f"The lease of {extension.instance_id} ends at " in reply
    said = reply.split(" ends at ")[1].split()[0]
    assert int(moment(said).timestamp()) == ends_at + 4 * HOUR


def test_redelivered_it_extends_once(extension):
    ends_at = extension.lease().ends_at
    approval_id = extension.ask(hours=4)
    for _ in range(3):
        assert extension.backend.launch(approval_id)["status"] == "succeeded"
    assert extension.lease().ends_at == ends_at + 4 * HOUR


def test_a_crash_before_the_note_extends_once(extension, monkeypatch):
    ends_at = extension.lease().ends_at
    approval_id = extension.ask(hours=4)
    ledger = extension.backend.rooms["launch_instance"].ledger

    def crash(*_, **__):
        raise RuntimeError("crashed")

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "end", crash)
        with pytest.raises(RuntimeError):
            extension.backend.launch(approval_id)
    assert extension.backend.launch(approval_id)["status"] == "succeeded"
    assert extension.lease().ends_at == ends_at + 4 * HOUR


def test_the_audit_of_the_launch_tells_of_the_extension_and_who_approved_it(extension):
    approval_id = extension.ask()
    extension.backend.launch(approval_id)
    row = extension.backend.audit(extension.launched)[-1]
    assert (row["event"], row["actor"]) == (
        "lease_extended",
        extension.backend.human("carol").sub,
    )
    assert row["details"]["by"].startswith(f"{approval_id}#")


def test_frozen_nothing_is_extended(extension):
    ends_at = extension.lease().ends_at
    approval_id = extension.ask()
    freeze(FROZEN)
    assert extension.backend.launch(approval_id)["status"] == "denied"
    assert extension.lease().ends_at == ends_at
    assert "frozen by Olga" in told(extension.backend, approval_id)["reply"]


def test_an_extension_of_something_else_than_was_shown_is_refused(extension):
    approval_id = extension.ask()
    ends_at = extension.lease().ends_at
    plan = extension.backend.approval(approval_id).plan
    extension.backend.edit(approval_id, plan=plan.replace('"hours":4', '"hours":72'))
    with pytest.raises(LaunchRefused):
        extension.backend.launch(approval_id)
    assert extension.lease().ends_at == ends_at
