"""What happens at a terminal beside the straight way: leaving, no network, shadow mode, practice, programs."""

import json
import re
import threading
from dataclasses import replace

import pytest

import functions.chat.continue_turn
import functions.pages.handler as pages
from cli.terminal.chat import Talking
from cli.terminal.dialogue import how_to_resume
from cli.terminal.screen import Screen
from tests.support.fake_model import call, calls, text
from tests.support.gateway import LambdaContext
from tests.support.modes import switch
from tests.support.terminal import asked_for

LIVE_WORDS = "Type a message."
SMALL = {"image_id": "ami-012261b9035f8f938", "instance_type": "t2.small", "key_name": "kondo"}
GRAPHICS = re.compile(rb"\x1b\[([0-9;]*)m")
COLOURS = {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
"""https://en.wikipedia.org/wiki/ANSI_escape_code: what a terminal takes for colours, where 39 and 49 are its own."""
SHADOW_WORDS = "Shadow mode: nothing is started, whatever is decided"


@pytest.fixture
def slow(backend):
    """The model answers when a test lets it."""
    asked, may_answer = threading.Event(), threading.Event()

    def answer():
        asked.set()
        may_answer.wait(30)
        return text("Hello.")

    backend.model.says(answer)
    yield asked
    may_answer.set()


@pytest.mark.parametrize("arguments", [("chat", "Hi"), ("chat",)])
def test_who_leaves_while_the_model_thinks_is_told_where_the_answer_comes(
    terminal, slow, arguments
):
    with terminal.at(*arguments) as at:
        if arguments == ("chat",):
            at.expect("You:")
            at.type("Hi")
        assert slow.wait(30)
        at.expect("Thinking…")
        at.press(b"\x03")
        at.expect("Go on with: countersign chat --continue")
        if arguments == ("chat",):
            at.expect("You:")
            at.press(b"\x04")
            assert at.ends() == 5
        else:
            assert at.ends() == 130


def test_a_network_that_goes_away_in_the_dialogue_ends_a_try_and_not_the_dialogue(
    terminal, backend
):
    backend.model.says("Hello.")
    with terminal.at("chat") as at:
        at.expect("You:")
        at.type("Hi")
        at.expect("Hello.")
        at.expect("You:")
        terminal.lose_network()
        at.type("Hi again")
        at.expect(f"There is no connection to {terminal.url}")
        at.expect("Nothing was changed by this try.")
        at.expect("You:")
        at.type("/quit")
        at.expect("Go on with: countersign chat --conversation ")


def test_without_colours_the_whole_dialogue_has_none(terminal, backend):
    backend.model.says("Hello.")
    terminal.environment["NO_COLOR"] = "1"
    with terminal.at("chat") as at:
        at.expect("You:")
        at.type("Hi")
        at.expect("Hello.")
        at.expect("You:")
        at.press(b"\x04")
        at.ends()
    set_by = {
        number for found in GRAPHICS.findall(at.raw) for number in found.split(b";") if number
    }
    assert {number for number in set_by if int(number) in COLOURS} == set()


def test_a_program_approves_by_reading_the_facts_and_writing_y(terminal, backend):
    terminal.signed_in("carol")
    id = backend.ask()
    backend.open(id)
    said = terminal.piped("approvals", "approve", id, "--json", says="n\n")
    [shown] = map(json.loads, said.stdout.splitlines())
    assert shown["approval"]["digest"] == backend.approval(id).digest
    assert backend.approval(id).decision is None
    said = terminal.piped("approvals", "approve", id, "--json", says="y\n")
    _, decided = map(json.loads, said.stdout.splitlines())
    assert (said.returncode, decided["status"]) == (0, "approved")


def test_a_rejection_and_a_cancellation_tell_programs_what_they_did(terminal, backend):
    one, other = backend.ask(), backend.ask(SMALL)
    backend.open(one)
    said = terminal.piped("approvals", "cancel", other, "--json")
    assert json.loads(said.stdout)["status"] == "cancelled"
    terminal.signed_in("carol")
    said = terminal.piped("approvals", "reject", one, "--json")
    assert json.loads(said.stdout)["status"] == "rejected"


@pytest.fixture
def shadow(monkeypatch, backend, terminal):
    """The operator has chosen shadow mode."""
    switch(monkeypatch, backend, "dry_run")
    composed = pages.deps()
    changed = replace(composed, settings=replace(composed.settings, launch="dry_run"))
    monkeypatch.setattr(pages, "deps", lambda: changed)


def test_shadow_mode_is_said_before_the_first_word_and_beside_each_request(
    shadow, terminal, backend
):
    backend.model.says(calls(call()))
    with terminal.at("chat") as at:
        greeting = at.expect(LIVE_WORDS)
        assert SHADOW_WORDS in greeting
        at.expect("You:")
        at.type("kondo")
        at.expect("It is being checked")
        id = asked_for(backend)
        backend.open(id)
        at.expect("Waiting for ")
        at.press(b"\x03")
        at.expect("You:")
        at.press(b"\x04")
        at.ends()
    terminal.signed_in("carol")
    first, second = terminal.piped("approvals", "show", id).stdout.splitlines()[:2]
    assert first == "123456789012 · us-east-1"
    assert second.startswith(SHADOW_WORDS)
    [line] = terminal.piped("approvals", "list").stdout.splitlines()
    assert line.split("\t")[-1].endswith(" (shadow mode)")


def test_where_launches_are_live_nobody_speaks_of_shadows(terminal, backend):
    with terminal.at("chat") as at:
        assert "Shadow mode" not in at.expect(LIVE_WORDS)


def test_practice_is_marked_and_stands_in_no_account(terminal, backend):
    command = {"v": 2, "command": "practice", "sub": backend.human("carol").sub}
    answer = functions.chat.continue_turn.handler(command, LambdaContext(300_000))
    id = answer["approval_id"]
    backend.preflight(id)
    backend.rehearse(id)
    backend.request(id)
    terminal.signed_in("carol")
    [line] = terminal.piped("approvals", "list").stdout.splitlines()
    _, status, _, where, who, may, what = line.split("\t")
    assert (status, where, who, may, what) == (
        "pending",
        "",
        "Countersign",
        "you may decide",
        "Practice",
    )
    shown = terminal.piped("approvals", "show", id).stdout.splitlines()
    assert shown[0] == "Practice: nothing is started, whatever you decide."
    assert shown[1] == "Asked by Countersign:"
    with terminal.at("approvals", "approve", id) as at:
        at.expect("Approve exactly this? (y/n): ")
        at.type("y")
        at.expect("Approved.")


@pytest.mark.parametrize(
    ("conversation_id", "command"),
    [
        (None, "countersign chat --continue --local alice"),
        ("abc", "countersign chat --conversation abc --local alice"),
    ],
)
def test_on_the_laptop_the_way_back_names_the_person(conversation_id, command):
    talking = Talking(service=None, screen=Screen(), confirm=bool, local="alice")
    assert how_to_resume(talking, conversation_id) == f"Go on with: {command}"
