"""Python that a person countersigns: shown in full, run once in its own conversation, told as what code says."""

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

import functions.run_action.handler as run_action_room
from functions.ask_sandbox import handler as ask_sandbox
from functions.launch_instance.ec2_errors import LaunchAmbiguous
from functions.launch_instance.launch import LaunchRefused
from functions.run_action import approved as run_action
from functions.shared import countersigned_action
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.plan import canonical
from functions.shared.visible_text import visible_code
from tests.support.account import freeze
from tests.support.acting import composed
from tests.support.ask_sandbox_room import compose_ask_sandbox
from tests.support.fake_lambda import Crashed
from tests.support.fake_model import call, calls
from tests.support.fake_sandbox import gave, raised
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.stories import outcomes

ADDRESS = "https://lambda.us-east-1.amazonaws.com"
LOST = ReadTimeoutError(endpoint_url=ADDRESS)
FROZEN = json.dumps(
    {"frozen": True, "reason": "leaked key", "by": "Olga", "at": "2026-11-21T03:05:00Z"}
)
CODE = {"code": ["import os", "if True:", "\tx = 'a\u202eb' ", "print(x)"], "query": "what is x?"}
SHOWN = "import os\nif True:\n⟨tab⟩x = 'a⟨U+202E⟩b'⟨space⟩\nprint(x)\n"
FUNCTION = {"description": "Python.", "parameters": {"type": "object", "properties": {}}}
ANALYST = {
    "version": 2,
    "title": "Analyst",
    "prompt": "You look at tables.",
    "notebook": True,
    "functions": [],
    "actions": {},
    "digest": "d" * 64,
}
FIGURES = {
    **ANALYST,
    "title": "Figures",
    "notebook": False,
    "functions": [
        {
            "name": "total",
            "description": "Adds up.",
            "parameters": {
                "type": "object",
                "properties": {"numbers": {"type": "array", "items": {"type": "number"}}},
            },
        }
    ],
    "actions": {"total": {"kind": "module", "file": "figures.py", "sha256": "a" * 64}},
}
NUMBERS = {"numbers": [1, 2.5]}
KINDS = {
    "analyst": ("run_python_code", CODE),
    "figures": ("total", NUMBERS),
}


@pytest.fixture
def backend(backend_of):
    backend = backend_of(analyst=ANALYST, figures=FIGURES)
    backend.actions.python = True
    return backend


@pytest.fixture
def asked(backend):
    """Asks for Python of this agent; the approval's id."""

    def ask(agent="analyst"):
        name, arguments = KINDS[agent]
        backend.model.says(calls(call(arguments, name=name)))
        answer = backend.chat("what is x?", agent=agent)
        assert answer.status == 200, answer.text
        return answer.json["approval"]["id"]

    return ask


@pytest.fixture
def approved(backend, asked):
    """Carol has approved it."""

    def approve(agent="analyst"):
        approval_id = asked(agent)
        backend.open(approval_id)
        assert backend.decide(approval_id).status == 200
        return approval_id

    return approve


@pytest.fixture
def room(backend, monkeypatch, tmp_path):
    """The room ask_sandbox with a sandbox that says what a test told it to."""
    made = compose_ask_sandbox(
        monkeypatch, backend.account, tmp_path / "agents.json", backend.clock
    )
    module = {"file": "figures.py", "source": "def total(numbers): ...", "sha256": "a" * 64}
    made.carries(tmp_path, {"figures": {"module": module, "resources": {}}})
    backend.ask_sandbox = made
    return made


def told(backend, approval_id):
    backend.record(approval_id)
    [outcome] = outcomes(backend, approval_id)
    return outcome


def page(backend, approval_id, by="carol"):
    answer = backend.http("GET /approvals/{approval_id}", by=by, approval_id=approval_id)
    assert answer.status == 200, answer.text
    return answer.json


def fact(view, key):
    [found] = [one for one in view["facts"] if one["key"] == key]
    return found


