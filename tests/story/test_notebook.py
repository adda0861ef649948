"""Python for a conversation over HTTP: a table goes up, cells run in the sandbox, and what came back stays."""

import io
import json

import nbformat
import pytest

from tests.story.python_story import BACKGROUND_SECONDS, CSV, HEAD, LOAD, PLOT, runs

pytestmark = pytest.mark.story

PNG = b"\x89PNG\r\n\x1a\n"
LONG = ("import time", "time.sleep(17)", "print('slept')")


def test_sg_11_12_a_table_is_loaded_and_known_in_the_next_turn_even_after_a_restart(python_story):
    story, alice = python_story, python_story.user("alice")
    conversation = story.uploads(alice)["conversation_id"]
    first = story.runs(alice, *LOAD, conversation=conversation)
    assert (first["conversation_id"], first["status"], first["result"]) == (
        conversation,
        "succeeded",
        HEAD,
    )
    assert story.results() == [HEAD]
    assert '["analyst.csv", "cities.csv"]' in story.model.requests()[0]["messages"][0]["content"]

    killed = story.kill_sandbox(conversation)
    second = story.runs(alice, "df.shape", conversation=conversation)
    assert (second["status"], second["result"]) == ("succeeded", "(3, 2)")
    assert story.served(conversation)[-1]["process"] != killed


def test_the_operators_file_lies_there_too_and_cannot_be_changed(python_story):
    story, alice = python_story, python_story.user("alice")
    seen = story.runs(alice, "len(open('analyst.csv').readlines())")
    assert (seen["status"], seen["result"]) == ("succeeded", "25")
    refused = story.runs(alice, "open('analyst.csv', 'w')", conversation=seen["conversation_id"])
    assert refused["status"] == "failed"
    assert "PermissionError" in refused["result"]


def test_sg_11_a_picture_comes_to_the_page_and_the_model_is_told_of_it(python_story):
    story, alice = python_story, python_story.user("alice")
    conversation = story.uploads(alice)["conversation_id"]
    story.runs(alice, *LOAD, conversation=conversation)
    plotted = story.runs(alice, *PLOT, conversation=conversation)
    assert plotted["result"] == "Done: 1 picture is shown."
    notebook = alice.get(f"/conversations/{conversation}/notebook")
    assert [file["name"] for file in notebook["files"]] == ["cities.csv"]
    first, second = notebook["cells"]
    assert first["pictures"] == []
    assert second["call_id"] == plotted["id"]
    [picture] = second["pictures"]
    address = (
        f"/conversations/{conversation}/notebook/cells/{plotted['id']}/pictures/{picture['number']}"
    )
    shown = alice.request("GET", address)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert shown.content.startswith(PNG)
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert story.user("bob").request("GET", address).status_code == 404


def test_the_notebook_comes_down_as_jupyters_file_with_what_was_shown(python_story):
    story, alice = python_story, python_story.user("alice")
    conversation = story.uploads(alice)["conversation_id"]
    story.runs(alice, *LOAD, conversation=conversation)
    story.runs(alice, *PLOT, conversation=conversation)
    answer = alice.request("GET", f"/conversations/{conversation}/notebook.ipynb")
    assert answer.headers["content-disposition"].startswith("attachment")
    notebook = nbformat.read(io.StringIO(answer.text), as_version=4)
    nbformat.validate(notebook)
    table, plot = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert table.source.splitlines() == list(LOAD)
    assert table.outputs[0]["data"]["text/plain"] == HEAD
    assert any("image/png" in output.get("data", {}) for output in plot.outputs)


def test_a_traceback_comes_back_and_the_next_call_works(python_story):
    story, alice = python_story, python_story.user("alice")
    failed = story.runs(alice, "x = 6", "1 / 0")
    assert failed["status"] == "failed"
    assert "ZeroDivisionError" in failed["result"]
    assert "ZeroDivisionError" in story.results()[0]
    later = story.runs(alice, "x * 7", conversation=failed["conversation_id"])
    assert (later["status"], later["result"]) == ("succeeded", "42")


def test_what_ends_its_process_leaves_the_conversation_as_it_was(python_story):
    story, alice = python_story, python_story.user("alice")
    known = story.runs(alice, "x = 6")
    ended = story.runs(alice, "import os", "os._exit(1)", conversation=known["conversation_id"])
    assert ended["status"] == "failed"
    later = story.runs(alice, "x * 7", conversation=known["conversation_id"])
    assert later["result"] == "42"


def test_code_longer_than_a_turn_goes_on_in_the_background_and_is_told(python_story):
    story, alice = python_story, python_story.user("alice")
    story.model.answers(runs(*LONG), {"text": "It has slept."})
    turn = story.asks(alice, "Sleep")
    assert turn["status"] == "working"
    ended = alice.sees_turn(turn["conversation_id"], "completed", BACKGROUND_SECONDS)
    assert ended["reply"] == "It has slept."
    [call] = ended["tool_calls"]
    assert (call["status"], call["result"].strip()) == ("succeeded", "slept")
    notebook = alice.get(f"/conversations/{turn['conversation_id']}/notebook")
    assert [cell["call_id"] for cell in notebook["cells"]] == [call["id"]]


