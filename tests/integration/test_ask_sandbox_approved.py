"""A countersigned call in the room that brings it to the sandbox: checked again, run in its own conversation only."""

import gzip
import json
from dataclasses import replace

import pytest
from botocore.exceptions import ReadTimeoutError

import functions.ask_sandbox.handler as room_module
from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import timestamp, utc_now
from functions.shared.uploads import Upload, Uploads
from tests.support.account import CONVERSATIONS
from tests.support.agents import compiled_agent
from tests.support.ask_sandbox_room import ask_sandbox_behind, compose_ask_sandbox
from tests.support.fake_lambda import Crashed, FakeLambda
from tests.support.fake_model import call, calls
from tests.support.fake_sandbox import gave, raised, stopped
from tests.support.fake_states import client_error
from tests.support.notebooks import store

LOST = ReadTimeoutError(endpoint_url="https://lambda.example.com")
CODE = {"code": ["a = 1", "a"], "query": "q"}
SOURCE = "a = 1\na\n"
SHA = "5" * 64
AGENTS = {
    "analyst": compiled_agent("analyst", notebook=True, actions={}),
    "meter": compiled_agent(
        "meter", actions={"measure": {"kind": "module", "file": "m.py", "sha256": SHA}}
    ),
}


@pytest.fixture
def backend(backend_of):
    made = backend_of(**AGENTS)
    made.actions.python = True
    return made


@pytest.fixture
def sent(backend):
    """Asks for a call, carol approves it, and launch_instance has handed it over; the approval's id."""

    def make(name="run_python_code", arguments=CODE, *, agent="analyst", more=()):
        approval_id = asked(backend, name, arguments, agent=agent, more=more)
        assert backend.decide(approval_id).status == 200
        hand_over(backend, approval_id)
        return approval_id

    return make


def asked(backend, name="run_python_code", arguments=CODE, *, agent="analyst", more=()):
    backend.model.says(calls(call(arguments, name=name), *more))
    answer = backend.chat("please", agent=agent)
    assert answer.status == 200, answer.text
    approval_id = answer.json["approval"]["id"]
    backend.open(approval_id)
    return approval_id


def hand_over(backend, approval_id):
    """As far as the ledger's row; the answer is lost."""
    backend.ask_sandbox = FakeLambda("ask_sandbox", answers=[LOST])
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)


@pytest.fixture
def room(backend, monkeypatch, tmp_path):
    made = compose_ask_sandbox(
        monkeypatch, backend.account, tmp_path / "agents.json", backend.clock
    )
    made.carries(tmp_path, {"meter": {"module": {"source": "def measure(a): return a"}}})
    return made


def command(backend, approved_id, **changed):
    approval = backend.approval(approved_id)
    return {
        "v": 1,
        "command": "approved",
        "approval_id": approved_id,
        "call_id": approval.calls()[0]["id"],
        "digest": approval.digest,
        **changed,
    }


def cells(backend, approval_id, *, by="alice"):
    conversation_id = backend.approval(approval_id).conversation_id
    return store().read(backend.human(by).sub, conversation_id).cells


def refused(room, event, match):
    with pytest.raises(LaunchRefused, match=match):
        room.asked(event)
    assert room.sandbox.events == []


# what runs


def test_an_approved_cell_runs_and_is_kept_in_its_conversation(backend, sent, room):
    approval_id = sent()
    room.sandbox.says(gave("1"))
    said = room.asked(command(backend, approval_id))
    assert said == {"v": 1, "status": "succeeded", "text": "1"}
    [event] = room.sandbox.events
    assert (event["code"], event["cells"], event["seconds"]) == (SOURCE, [], 30)
    [cell] = cells(backend, approval_id)
    assert (cell.source, cell.agent, cell.function) == (SOURCE, "analyst", "run_python_code")


def test_it_knows_the_conversation_s_earlier_cells(backend, sent, room):
    one = sent(arguments={"code": "a = 1", "query": "q"})
    room.asked(command(backend, one))
    conversation_id = backend.approval(one).conversation_id
    backend.model.says(calls(call({"code": "a", "query": "q"}, id="c2", name="run_python_code")))
    answer = backend.chat("more", conversation_id=conversation_id)
    two = answer.json["approval"]["id"]
    backend.open(two)
    backend.decide(two)
    hand_over(backend, two)
    room.asked(command(backend, two))
    assert room.sandbox.events[1]["cells"] == [{"source": "a = 1"}]
    assert room.sandbox.tenants[0] == room.sandbox.tenants[1]