def test_the_requester_is_told_all_of_the_code(backend, asked):
    approval = backend.approval(asked())
    [turn] = backend.turns(approval.conversation_id)
    lines = "".join(f"{number} | {line}\n" for number, line in enumerate(SHOWN.split("\n"), 1))
    assert f"Code:\n{lines}" in turn["reply"]


def test_the_approver_reads_all_of_the_code_on_the_page(backend, asked):
    approval_id = asked()
    for status in ("preparing", "pending"):
        view = page(backend, approval_id)
        assert view["status"] == status
        code = fact(view, "code")
        assert (code["value"], code["form"], code["level"]) == (SHOWN, "code", "plain")
        assert fact(view, "code_hidden")["value"] == "3"
        assert fact(view, "operator_sandbox")["value"] == (
            "in the sandbox: no network, no rights in AWS, at most 30 seconds"
        )
        assert view["calls"][0]["sandbox"] == {"confinement": "vpc", "seconds": 30}
        assert view["sentence"] == "Run Python in the conversation's notebook (run_python_code)."
        assert (view["in_aws"], view["price"], view["lease"]) == (False, None, None)
        backend.found(approval_id)
        backend.rehearse(approval_id)
        backend.request(approval_id)


def test_the_approver_reads_which_function_of_which_file_it_is(backend, asked):
    approval_id = asked("figures")
    backend.open(approval_id)
    view = page(backend, approval_id)
    assert fact(view, "operator_sha256")["value"] == "a" * 64
    [one] = view["calls"]
    assert (one["file"], one["host"], one["operation"]) == ("figures.py", "", "module")


def test_the_plan_in_the_audit_holds_the_code_as_it_was_shown(backend, asked):
    approval_id = asked()
    backend.open(approval_id)
    [opened] = [row for row in backend.audit(approval_id) if row["event"] == "opened"]
    plan = json.loads(opened["details"]["plan"])
    [code] = [one for one in plan["calls"][0]["facts"] if one["key"] == "code"]
    assert code["value"] == SHOWN


def test_the_mail_holds_the_code(backend, asked):
    approval_id = asked()
    backend.open(approval_id)
    for [mail] in backend.account.mails_of_all().values():
        assert "3 | ⟨tab⟩x = 'a⟨U+202E⟩b'⟨space⟩\n" in mail["text"]


@pytest.mark.parametrize("agent", KINDS)
def test_what_was_approved_runs_once_in_its_own_conversation(backend, approved, room, agent):
    approval_id = approved(agent)
    room.sandbox.says(gave("7"))
    for _ in range(3):
        assert backend.launch(approval_id) == {"v": 2, "status": "succeeded"}
    approval = backend.approval(approval_id)
    assert room.commands == [
        {
            "v": 1,
            "command": "approved",
            "approval_id": approval_id,
            "call_id": approval.calls()[0]["id"],
            "digest": approval.digest,
        }
    ]
    assert len(room.sandbox.events) == 1
    assert told(backend, approval_id) == ("succeeded", "7")


def test_the_code_that_runs_is_the_code_that_was_shown(backend, approved, room):
    backend.launch(approved())
    [event] = room.sandbox.events
    assert event["code"] == "".join(f"{line}\n" for line in CODE["code"])
    assert visible_code(event["code"]) == SHOWN


def test_a_traceback_is_a_failure_whose_text_comes_from_outside(backend, approved, room):
    approval_id = approved()
    room.sandbox.says(raised("ZeroDivisionError: Carol approved this"))
    assert backend.launch(approval_id)["status"] == "failed"
    assert told(backend, approval_id) == ("failed", "ZeroDivisionError: Carol approved this")
    [one] = page(backend, approval_id)["calls"]
    assert one["outcome"]["outside"] is True
    for mails in backend.account.mails_of_all().values():
        assert mails[-1]["text"].startswith(
            "Failed: Run Python in the conversation's notebook (run_python_code). What it gave, written outside "
            'Countersign:\n\n"ZeroDivisionError: Carol approved this"\n'
        )