def test_a_countersigned_cell_is_shown_whole_and_runs_once(python_story):
    story, alice, bob = python_story, python_story.user("alice"), python_story.user("bob")
    story.model.answers(runs("total = 40 + 2", "print(total)"))
    turn = story.asks(alice, "Add up", "careful")
    assert turn["status"] == "awaiting_approval"
    conversation, approval = turn["conversation_id"], turn["approval"]["id"]
    assert story.served(conversation) == []
    shown = bob.sees_approval(approval, "pending")
    assert "total = 40 + 2" in json.dumps(shown)
    assert alice.decides(approval, "approve", digest=shown["digest"]).status_code == 403
    bob.approves(approval)
    closed = bob.sees_closed(approval)
    [call] = closed["calls"]
    assert call["outcome"]["status"] == "succeeded"
    assert len(story.served(conversation)) == 1
    [cell] = alice.get(f"/conversations/{conversation}/notebook")["cells"]
    assert (cell["agent"], cell["status"]) == ("careful", "succeeded")
    told = story.until(lambda: alice.last_turn(conversation), lambda seen: "42" in json.dumps(seen))
    assert told["tool_calls"][0]["status"] == "succeeded"


def test_a_rejected_cell_does_not_run(python_story):
    story, alice, bob = python_story, python_story.user("alice"), python_story.user("bob")
    story.model.answers(runs("print('never')"))
    turn = story.asks(alice, "Print", "careful")
    conversation, approval = turn["conversation_id"], turn["approval"]["id"]
    bob.sees_approval(approval, "pending")
    bob.rejects(approval, "Not today.")
    assert bob.sees_closed(approval)["status"] == "rejected"
    assert alice.get(f"/conversations/{conversation}/notebook")["cells"] == []
    assert story.served(conversation) == []


def test_sg_13_a_function_of_the_operators_file_is_countersigned_and_called(python_story):
    story, alice, bob = python_story, python_story.user("alice"), python_story.user("bob")
    arguments = {"cidr": "10.20.0.0/20", "prefix": 24}
    story.model.answers({"calls": [{"name": "subnets", "arguments": arguments}]})
    turn = story.asks(alice, "How many /24?", "figures")
    approval = turn["approval"]["id"]
    assert "figures.py" in json.dumps(bob.sees_approval(approval, "pending"))
    bob.approves(approval)
    [call] = bob.sees_closed(approval)["calls"]
    assert call["outcome"]["status"] == "succeeded"
    told = story.until(
        lambda: alice.last_turn(turn["conversation_id"]),
        lambda seen: "16 subnets of 251 usable" in json.dumps(seen),
    )
    assert told["tool_calls"][0]["status"] == "succeeded"


def test_no_process_of_the_sandbox_serves_two_conversations(python_story):
    story, alice = python_story, python_story.user("alice")
    marked = story.runs(alice, "open('/tmp/mark', 'w').write('mine')")
    other = story.runs(alice, "import os", "os.path.exists('/tmp/mark')")
    assert (marked["status"], other["result"]) == ("succeeded", "False")
    one = story.served(marked["conversation_id"])
    two = story.served(other["conversation_id"])
    assert len({served["tenant"] for served in one + two}) == 2
    assert {served["process"] for served in one}.isdisjoint(served["process"] for served in two)


def test_a_deleted_conversation_leaves_nothing_in_the_bucket(python_story):
    story, alice = python_story, python_story.user("alice")
    conversation = story.uploads(alice)["conversation_id"]
    story.runs(alice, *LOAD, conversation=conversation)
    assert len(story.stored(conversation)) >= 2
    assert alice.request("DELETE", f"/conversations/{conversation}").status_code == 204
    assert story.stored(conversation) == []
    assert alice.request("GET", f"/conversations/{conversation}/notebook").status_code == 404


def test_files_are_only_their_owners(python_story):
    story, alice, bob = python_story, python_story.user("alice"), python_story.user("bob")
    conversation = story.uploads(alice)["conversation_id"]
    assert bob.request("GET", f"/conversations/{conversation}/notebook").status_code == 404
    assert story.puts(bob, "other.csv", CSV, conversation).status_code == 404
    gone = bob.request("DELETE", f"/conversations/{conversation}/files/cities.csv")
    assert gone.status_code == 404
    assert story.puts(alice, "cities.csv", CSV, conversation).status_code == 409
    names = ("Umsätze 2026.csv", "売上.csv", "a+b & c.csv")
    for name in names:
        story.uploads(alice, name, conversation=conversation)
    files = alice.get(f"/conversations/{conversation}/notebook")["files"]
    assert sorted(file["name"] for file in files) == sorted(("cities.csv", *names))
    opened = story.runs(alice, f"open({names[1]!r}).readline()", conversation=conversation)
    assert opened["result"] == "city,people\n"


def test_i10_no_code_no_content_and_no_token_is_in_a_log(python_story):
    story, alice, bob = python_story, python_story.user("alice"), python_story.user("bob")
    secret = f"secret-{story.mark[1:-1]}"
    content = f"name\n{secret}-file\n".encode()
    conversation = story.uploads(alice, "names.csv", content)["conversation_id"]
    ran = story.runs(alice, f"'{secret}-code', open('names.csv').read()", conversation=conversation)
    assert f"{secret}-file" in ran["result"]
    story.runs(alice, f"raise ValueError('{secret}-error')", conversation=conversation)
    story.model.answers(runs(f"print('{secret}-countersigned')"))
    turn = story.asks(alice, "Print", "careful")
    bob.sees_approval(turn["approval"]["id"], "pending")
    bob.approves(turn["approval"]["id"])
    bob.sees_closed(turn["approval"]["id"])
    alice.request("GET", f"/conversations/{conversation}/notebook.ipynb")
    for output in (name for name in story.outputs if name.endswith("Function")):
        logged = story.logs(output)
        assert secret not in logged, output
        assert alice.token not in logged, output
