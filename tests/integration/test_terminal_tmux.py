"""The command line as a person uses it: in a shell, in a real terminal; what counts is what stands on the screen."""

import json

import pytest

from tests.support.fake_model import call, calls
from tests.support.served import gateway_of
from tests.support.terminal import Terminal, asked_for, carried_out, served
from tests.support.tmux import HAS_TMUX, PROMPT, shell

pytestmark = pytest.mark.skipif(not HAS_TMUX, reason="tmux is not installed")


@pytest.fixture
def pane(terminal, tmp_path):
    with shell(tmp_path / "shell", terminal.variables()) as pane:
        yield pane


def after(shown, words):
    """What stands below the last line with these words."""
    return shown.rpartition(words)[2]


def test_the_dialogue_of_the_article_leaves_a_screen_that_can_be_read(pane, backend):
    backend.model.says("Which type do you want?", calls(call()))
    pane.type("countersign chat")
    pane.expect("You:")
    pane.type("I want an instance")
    pane.expect("Which type do you want?")
    pane.expect("You:", times=2)
    pane.type("t2.micro, kondo")
    pane.expect("It is being checked")
    id = asked_for(backend)
    backend.open(id)
    shown = pane.expect("Waiting for Bob, Carol · ")
    assert " left · Ctrl-C leaves, the request stays" in shown
    backend.decide(id)
    carried_out(backend, id)
    pane.expect("i-")
    pane.expect("You:", times=3)
    pane.type("/quit")
    shown = pane.expect(PROMPT.strip(), times=2)
    lines = [line for line in shown.splitlines() if line]
    assert "You: I want an instance" in lines
    assert "You: t2.micro, kondo" in lines
    assert lines[-2].startswith("Go on with: countersign chat --conversation ")
    for wiped in ("Waiting for", "Thinking", "It is being checked"):
        assert wiped not in shown


def test_ctrl_c_detaches_says_how_to_resume_and_the_shell_sees_5(pane, backend):
    backend.model.says(calls(call()))
    pane.type("countersign chat kondo --wait; echo status $?")
    pane.expect("It is being checked")
    id = asked_for(backend)
    backend.open(id)
    pane.expect("Waiting for Bob, Carol")
    pane.press("C-c")
    shown = pane.expect("status ", times=2)
    assert after(shown, "status ").startswith("5")
    resume = after(shown, "Go on with: ").splitlines()[0].rstrip()
    backend.decide(id, "reject", reason="too large")
    backend.settle(id)
    backend.record(id)
    pane.type(resume)
    pane.expect("You: kondo")
    pane.expect("too large")
    pane.press("C-d")
    pane.expect(PROMPT.strip(), times=2)


def test_a_pipe_gets_json_alone_and_the_shell_the_status(pane, backend):
    backend.model.says("Hello.")
    pane.type("countersign chat Hi --json | tee told | wc -l; echo status ${PIPESTATUS[0]}")
    shown = pane.expect("status ", times=2)
    assert after(shown, "status ").startswith("0")
    told = pane.socket.parent / "told"
    assert json.loads(told.read_text())["turn"]["reply"] == "Hello."


def test_who_countersigns_in_a_narrow_window_sees_facts_and_the_whole_digest(
    terminal, backend, tmp_path
):
    terminal.signed_in("carol")
    id = backend.ask()
    backend.open(id)
    with shell(tmp_path / "narrow", terminal.variables(), columns=44) as pane:
        pane.type(f"countersign approvals approve {id}")
        shown = pane.expect("Approve exactly this? (y/n):")
        lines = shown.splitlines()
        first = next(number for number, line in enumerate(lines) if "123456789012" in line)
        assert lines[first] == "123456789012 · us-east-1"
        assert any(line.startswith("Instance type") and "t2.micro" in line for line in lines)
        assert backend.approval(id).digest in shown.replace("\n", "")
        pane.type("Y")
        pane.expect("Nothing was decided.")
        assert backend.approval(id).decision is None
        pane.type(f"countersign approvals approve {id}")
        pane.expect("Approve exactly this? (y/n):", times=2)
        pane.type("y")
        pane.expect("Approved.")
    assert backend.approval(id).decision.by.sub == backend.human("carol").sub


def test_one_person_alone_gets_from_chat_to_the_instance(
    self_confirming, monkeypatch, agents_file, tmp_path
):
    backend = self_confirming
    backend.model.says(calls(call()))
    with served(gateway_of(monkeypatch, backend, agents_file)) as url:
        terminal = Terminal(tmp_path / "home", url)
        terminal.signed_in("alice")
        with shell(tmp_path / "shell", terminal.variables()) as pane:
            pane.type("countersign chat")
            pane.expect("You:")
            pane.type("kondo")
            pane.expect("It is being checked")
            id = asked_for(backend)
            backend.open(id)
            pane.expect("Digest: ")
            pane.expect("proceed? (y/n):", times=2)
            pane.type("y")
            pane.expect("It is being carried out")
            assert backend.approval(id).decision.self_confirmed
            carried_out(backend, id)
            pane.expect("i-")


def test_a_sign_in_that_is_over_ends_the_dialogue_with_the_way_back(terminal, pane, backend):
    backend.model.says("Hello.")
    pane.type("countersign chat; echo status $?")
    pane.expect("You:")
    pane.type("Hi")
    pane.expect("Hello.")
    pane.expect("You:", times=2)
    (terminal.home / "session.json").unlink()
    pane.type("Hello again")
    shown = pane.expect("status ", times=2)
    assert after(shown, "status ").startswith("1")
    assert "Go on with: countersign chat --conversation " in shown
    assert "You are not signed in. Sign in: countersign login http://127.0.0.1:" in shown