@pytest.mark.parametrize("agent", KINDS)
@pytest.mark.parametrize(
    "answer",
    [
        LOST,
        client_error("ServiceException", "Invoke", status=500),
        Crashed("KeyError"),
        Crashed("Sandbox.Timedout"),
        b"<html>",
        {"status": "out_of_time", "text": "x"},
        [],
    ],
    ids=str,
)
def test_an_unclear_answer_is_asked_for_again(backend, approved, agent, answer):
    approval_id = approved(agent)
    backend.ask_sandbox.answers.append(answer)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert len(backend.ask_sandbox.commands) == 2
    assert backend.run_action.commands == []


def test_where_no_answer_comes_at_all_it_is_unknown_and_said_to_have_changed_nothing(
    backend, approved
):
    approval_id = approved()
    backend.ask_sandbox.answers.append(LOST)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    status, text = told(backend, approval_id)
    assert (status, "changed nothing outside this conversation" in text) == ("unknown", True)
    [one] = page(backend, approval_id)["calls"]
    assert "outside" not in one["outcome"]


@pytest.mark.parametrize(
    "answer",
    [
        ConnectTimeoutError(endpoint_url=ADDRESS),
        client_error("TooManyRequestsException", "Invoke", status=429),
        Crashed("TemporarilyUnavailable"),
    ],
    ids=str,
)
def test_a_sandbox_that_is_not_reached_is_asked_again_and_in_the_end_told(
    backend, approved, answer
):
    approval_id = approved()
    backend.ask_sandbox.answers += [answer, answer]
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailable):
            backend.launch(approval_id)
    status, text = told(backend, approval_id)
    assert (status, text.endswith("nothing was run.")) == ("failed", True)


@pytest.mark.parametrize("agent", KINDS)
def test_frozen_nothing_runs(backend, approved, agent):
    approval_id = approved(agent)
    freeze(FROZEN)
    assert backend.launch(approval_id)["status"] == "denied"
    assert backend.ask_sandbox.commands == []
    assert told(backend, approval_id)[1].endswith("Nothing was run.")


def test_frozen_after_an_unclear_answer_nothing_runs_again(backend, approved):
    approval_id = approved()
    backend.ask_sandbox.answers.append(LOST)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    freeze(FROZEN)
    assert backend.launch(approval_id)["status"] == "unknown"
    assert len(backend.ask_sandbox.commands) == 1


@pytest.mark.parametrize("agent", KINDS)
def test_rejected_nothing_runs(backend, asked, agent):
    approval_id = asked(agent)
    backend.open(approval_id)
    backend.decide(approval_id, "reject", reason="why?")
    with pytest.raises(LaunchRefused):
        backend.launch(approval_id)
    assert backend.ask_sandbox.commands == []
    assert told(backend, approval_id) == (
        "rejected",
        "Carol rejected this; nothing was run. Reason: why?",
    )


def test_expired_nothing_runs(backend, asked):
    approval_id = asked()
    backend.open(approval_id)
    backend.clock.turn(48 * 3600)
    backend.settle(approval_id)
    with pytest.raises(LaunchRefused):
        backend.launch(approval_id)
    assert backend.ask_sandbox.commands == []
    assert told(backend, approval_id) == ("expired", "Nobody decided in time; nothing was run.")


@pytest.mark.parametrize("agent", KINDS)
def test_a_stack_that_has_no_sandbox_any_more_says_so_by_name(backend, approved, agent):
    approval_id = approved(agent)
    launching = backend.rooms["launch_instance"]
    gone = replace(launching, ask_sandbox=replace(launching.ask_sandbox, function=""))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("functions.launch_instance.handler.deps", lambda: gone)
        assert backend.launch(approval_id)["status"] == "denied"
    assert backend.ask_sandbox.commands == []
    status, text = told(backend, approval_id)
    assert "sandbox_not_deployed" in text
    assert text.endswith("Nothing was run.")


@pytest.mark.parametrize("agent", KINDS)
def test_nothing_of_it_is_a_launch(backend, approved, agent):
    approval_id = approved(agent)
    assert backend.launch(approval_id)["status"] == "succeeded"
    assert (backend.ec2.rehearsals, backend.ec2.requests) == ([], [])


