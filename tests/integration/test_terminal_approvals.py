"""Countersigning and keeping conversations at a terminal."""

import json

import pytest


@pytest.fixture
def request_id(backend):
    """A request of alice's that waits for a decision."""
    id = backend.ask()
    backend.open(id)
    return id


@pytest.fixture
def carol(terminal):
    terminal.signed_in("carol")
    return terminal


def test_the_inbox_is_a_line_each(carol, request_id):
    [line] = carol.piped("approvals", "list").stdout.splitlines()
    id, status, _, where, who, may, what = line.split("\t")
    assert (id, status, where) == (request_id, "pending", "123456789012 us-east-1")
    assert (who, may) == ("Alice", "you may decide")
    assert "t2.micro" in what
    [row] = map(json.loads, carol.piped("approvals", "list", "--json").stdout.splitlines())
    assert row["id"] == request_id


def test_in_a_narrow_window_an_id_stays_whole_so_that_it_can_be_copied(carol, request_id):
    with carol.at("approvals", "list", columns=70) as at:
        at.expect(request_id)
        assert at.ends() == 0


def test_only_an_exact_y_approves_what_was_shown(carol, backend, request_id):
    for answer in ("Y", "yes", "", "n", " y"):
        said = carol.piped("approvals", "approve", request_id, says=f"{answer}\n")
        assert said.stdout.endswith("Nothing was decided.\n"), answer
        assert said.returncode == 5, answer
    assert carol.piped("approvals", "approve", request_id).stdout.endswith("Nothing was decided.\n")
    assert backend.approval(request_id).decision is None
    with carol.at("approvals", "approve", request_id) as at:
        shown = at.expect("Approve exactly this? (y/n): ")
        for words in (
            "t2.micro",
            "Asked by Alice",
            "made up by the model",
            backend.approval(request_id).digest,
        ):
            assert words in shown
        at.type("y")
        at.expect("Approved.")
        assert at.ends() == 0
    assert backend.approval(request_id).decision.by.sub == backend.human("carol").sub


def test_a_rejection_carries_its_reason(carol, backend, request_id):
    assert carol.piped("approvals", "reject", request_id, "--reason", "too large").returncode == 0
    assert backend.approval(request_id).decision.reason == "too large"
    again = carol.piped("approvals", "reject", request_id)
    assert (again.returncode, again.stderr) == (
        1,
        "This request is rejected; there is nothing to decide.\n",
    )


def test_nobody_decides_their_own_request(terminal, backend, request_id):
    said = terminal.piped("approvals", "approve", request_id, says="y\n")
    assert (said.returncode, said.stderr) == (1, "You may not decide this request.\n")
    assert backend.approval(request_id).decision is None


def test_a_request_is_taken_back_by_who_made_it(terminal, backend, request_id):
    assert terminal.piped("approvals", "cancel", request_id).returncode == 0
    assert backend.approval(request_id).status == "cancelled"


def test_a_conversation_is_listed_shown_exported_and_deleted(terminal, backend, tmp_path):
    backend.model.says("A fence:\n```\nrm -rf\n```")
    here = json.loads(terminal.piped("chat", "Hello", "--json").stdout)["turn"]["conversation_id"]
    assert terminal.piped("conversations", "list").stdout.startswith(f"{here}\t")
    assert terminal.piped("conversations", "show", here).stdout.startswith("You: Hello\nA fence:")
    file = tmp_path / "talk.md"
    terminal.piped("conversations", "export", here, "--file", str(file))
    assert "````\nA fence:\n```\nrm -rf\n```\n````" in file.read_text()
    whole = json.loads(terminal.piped("conversations", "export", here, "--json").stdout)
    assert [turn["message"] for turn in whole["turns"]] == ["Hello"]
    assert (
        "Nothing was deleted."
        in terminal.piped("conversations", "delete", here, says="no\n").stdout
    )
    terminal.piped("conversations", "delete", here, "--yes")
    assert terminal.piped("conversations", "list").stdout == "There are none yet.\n"


def test_another_s_conversation_is_not_there(carol, backend):
    backend.model.says("Hello.")
    here = backend.chat("Hi").json["conversation_id"]
    said = carol.piped("conversations", "show", here)
    assert (said.returncode, said.stderr) == (1, "There is nothing here for you.\n")


def test_an_operator_stops_every_launch_and_lets_them_go_on(terminal, account):
    account.humans["olga"] = account.enroll("Olga", "olga@example.com", ("operators",))
    terminal.signed_in("olga")
    assert terminal.piped("frozen").stdout == "Launches go on.\n"
    said = terminal.piped("freeze", "the account is being moved")
    assert (said.returncode, said.stderr) == (0, "")
    found = terminal.piped("frozen")
    assert found.returncode == 1
    assert found.stdout.endswith(": the account is being moved\n")
    assert json.loads(terminal.piped("unfreeze", "moved", "--json").stdout)["frozen"] is False


def test_nobody_else_sets_the_switch(terminal):
    said = terminal.piped("freeze", "no reason")
    assert (said.returncode, said.stderr) == (
        1,
        "Only operators can freeze launches or let them go on.\n",
    )
