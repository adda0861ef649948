"""A conversation's calls from the room that keeps its notebook into the sandbox itself, and back: a child per run."""

import base64
import gzip
import hashlib
import json

import pytest
from moto import mock_aws

from functions.shared.aws import client
from functions.shared.identifiers import timestamp, utc_now
from functions.shared.uploads import Upload, Uploads
from tests.support.account import CONVERSATIONS, REGION, Account, make_bucket, make_tables
from tests.support.ask_sandbox_room import compose_ask_sandbox
from tests.support.asking_python import ANALYST, HERE, OWNER, THERE, code, ran, results
from tests.support.clock import Clock
from tests.support.fake_sandbox import real_sandbox
from tests.support.notebooks import store

CSV = "city,people\nOslo,700000\nBergen,290000\n"
MODULE = """
def measure(length):
    return {"metres": length, "rows": len(open("cities.csv").readlines())}, "with the operator's file"
"""
PINNED = hashlib.sha256(MODULE.encode()).hexdigest()


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        make_tables()
        make_bucket()
        yield Account(seal_key="unused")


@pytest.fixture
def compose(monkeypatch, account, confined, tmp_path):
    """The room in a process that knows nothing yet."""
    actions = {name: dict(action) for name, action in ANALYST["actions"].items()}
    actions["measure"]["sha256"] = PINNED
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({"analyst": {**ANALYST, "actions": actions}}))
    carried = {"resources": {"cities.csv": packed(CSV)}, "module": {"source": MODULE}}
    file.with_name("code_files.json").write_text(json.dumps({"analyst": carried}))

    def made(seconds=30):
        return compose_ask_sandbox(
            monkeypatch, account, file, Clock(), real_sandbox(), seconds=seconds
        )

    return made


@pytest.fixture
def room(compose):
    return compose()


def packed(text):
    return base64.b64encode(gzip.compress(text.encode())).decode()


def upload(name, text):
    content = gzip.compress(text.encode())
    version = store().write_file(OWNER, HERE, name, content)
    given = Upload(
        name=name,
        bytes=len(text),
        packed_bytes=len(content),
        at=timestamp(utc_now()),
        version=version,
    )
    assert Uploads(client("dynamodb"), CONVERSATIONS).add(OWNER, HERE, given, keep_days=30)


def cells():
    return store().read(OWNER, HERE).cells


def test_sg_11_sg_12_a_csv_is_read_in_one_call_and_known_in_the_next(compose):
    upload("cities.tsv", CSV.replace(",", "\t"))
    first = code(
        "c1", ["import pandas as pd", "df = pd.read_csv('cities.tsv', sep='\\t')", "df.head()"]
    )
    [(status, text)] = results(compose(), first)
    assert status == "succeeded"
    assert "Oslo" in text
    assert "text/html" in cells()[0].outputs[0]["data"]
    # Another process, as on the next day: nothing of the first is left but the notebook.
    restarted = compose()
    assert ran(restarted, "df.shape", "c2", turn=2) == "(2, 2)"
    assert ran(restarted, "df.people.sum()", "c3", turn=2) == "990000"
    assert "NameError" in results(restarted, code("c1", "df"), conversation_id=THERE)[0][1]


def test_a_plot_is_a_picture_that_is_kept(room):
    plot = ["import matplotlib.pyplot as plt", "plt.plot([1, 4, 9])", "plt.show()"]
    assert "1 picture is shown" in ran(room, plot)
    [picture] = cells()[0].pictures()
    assert picture.mime == "image/png"
    assert picture.content.startswith(b"\x89PNG")


def test_after_an_error_the_next_call_works_and_knows_what_was_before_it(room):
    said = results(room, code("c1", "a = 1\n1/0"), code("c2", "a + 1"))
    assert said[0][0] == "failed"
    assert "ZeroDivisionError" in said[0][1]
    assert said[1] == ("succeeded", "2")


def test_what_was_stopped_is_no_cell_and_the_next_call_works(compose):
    room = compose(seconds=3)
    ran(room, "a = 1", "c1")
    [(status, text)] = results(room, code("c2", "while True: pass"))
    assert (status, "stopped after 3 seconds" in text) == ("failed", True)
    assert ran(room, "a", "c3") == "1"
    assert [cell.call_id for cell in cells()] == ["c1", "c3"]


def test_what_was_dear_is_not_run_again(room):
    ran(room, ["import time", "time.sleep(3.2)", "a = 1"], "c1")
    assert ran(room, "a + 1", "c2") == "2"
    assert room.sandbox.events[1]["snapshot"]["cells"] == 1


def test_the_operator_s_files_are_there_and_cannot_be_written(room):
    assert ran(room, "len(open('cities.csv').readlines())", "c1") == "3"
    assert "PermissionError" in results(room, code("c2", "open('cities.csv', 'w')"))[0][1]


def test_sg_13_a_function_of_the_operator_s_file_gives_its_value_and_its_message(room):
    call = {"id": "m1", "function": "measure", "arguments": {"length": 7}}
    [(status, text)] = results(room, call)
    assert status == "succeeded"
    assert text == '{"metres": 7, "rows": 3}\nwith the operator\'s file'


def test_another_file_behind_its_name_is_not_run(room, tmp_path):
    room.carries(tmp_path, {"analyst": {"module": {"source": MODULE + "\n"}}})
    call = {"id": "m1", "function": "measure", "arguments": {"length": 7}}
    [(status, text)] = results(room, call)
    assert (status, json.loads(text)["code"]) == ("failed", "module_changed")
