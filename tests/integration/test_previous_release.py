"""What the previous release stored and was sent, in the hands of today's code: tests/fixtures/README.md."""

import json
import re
from datetime import datetime
from functools import cache

import moto.cognitoidp.models
import pytest
from pydantic import ValidationError

import functions.chat.continue_turn
import functions.decide_approval.handler
import functions.launch_instance.handler
import functions.record_outcome.handler
import functions.request_approval.handler
from functions.request_approval.open_approval import ApprovalNotOpen
from functions.shared.approval import Status
from functions.shared.approval_item import NewerRecord
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from infra.page import ROOT
from tests.support.account import make_people, people
from tests.support.backend import TIMEOUT_SECONDS, compose_rooms
from tests.support.gateway import LambdaContext

FIXTURES = ROOT / "tests" / "fixtures" / "release_1"
STATUSES = {
    "preparing": Status.PREPARING,
    "pending": Status.PENDING,
    "approved": Status.APPROVED,
    "launching": Status.APPROVED,
    "approved_closed": Status.APPROVED,
    "several_closed": Status.APPROVED,
    "rejected": Status.REJECTED,
    "rejected_closed": Status.REJECTED,
    "expired": Status.EXPIRED,
    "cancelled": Status.CANCELLED,
    "failed": Status.FAILED,
    "aborted": Status.CANCELLED,
}
ROOMS = {
    "request_approval": functions.request_approval.handler,
    "decide_approval": functions.decide_approval.handler,
    "launch_instance": functions.launch_instance.handler,
    "record_outcome": functions.record_outcome.handler,
    "continue_turn": functions.chat.continue_turn,
}


class Drawn:
    """moto draws its people's subjects from here."""

    def __init__(self, subjects):
        self._subjects = iter(subjects)

    def uuid4(self):
        return next(self._subjects)

    def __getattr__(self, name):
        return getattr(moto.moto_api._internal.mock_random, name)


@cache
def story(name):
    return json.loads((FIXTURES / "stories" / f"{name}.json").read_text(encoding="utf-8"))


def payloads():
    """Every payload that the previous release sent to a room, each once, by the story it belongs to."""
    found, seen = [], set()
    for file in sorted((FIXTURES / "stories").glob("*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        commands = [{"room": "continue_turn", "payload": one} for one in told["handed_over"]]
        for one in told["invocations"] + told["swept"] + commands:
            shape = (one["room"], json.dumps(one["payload"], sort_keys=True))
            if shape not in seen:
                seen.add(shape)
                found.append((file.stem, one["room"], one["payload"]))
    return found


@pytest.fixture
def deployed(monkeypatch, account, agents_file):
    """Today's rooms, over the tables and people as the previous release left them."""
    subjects = json.loads((FIXTURES / "people.json").read_text(encoding="utf-8"))
    account.humans = people()
    with pytest.MonkeyPatch.context() as drawing:
        drawing.setattr(moto.cognitoidp.models, "random", Drawn(subjects.values()))
        make_people(account)
    account.are_people_changed = True
    backend = compose_rooms(monkeypatch, account, agents_file)

    def deploy(name, **more):
        """`more` are attributes that the stored record has beside its own."""
        told = story(name)
        for table, items in told["tables"].items():
            for item in items:
                extra = more if item.get("sk") == {"S": "approval"} else {}
                client("dynamodb").put_item(TableName=table, Item={**item, **extra})
        backend.clock.now = datetime.fromisoformat(told["now"])
        if told["execution_input"] is not None:
            backend.states.executions[told["approval_id"]] = told["execution_input"]
            backend.states.statuses[told["approval_id"]] = "RUNNING"
        backend.model.says(*["The model's answer."] * 3)
        return told["approval_id"]

    backend.deploy = deploy
    return backend


def send(room, payload):
    return ROOMS[room].handler(payload, LambdaContext(60_000))


def raw(approval_id):
    key = {"pk": {"S": approval_id}, "sk": {"S": "approval"}}
    return client("dynamodb").get_item(TableName="approvals", Key=key)["Item"]


def call_of(backend, approval_id):
    return backend.approval(approval_id).calls()[0]["id"]


def test_the_people_of_the_recording_are_the_people_of_today(deployed):
    recorded = json.loads((FIXTURES / "people.json").read_text(encoding="utf-8"))
    assert {name: human.sub for name, human in deployed.account.humans.items()} == recorded


@pytest.mark.parametrize("name", STATUSES)
def test_h13_a_record_of_the_previous_release_is_read_and_shown(deployed, name):
    approval_id = deployed.deploy(name)
    approval = deployed.approval(approval_id)
    assert approval.status is STATUSES[name]
    for reader in ("alice", "carol"):
        shown = deployed.http("GET /approvals/{approval_id}", by=reader, approval_id=approval_id)
        assert shown.status == 200, shown.text
        assert shown.json["status"] == STATUSES[name].value
        assert shown.json["calls"][0]["arguments"]["image_id"] == "ami-012261b9035f8f938"
    listed = deployed.http(
        "GET /approvals", by="carol", query={"status": STATUSES[name].value}
    ).json["approvals"]
    assert [one["id"] for one in listed] == [approval_id]
    [turn] = deployed.turns(approval.conversation_id)
    assert turn["approval"]["id"] == approval_id


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("approved_closed", ["succeeded"]),
        ("several_closed", ["succeeded", "rejected"]),
        ("rejected_closed", ["rejected"]),
        ("failed", ["failed"]),
        ("aborted", ["cancelled"]),
    ],
)
def test_h13_what_the_previous_release_told_still_stands_in_the_conversation(
    deployed, name, statuses
):
    approval = deployed.approval(deployed.deploy(name))
    [turn] = deployed.turns(approval.conversation_id)
    assert [call["status"] for call in turn["tool_calls"]] == statuses
    assert turn["status"] == "completed"
    assert turn["reply"]