def test_only_its_own_conversation_s_files_go_along(backend, sent, room):
    approval_id = sent()
    mine = backend.approval(approval_id).conversation_id
    for owner, conversation_id, name in (
        ("alice", mine, "mine.csv"),
        ("alice", "b" * 26, "elsewhere.csv"),
        ("bob", mine, "theirs.csv"),
    ):
        upload(backend.human(owner).sub, conversation_id, name)
    room.asked(command(backend, approval_id))
    assert [file["name"] for file in room.sandbox.events[0]["files"]] == ["mine.csv"]


def upload(owner, conversation_id, name):
    packed = gzip.compress(b"x")
    version = store().write_file(owner, conversation_id, name, packed)
    given = Upload(
        name=name, bytes=1, packed_bytes=len(packed), at=timestamp(utc_now()), version=version
    )
    Uploads(client("dynamodb"), CONVERSATIONS).add(owner, conversation_id, given, keep_days=30)


def test_a_repeat_is_answered_from_the_notebook(backend, sent, room):
    approval_id = sent()
    room.sandbox.says(raised(), gave("never"))
    both = [room.asked(command(backend, approval_id)) for _ in range(2)]
    assert both[0] == both[1]
    assert both[0]["status"] == "failed"
    assert len(room.sandbox.events) == 1


def test_a_function_of_the_operator_s_file_runs_with_the_hash_that_people_saw(backend, sent, room):
    approval_id = sent("measure", {"a": "x"}, agent="meter")
    room.sandbox.says(gave("x"))
    assert room.asked(command(backend, approval_id))["text"] == "x"
    [event] = room.sandbox.events
    assert (event["function"], event["arguments"]) == ("measure", {"a": "x"})
    assert (event["sha256"], event["source"]) == (SHA, "def measure(a): return a")
    assert cells(backend, approval_id) == ()


@pytest.mark.parametrize(
    "answer", [stopped(), gave("{}", status="failed", code="no_confinement")], ids=str
)
def test_what_was_stopped_or_refused_is_its_outcome(backend, sent, room, answer):
    room.sandbox.says(answer)
    said = room.asked(command(backend, sent()))
    assert (said["status"], said["text"]) == ("failed", answer["text"])


def test_a_sandbox_that_failed_is_its_outcome(backend, sent, room):
    room.sandbox.says(Crashed("Runtime.ExitError"))
    said = room.asked(command(backend, sent()))
    assert json.loads(said["text"])["code"] == "sandbox_unavailable"


def test_a_sandbox_that_is_not_reached_is_tried_again_by_the_workflow(backend, sent, room):
    approval_id = sent()
    busy = client_error("TooManyRequestsException", "Invoke", status=429)
    room.sandbox.says(*[busy] * 8)
    with pytest.raises(TemporarilyUnavailable):
        room.asked(command(backend, approval_id))
    assert room.asked(command(backend, approval_id))["status"] == "succeeded"


def test_where_its_cell_was_not_kept_it_is_tried_again_by_the_workflow(
    backend, sent, room, monkeypatch
):
    approval_id = sent()
    with monkeypatch.context() as patch:
        patch.setattr(
            "functions.shared.notebook_store.NotebookStore.append",
            lambda *_: (_ for _ in ()).throw(TemporarilyUnavailable("SlowDown")),
        )
        with pytest.raises(TemporarilyUnavailable, match="could not be kept"):
            room.asked(command(backend, approval_id))
    assert room.asked(command(backend, approval_id))["status"] == "succeeded"


def test_it_runs_no_longer_than_people_were_told(backend, sent, room, monkeypatch):
    approval_id = sent()
    asking = room_module.asking()
    slower = replace(asking, sandbox=replace(asking.sandbox, most_seconds=60))
    monkeypatch.setattr(room_module, "asking", lambda: slower)
    monkeypatch.setattr("functions.ask_sandbox.approved.sandbox_of", lambda _: {"seconds": 20})
    room.asked(command(backend, approval_id))
    assert room.sandbox.events[0]["seconds"] == 20


# what does not


def test_a_call_that_nobody_has_decided_on_is_refused(backend, room):
    refused(room, command(backend, asked(backend)), "not approved")


def test_a_rejected_call_is_refused(backend, room):
    approval_id = asked(backend)
    backend.decide(approval_id, "reject")
    refused(room, command(backend, approval_id), "not approved")


def test_of_two_calls_the_rejected_one_is_refused(backend, room):
    more = [call({"code": "b", "query": "q"}, id="c2", name="run_python_code")]
    approval_id = asked(backend, more=more)
    first, second = [one["id"] for one in backend.approval(approval_id).calls()]
    verdicts = [{"id": first, "decision": "approve"}, {"id": second, "decision": "reject"}]
    assert backend.decide(approval_id, calls=verdicts).status == 200
    hand_over(backend, approval_id)
    refused(room, command(backend, approval_id, call_id=second), "not approved")


