"""A conversation's calls on their way to the sandbox and back: in order, with what they need, kept once."""

import base64
import gzip
import json

import pytest

from functions.shared.aws import client
from functions.shared.identifiers import timestamp, utc_now
from functions.shared.uploads import Upload, Uploads
from tests.support.account import CONVERSATIONS
from tests.support.ask_sandbox_room import compose_ask_sandbox
from tests.support.asking_python import (
    ANALYST,
    HERE,
    OWNER,
    code,
    ran,
    results,
)
from tests.support.clock import Clock
from tests.support.fake_sandbox import gave, raised, stopped
from tests.support.notebooks import png, shows, store

SOURCE = "def measure():\n    return 1\n"


@pytest.fixture
def room(monkeypatch, account, tmp_path):
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({"analyst": ANALYST}))
    return compose_ask_sandbox(monkeypatch, account, file, Clock())


def packed(text):
    return gzip.compress(text.encode())


def as_sent(text):
    return base64.b64encode(packed(text)).decode()


def upload(name, text, *, owner=OWNER, conversation_id=HERE):
    version = store().write_file(owner, conversation_id, name, packed(text))
    given = Upload(
        name=name,
        bytes=len(text),
        packed_bytes=len(packed(text)),
        at=timestamp(utc_now()),
        version=version,
    )
    uploads = Uploads(client("dynamodb"), CONVERSATIONS)
    assert uploads.add(owner, conversation_id, given, keep_days=30)


def unpacked(sent):
    return {
        one["name"]: gzip.decompress(base64.b64decode(one["content"])).decode()
        for one in sent["files"]
    }


def stored(conversation_id=HERE, owner=OWNER):
    return store().read(owner, conversation_id).cells


# cells


def test_the_calls_of_one_answer_run_in_their_order_each_after_the_ones_before(room):
    room.sandbox.says(gave("1"), raised(), gave("3"))
    said = results(room, code("c1", "a = 1"), code("c2", "1/0"), code("c3", ["b = a", "b"]))
    assert [status for status, _ in said] == ["succeeded", "failed", "succeeded"]
    assert [text for _, text in said] == ["1", "ZeroDivisionError: division by zero", "3"]
    first, second, third = room.sandbox.events
    assert (first["cells"], first["code"]) == ([], "a = 1")
    assert second["cells"] == [{"source": "a = 1"}]
    assert third["code"] == "b = a\nb\n"
    assert third["cells"] == [
        {"source": "a = 1"},
        {"source": "1/0", "outputs": [{"output_type": "error"}]},
    ]


def test_the_next_turn_knows_the_cells_of_the_one_before(room):
    ran(room, "a = 1", "c1")
    ran(room, "a", "c2", turn=2)
    assert room.sandbox.events[1]["cells"] == [{"source": "a = 1"}]


def test_a_cell_is_kept_with_what_it_gave(room):
    room.sandbox.says(gave("Done: 1 picture is shown.", outputs=[shows(png())]))
    ran(room, "plot()", "c1")
    [cell] = stored()
    assert (cell.call_id, cell.agent, cell.function) == ("c1", "analyst", "run_python_code")
    assert (cell.source, cell.status, cell.at) == ("plot()", "succeeded", "2026-11-21T03:00:00Z")
    assert cell.text == "Done: 1 picture is shown."
    [picture] = cell.pictures()
    assert picture.content == png()


def test_earlier_cells_go_along_without_what_they_gave(room):
    room.sandbox.says(gave(outputs=[shows(png())]))
    ran(room, "plot()", "c1")
    ran(room, "1", "c2")
    assert room.sandbox.events[1]["cells"] == [{"source": "plot()"}]


def test_a_diagram_is_a_cell_that_shows_it(room):
    results(room, code("c1", "a -> b", function="draw_diagram"))
    assert "text/vnd.graphviz" in room.sandbox.events[0]["code"]
    assert stored()[0].source == room.sandbox.events[0]["code"]


@pytest.mark.parametrize("arguments", [{}, {"code": []}, {"code": [1]}], ids=str)
def test_a_call_without_code_is_told_so_and_asks_nobody(room, arguments):
    call = {"id": "c1", "function": "run_python_code", "arguments": arguments}
    [(status, text)] = results(room, call)
    assert (status, json.loads(text)["code"]) == ("failed", "no_code")
    assert room.sandbox.events == []


# once


def test_a_call_that_was_answered_is_answered_again_without_a_run(room):
    room.sandbox.says(gave("first"), gave("second"))
    assert ran(room, "a = 1", "c1") == "first"
    assert ran(room, "a = 1", "c1") == "first"
    assert len(room.sandbox.events) == len(stored()) == 1


def test_so_is_one_that_ended_with_an_error(room):
    room.sandbox.says(raised("NameError: a"), gave("second"))
    both = [results(room, code("c1", "a")) for _ in range(2)]
    assert both[0] == both[1] == [("failed", "NameError: a")]
    assert len(room.sandbox.events) == 1


@pytest.mark.parametrize(
    "other", [code("c1", "a = 2"), code("c1", "a = 1", function="draw_diagram")], ids=str
)
def test_another_call_with_the_same_id_is_not_given_its_answer(room, other):
    ran(room, "a = 1", "c1")
    [(status, text)] = results(room, other)
    assert (status, json.loads(text)["code"]) == ("failed", "id_taken")
    assert len(room.sandbox.events) == 1


def in_between(room, *calls, answer="late"):
    """An answer that comes after another call of the same conversation has become a cell."""

    def answered(_):
        results(room, *calls)
        return gave(answer)

    return answered


def test_a_cell_that_came_in_between_is_run_after(room):
    room.sandbox.says(in_between(room, code("other", "b = 2")), gave("of other"), gave("again"))
    assert ran(room, "a = 1", "mine") == "again"
    assert [cell.call_id for cell in stored()] == ["other", "mine"]
    assert [one["cells"] for one in room.sandbox.events] == [[], [], [{"source": "b = 2"}]]


def test_a_second_one_in_between_is_told(room):
    room.sandbox.says(
        in_between(room, code("o1", "1")), gave(), in_between(room, code("o2", "2")), gave()
    )
    [(status, text)] = results(room, code("mine", "a = 1"))
    assert (status, json.loads(text)["code"]) == ("failed", "notebook_busy")
    assert [cell.call_id for cell in stored()] == ["o1", "o2"]


def test_the_same_call_twice_at_once_becomes_one_cell(room):
    room.sandbox.says(in_between(room, code("c1", "a = 1")), gave("the other's"))
    assert ran(room, "a = 1", "c1") == "the other's"
    assert len(stored()) == 1


# what is no cell


@pytest.mark.parametrize(
    "answer",
    [
        stopped(),
        stopped("memory_limit", "killed"),
        gave('{"error": "x", "code": "bad_file"}', status="failed", code="bad_file"),
        gave('{"error": "x", "code": "no_confinement"}', status="failed", code="no_confinement"),
        gave("x", status="timed_out"),
        gave("x", status="killed", code="python_error"),
    ],
    ids=lambda answer: f"{answer['status']}-{answer['code']}",
)
def test_what_was_refused_or_stopped_is_told_and_kept_nowhere(room, answer):
    room.sandbox.says(answer)
    [said] = results(room, code("c1", "while True: pass"))
    assert said == ("failed", answer["text"])
    assert stored() == ()