def test_h13_every_kind_of_turn_of_the_previous_release_is_read_and_gone_on_with(deployed):
    deployed.deploy("turns_only")
    [command] = story("turns_only")["handed_over"]
    here = command["conversation_id"]
    statuses = ["completed", "completed", "failed", "working"]
    assert [turn["status"] for turn in deployed.turns(here)] == statuses
    send("continue_turn", command)
    assert deployed.turns(here)[-1]["reply"] == "The model's answer."
    answer = deployed.chat("And now?", conversation_id=here)
    assert (answer.status, answer.json["turn"]) == (200, 5)
    again = deployed.chat("Hi.", key="a-key")
    assert (again.json["conversation_id"], again.json["turn"]) == (here, 1)


@pytest.mark.parametrize(
    ("name", "room", "payload"),
    payloads(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_h13_a_payload_of_the_previous_release_is_understood(deployed, name, room, payload):
    deployed.deploy(name)
    try:
        send(room, payload)
    except ValidationError:
        raise
    except (ApprovalNotOpen, LaunchRefused):
        """Understood, and refused by what the record says now."""


def test_h13_a_pending_approval_of_the_previous_release_is_decided_launched_and_told(deployed):
    approval_id = deployed.deploy("pending")
    assert deployed.approval(approval_id).plan_value()["version"] == 1
    assert deployed.decide(approval_id).status == 200
    [(_, output)] = deployed.states.answered
    assert output["approval_id"] == approval_id
    settled = send("decide_approval", {"v": 1, "command": "settle", "approval_id": approval_id})
    assert (settled["status"], settled["approved_calls"]) == (
        "approved",
        [call_of(deployed, approval_id)],
    )
    for _ in range(2):
        assert deployed.launch(approval_id)["status"] == "succeeded"
    deployed.record(approval_id)
    deployed.last_word(approval_id)
    assert len(deployed.ec2.instances()) == 1
    [turn] = deployed.turns(deployed.approval(approval_id).conversation_id)
    assert deployed.ec2.instances()[0]["InstanceId"] in turn["reply"]
    assert turn["status"] == "completed"


@pytest.mark.parametrize("how", ["rejected", "cancelled", "expired"])
def test_h13_a_pending_approval_of_the_previous_release_ends_without_a_launch(deployed, how):
    approval_id = deployed.deploy("pending")
    if how == "rejected":
        assert deployed.decide(approval_id, "reject").status == 200
    elif how == "cancelled":
        assert deployed.cancel(approval_id).status == 200
    else:
        deployed.clock.turn(TIMEOUT_SECONDS)
        assert deployed.decide(approval_id).status == 410
    assert deployed.settle(approval_id)["status"] == how
    deployed.record(approval_id)
    [turn] = deployed.turns(deployed.approval(approval_id).conversation_id)
    assert turn["tool_calls"][0]["status"] == how
    assert deployed.ec2.requests == []


def test_h13_a_request_of_the_previous_release_that_was_not_opened_yet_is_opened(deployed):
    """The execution of the previous release goes straight to RequestApproval: nobody ran the checks of today."""
    approval_id = deployed.deploy("preparing")
    digest = deployed.approval(approval_id).digest
    payload = {"v": 1, "approval_id": approval_id, "digest": digest, "task_token": "a-token"}
    send("request_approval", payload)
    opened = deployed.approval(approval_id)
    assert opened.status is Status.PENDING
    assert deployed.decide(approval_id).status == 200
    assert deployed.launch(approval_id)["status"] == "succeeded"


def test_h13_a_request_that_had_not_begun_goes_through_the_checks_of_today(deployed):
    approval_id = deployed.deploy("preparing")
    deployed.open(approval_id)
    opened = deployed.approval(approval_id)
    assert opened.status is Status.PENDING
    assert deployed.decide(approval_id).status == 200
    assert deployed.launch(approval_id)["status"] == "succeeded"
    deployed.record(approval_id)
    assert len(deployed.ec2.instances()) == 1


def test_h13_of_what_today_answers_the_previous_workflow_reads_what_it_knows():
    """Executions keep the definition they were started with."""
    definition = (FIXTURES / "approval.asl.json").read_text(encoding="utf-8")
    assert set(re.findall(r"states\.result\.Payload\.(\w+)", definition)) == {"approved_calls"}


@pytest.mark.parametrize("name", STATUSES)
def test_h13_no_approval_of_the_previous_release_is_lost_to_a_deploy(deployed, name):
    """Its execution is gone, too; the sweep of today finds each, and its conversation is told."""
    approval_id = deployed.deploy(name)
    deployed.states.statuses[approval_id] = "TIMED_OUT"
    for _ in range(5):
        deployed.clock.turn(TIMEOUT_SECONDS)
        deployed.invoked.clear()
        deployed.sweep()
        for room, payload in deployed.invoked:
            send(room, payload)
    ended = deployed.approval(approval_id)
    assert (deployed.invoked, bool(ended.closed_at), bool(ended.told_at)) == ([], True, True)
    [turn] = deployed.turns(ended.conversation_id)
    assert turn["status"] == "completed"
    assert "waiting" not in {call["status"] for call in turn["tool_calls"]}
    assert deployed.ec2.requests == []


@pytest.mark.parametrize("name", ["approved", "launching"])
def test_h13_a_decision_of_the_previous_release_without_a_seal_launches_nothing_and_says_so(
    deployed, name
):
    approval_id = deployed.deploy(name)
    with pytest.raises(LaunchRefused):
        deployed.launch(approval_id)
    assert deployed.ec2.requests == []
    deployed.record(approval_id)
    [turn] = deployed.turns(deployed.approval(approval_id).conversation_id)
    status = turn["tool_calls"][0]["status"]
    assert status == ("unknown" if name == "launching" else "failed"), turn
    assert turn["status"] == "completed"


def test_h14_attributes_that_a_newer_release_added_are_kept(deployed):
    approval_id = deployed.deploy(
        "pending", colour={"S": "blue"}, weather={"M": {"sky": {"S": "x"}}}
    )
    assert deployed.decide(approval_id, "reject").status == 200
    deployed.record(approval_id)
    item = raw(approval_id)
    assert item["closed_at"]
    assert (item["colour"], item["weather"]) == ({"S": "blue"}, {"M": {"sky": {"S": "x"}}})


def test_h14_what_a_newer_release_added_inside_is_not_stumbled_over(deployed):
    new = {"S": "new"}
    stored = raw(deployed.deploy("approved"))
    person = {"M": {**stored["requester"]["M"], "pronouns": new}}
    decision = {"M": {**stored["decision"]["M"], "by": person, "mood": new}}
    approval_id = deployed.deploy("approved", requester=person, decision=decision)
    assert deployed.approval(approval_id).decision.by.name == "Alice"
    shown = deployed.http("GET /approvals/{approval_id}", by="carol", approval_id=approval_id)
    assert shown.status == 200


@pytest.mark.parametrize("name", ["preparing", "pending", "approved", "rejected"])
def test_h14_a_record_of_a_newer_release_is_refused_by_name_and_left_alone(deployed, name):
    approval_id = deployed.deploy(name, v={"N": "3"})
    before, digest = raw(approval_id), raw(approval_id)["digest"]["S"]
    for route, body in [
        ("GET /approvals/{approval_id}", None),
        ("POST /approvals/{approval_id}/decision", {"decision": "approve", "digest": digest}),
        ("POST /approvals/{approval_id}/cancel", {}),
    ]:
        answer = deployed.http(route, by="carol", body=body, approval_id=approval_id)
        assert (answer.status, answer.json["code"]) == (503, "newer_record")
        assert "newer release" in answer.json["detail"]
    for room, payload in [
        ("request_approval", {"task_token": "t"}),
        ("decide_approval", {"command": "settle"}),
        ("launch_instance", {"digest": digest, "call_id": "call_1"}),
        ("record_outcome", {"finished": True}),
        ("continue_turn", {"command": "last_word"}),
    ]:
        with pytest.raises(NewerRecord):
            send(room, {"v": 2, "approval_id": approval_id, **payload})
    assert raw(approval_id) == before
    assert deployed.ec2.requests == []
    assert deployed.states.answered == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_h14_a_payload_of_a_newer_release_is_refused(deployed, room):
    approval_id = deployed.deploy("pending")
    before = raw(approval_id)
    newer = [
        {**payload, "v": 3}
        for _, its_room, payload in payloads()
        if its_room == room and "v" in payload
    ]
    assert newer
    for payload in newer:
        with pytest.raises(ValidationError):
            send(room, {**payload, "approval_id": approval_id})
    assert raw(approval_id) == before