def test_a_closed_record_is_refused(backend, sent, room):
    approval_id = sent()
    backend.record(approval_id)
    refused(room, command(backend, approval_id), "closed")


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"approval_id": "a" * 26}, "not approved"),
        ({"call_id": "other"}, "not approved"),
        ({"digest": "0" * 64}, "digest differs"),
    ],
    ids=str,
)
def test_a_command_for_something_else_is_refused(backend, sent, room, changed, match):
    refused(room, command(backend, sent(), **changed), match)


def test_a_plan_that_somebody_edited_is_refused(backend, sent, room):
    approval_id = sent()
    event = command(backend, approval_id)
    backend.edit_plan(approval_id, code="evil()")
    refused(room, event, "digest differs")


def test_a_decision_without_a_genuine_seal_is_refused(backend, sent, room, monkeypatch):
    approval_id = sent()
    stored = backend.approval(approval_id)
    forged = replace(stored, decision=replace(stored.decision, reason="forged"))
    checking = replace(room_module.checking(), approval=lambda _: forged)
    monkeypatch.setattr(room_module, "checking", lambda: checking)
    refused(room, command(backend, approval_id), "seal")


def test_a_call_that_launch_instance_has_not_handed_over_is_refused(backend, room):
    approval_id = asked(backend)
    backend.decide(approval_id)
    refused(room, command(backend, approval_id), "ledger")


def test_a_call_that_was_not_sent_after_all_is_refused(backend, room):
    approval_id = asked(backend)
    backend.decide(approval_id)
    backend.ask_sandbox = FakeLambda("ask_sandbox", answers=[Crashed("TemporarilyUnavailable")])
    with pytest.raises(TemporarilyUnavailable):
        backend.launch(approval_id)
    refused(room, command(backend, approval_id), "ledger")


def test_a_call_that_has_its_outcome_is_refused(backend, sent, room):
    approval_id = sent()
    backend.ask_sandbox = room
    assert backend.launch(approval_id)["status"] == "succeeded"
    room.sandbox.events.clear()
    refused(room, command(backend, approval_id), "ledger")


def of_meter(**action):
    """The agent with the file's function, as it is today."""
    return {"meter": compiled_agent("meter", actions={"measure": action})}


OTHERWISE = {
    "agent gone": ("analyst", {"meter": AGENTS["meter"]}, "not deployed any more"),
    "no notebook": (
        "analyst",
        {"analyst": {**AGENTS["analyst"], "notebook": False}},
        "nothing that",
    ),
    "function gone": ("meter", {"meter": {**AGENTS["meter"], "actions": {}}}, "nothing that"),
    "another kind": ("meter", of_meter(kind="notebook"), "differs"),
    "another file": ("meter", of_meter(kind="module", file="m.py", sha256="6" * 64), "differs"),
    "another room": ("meter", of_meter(kind="message_template", message="x"), "nothing that"),
}


@pytest.mark.parametrize(("agent", "today", "match"), OTHERWISE.values(), ids=OTHERWISE)
def test_a_manifest_that_says_something_else_today_runs_nothing(
    backend, sent, monkeypatch, tmp_path, agent, today, match
):
    name, arguments = ("measure", {"a": "x"}) if agent == "meter" else ("run_python_code", CODE)
    approval_id = sent(name, arguments, agent=agent)
    file = tmp_path / "today.json"
    file.write_text(json.dumps(today))
    room = compose_ask_sandbox(monkeypatch, backend.account, file, backend.clock)
    refused(room, command(backend, approval_id), match)


# from chat


def test_chat_s_ungated_calls_come_here_with_their_own_conversation(
    backend_of, monkeypatch, tmp_path
):
    run = {"kind": "notebook", "approval": "never"}
    backend = backend_of(
        quick=compiled_agent("quick", notebook=True, actions={"run_python_code": run}, functions=[])
    )
    room = ask_sandbox_behind(backend, monkeypatch, tmp_path / "agents.json")
    room.sandbox.says(gave("2 rows"))
    backend.model.says(
        calls(call({"code": "df.shape", "query": "q"}, name="run_python_code")), "It has 2 rows."
    )
    view = backend.chat("how many rows?", agent="quick").json
    assert view["reply"] == "It has 2 rows."
    [cell] = store().read(backend.human("alice").sub, view["conversation_id"]).cells
    assert (cell.source, cell.text) == ("df.shape", "2 rows")