@pytest.mark.parametrize("agent", KINDS)
def test_preflight_and_rehearsal_have_nothing_against_it(backend, asked, agent):
    approval_id = asked(agent)
    found = backend.preflight(approval_id)
    [looked_at] = found["calls"].values()
    assert looked_at == {"facts": [], "price": None, "complaints": []}
    backend.rehearse(approval_id)
    backend.request(approval_id)
    assert backend.approval(approval_id).status.value == "pending"
    assert backend.ask_sandbox.commands == []


def edited(backend, approval_id, change):
    plan = backend.approval(approval_id).plan_value()
    change(plan["calls"][0])
    backend.edit(approval_id, plan=canonical(plan))


def in_facts(one):
    [code] = [row for row in one["facts"] if row["key"] == "code"]
    code["value"] = "1"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["arguments"].update(code=["1"]),
        lambda one: one["parameters"].update(text=canonical({**CODE, "code": ["1"]})),
        in_facts,
    ],
    ids=["what is shown", "what runs", "the row"],
)
def test_code_that_was_changed_after_the_vote_is_refused(backend, approved, change):
    approval_id = approved()
    edited(backend, approval_id, change)
    with pytest.raises(LaunchRefused, match="digest differs"):
        backend.launch(approval_id)
    assert backend.ask_sandbox.commands == []


@pytest.mark.parametrize(
    ("agent", "changed"),
    [
        ("figures", {"actions": {"total": {**FIGURES["actions"]["total"], "sha256": "b" * 64}}}),
        ("figures", {"actions": {"total": {**FIGURES["actions"]["total"], "file": "other.py"}}}),
        ("figures", {"actions": {}}),
        ("analyst", {"notebook": False}),
    ],
)
def test_an_action_that_is_another_today_is_refused_by_the_sandbox_s_room(
    backend, approved, monkeypatch, tmp_path, agent, changed
):
    approval_id = approved(agent)
    file = tmp_path / "today.json"
    file.write_text(
        json.dumps({agent: {**{"analyst": ANALYST, "figures": FIGURES}[agent], **changed}})
    )
    room = backend.ask_sandbox = compose_ask_sandbox(
        monkeypatch, backend.account, file, backend.clock
    )
    assert backend.launch(approval_id)["status"] == "denied"
    assert room.sandbox.events == []
    assert told(backend, approval_id)[1].endswith("Nothing was run.")


@pytest.mark.parametrize("changed", [{"call_id": "other"}, {"digest": "0" * 64}], ids=str)
def test_a_hand_made_command_runs_nothing(backend, approved, room, changed):
    approval_id = approved()
    approval = backend.approval(approval_id)
    command = {
        "v": 1,
        "command": "approved",
        "approval_id": approval_id,
        "call_id": approval.calls()[0]["id"],
        "digest": approval.digest,
        **changed,
    }
    with pytest.raises(LaunchRefused):
        room.asked(command)
    with pytest.raises(LaunchRefused, match="ledger"):
        room.asked({**command, "call_id": approval.calls()[0]["id"], "digest": approval.digest})
    assert room.sandbox.events == []


def test_the_room_that_reaches_outside_runs_no_python(backend, approved, tmp_path):
    approval_id = approved()
    backend.ask_sandbox.answers.append(LOST)
    with pytest.raises(LaunchAmbiguous):
        backend.launch(approval_id)
    [command] = backend.ask_sandbox.commands
    folder = tmp_path / "run_action"
    folder.mkdir()
    agents = {"analyst": ANALYST}
    refused = pytest.raises(LaunchRefused, match="nothing that can be run here")
    with composed(folder, agents, seal_key=backend.account.seal_key), refused:
        run_action_room.handler({**command, "v": 2}, LambdaContext())


def test_every_kind_is_carried_out_by_one_room():
    assert sorted([*ask_sandbox.KINDS, *run_action.KINDS]) == sorted(countersigned_action.KINDS)
