"""Chatting at a terminal: one message, the dialogue, the wait for a countersignature, exit statuses, JSON."""

import json

import pytest

from tests.support.fake_model import call, calls
from tests.support.served import gateway_of
from tests.support.terminal import Terminal, asked_for, carried_out, served


@pytest.fixture
def asks(backend):
    """The model asks for one instance."""
    backend.model.says(calls(call()))


def test_one_message_is_answered_without_colours_where_nobody_looks(terminal, backend):
    backend.model.says("Which type do you want?")
    said = terminal.piped("chat", "I want an instance")
    assert (said.returncode, said.stdout) == (0, "Which type do you want?\n")


def test_a_message_may_come_through_a_pipe(terminal, backend):
    backend.model.says("Hello.")
    assert terminal.piped("chat", says="Hi\n").stdout == "Hello.\n"
    assert backend.model.asked[0].messages[-1]["content"] == "Hi\n"


def test_a_request_ends_with_5_and_says_how_to_go_on(terminal, backend, asks):
    said = terminal.piped("chat", "kondo")
    assert said.returncode == 5
    assert "Another person has to countersign this" in said.stdout
    assert f"Waiting: {asked_for(backend)}\n" in said.stdout
    assert "countersign chat --conversation " in said.stdout


def test_json_is_one_object_per_line_and_nothing_else(terminal, backend, asks):
    said = terminal.piped("chat", "kondo", "--json")
    [turn] = [json.loads(line)["turn"] for line in said.stdout.splitlines()]
    assert (said.returncode, turn["status"]) == (5, "awaiting_approval")
    backend.model.says("Hello.")
    here = turn["conversation_id"]
    said = terminal.piped("chat", "Hi", "--conversation", here, "--json")
    assert json.loads(said.stdout)["turn"]["conversation_id"] == here


@pytest.mark.parametrize(
    ("decision", "status", "told"),
    [("approve", 0, "i-"), ("reject", 3, "rejected")],
)
def test_a_wait_ends_with_what_became_of_the_request(
    terminal, backend, asks, decision, status, told
):
    with terminal.at("chat", "kondo", "--wait") as at:
        at.expect("It is being checked")
        id = asked_for(backend)
        backend.open(id)
        at.expect("Waiting for ")
        backend.decide(id, decision)
        if decision == "approve":
            carried_out(backend, id)
        else:
            backend.settle(id)
            backend.record(id)
        at.expect(told)
        assert at.ends() == status


def test_a_request_that_nobody_decides_ends_with_4(terminal, backend, asks):
    with terminal.at("chat", "kondo", "--wait") as at:
        at.expect("It is being checked")
        id = asked_for(backend)
        backend.open(id)
        backend.clock.turn(3700)
        backend.settle(id)
        backend.record(id)
        at.expect("expired")
        assert at.ends() == 4


def test_the_dialogue_of_the_article(terminal, backend):
    backend.model.says("Which type do you want?", calls(call()))
    with terminal.at("chat") as at:
        at.expect("You:")
        at.type("I want an instance")
        at.expect("Which type do you want?")
        at.expect("You:")
        at.type("t2.micro, kondo")
        at.expect("proceed? (y/n)")
        at.expect("It is being checked")
        id = asked_for(backend)
        backend.open(id)
        at.expect("Waiting for ")
        backend.decide(id)
        carried_out(backend, id)
        at.expect("i-")
        at.expect("You:")
        at.type("/quit")
        at.expect("countersign chat --conversation ")
        assert at.ends() == 0


def test_who_leaves_a_wait_comes_back_to_its_outcome(terminal, backend, asks):
    with terminal.at("chat") as at:
        at.expect("You:")
        at.type("kondo")
        at.expect("It is being checked")
        id = asked_for(backend)
        backend.open(id)
        at.expect("Waiting for ")
        at.press(b"\x03")
        at.expect("It goes on without you. Go on with: countersign chat --conversation ")
        at.expect("You:")
        at.press(b"\x04")
        assert at.ends() == 5
    backend.decide(id)
    carried_out(backend, id)
    with terminal.at("chat", "--continue") as at:
        at.expect("You: kondo")
        at.expect("i-")
        at.expect("You:")
        at.type("/quit")
        at.ends()


def test_with_self_confirm_one_person_alone_gets_the_instance(
    self_confirming, monkeypatch, agents_file, tmp_path
):
    backend = self_confirming
    backend.model.says(calls(call()))
    with served(gateway_of(monkeypatch, backend, agents_file)) as url:
        terminal = Terminal(tmp_path / "home", url)
        terminal.signed_in("alice")
        with terminal.at("chat") as at:
            at.expect("You:")
            at.type("kondo")
            at.expect("It is being checked")
            id = asked_for(backend)
            backend.open(id)
            at.expect("Digest: ")
            at.expect("Here you may countersign your own request.")
            at.expect("proceed? (y/n): ")
            at.type("y")
            at.expect("It is being carried out")
            carried_out(backend, id)
            at.expect("i-")


def test_what_a_model_writes_cannot_move_the_cursor(terminal, backend):
    backend.model.says("\x1b[2J\x1b]0;gone\x07safe\u202egpj.exe")
    said = terminal.piped("chat", "Hi")
    assert said.stdout == "\\u001b[2J\\u001b]0;gone\\u0007safe\\u202egpj.exe\n"


def test_no_color_is_honoured_where_somebody_looks(terminal, backend):
    backend.model.says("Hello.")
    terminal.environment["NO_COLOR"] = "1"
    with terminal.at("chat", "Hi") as at:
        at.expect("Hello.")
        assert at.ends() == 0
    assert b"\x1b[3" not in at.raw


def test_without_a_network_one_sentence_and_1(terminal):
    terminal.url = "http://127.0.0.1:9"
    terminal.signed_in("alice")
    said = terminal.piped("chat", "Hi")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("There is no connection to http://127.0.0.1:9")
    assert (
        json.loads(terminal.piped("chat", "Hi", "--json").stdout)["error"]["code"] == "no_network"
    )


def test_who_is_not_signed_in_is_told_how(terminal):
    (terminal.home / "session.json").unlink()
    said = terminal.piped("chat", "Hi")
    assert (said.returncode, said.stderr) == (
        1,
        "You are not signed in. Sign in: countersign login ADDRESS\n",
    )


def test_an_agent_that_is_not_there_is_named(terminal):
    with terminal.at("chat", "--agent", "nobody") as at:
        at.expect("There is no agent 'nobody' for you; there are ec2")
        assert at.ends() == 1


def test_nothing_said_is_a_mistake_of_usage(terminal):
    assert terminal.piped("chat").returncode == 2
    said = terminal.piped("chat", "--json")
    assert (said.returncode, json.loads(said.stdout)["error"]["code"]) == (2, "usage")
