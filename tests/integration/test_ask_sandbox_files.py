"""What goes to the sandbox beside code: snapshots, files, the operator's own Python; and who may ask for it."""

import base64
import gzip
import json

import pytest
from pydantic import ValidationError

from functions.shared.aws import client
from functions.shared.identifiers import timestamp, utc_now
from functions.shared.uploads import Upload, Uploads
from tests.support.account import CONVERSATIONS
from tests.support.ask_sandbox_room import compose_ask_sandbox
from tests.support.asking_python import (
    ANALYST,
    HERE,
    MODULE_SHA,
    OTHER,
    OWNER,
    THERE,
    code,
    event,
    ran,
    results,
)
from tests.support.clock import Clock
from tests.support.fake_sandbox import gave
from tests.support.notebooks import store

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


# snapshots


def snapshot(cells, content="c25hcA=="):
    return {"cells": cells, "content": content}


def test_a_snapshot_goes_along_with_the_next_call(room):
    room.sandbox.says(gave(snapshot=snapshot(1)))
    ran(room, "slow()", "c1")
    ran(room, "1", "c2")
    ran(room, "2", "c3")
    assert "snapshot" not in room.sandbox.events[0]
    for sent in room.sandbox.events[1:]:
        assert sent["snapshot"] == snapshot(1)
        assert sent["cells"][0] == {"source": "slow()"}


def test_a_newer_snapshot_takes_its_place(room):
    room.sandbox.says(gave(snapshot=snapshot(1)), gave(snapshot=snapshot(2, "bmV3")))
    for number in range(3):
        ran(room, str(number), f"c{number}")
    assert room.sandbox.events[2]["snapshot"] == snapshot(2, "bmV3")


@pytest.mark.parametrize(
    "taken",
    [
        snapshot(7),
        snapshot(0),
        snapshot(-1),
        snapshot(True),
        snapshot("1"),
        snapshot(1, ""),
        snapshot(1, 5),
        snapshot(1, "')\nimport os\n#"),
        snapshot(1, "A" * (4 * 1024 * 1024 + 1)),
        {"cells": 1},
        "snapshot",
        [],
    ],
    ids=lambda taken: str(taken)[:30],
)
def test_a_snapshot_that_is_none_is_not_kept_and_the_cell_is(room, taken):
    room.sandbox.says(gave("1", snapshot=taken))
    assert ran(room, "1", "c1") == "1"
    ran(room, "2", "c2")
    assert "snapshot" not in room.sandbox.events[1]


# files


def test_code_finds_the_requester_s_files_and_the_operator_s(room, tmp_path):
    room.carries(tmp_path, {"analyst": {"resources": {"data/prices.csv": as_sent("p")}}})
    upload("sales.csv", "a,b\n1,2\n")
    ran(room, "1")
    found = unpacked(room.sandbox.events[0])
    assert found == {"data/prices.csv": "p", "sales.csv": "a,b\n1,2\n"}


def test_no_upload_takes_the_place_of_the_operator_s(room, tmp_path):
    resources = {"prices.csv": as_sent("the operator's"), "data.csv/part": as_sent("a folder")}
    room.carries(tmp_path, {"analyst": {"resources": resources}})
    upload("prices.csv", "forged")
    upload("data.csv", "in the way")
    ran(room, "1")
    found = unpacked(room.sandbox.events[0])
    assert found == {"prices.csv": "the operator's", "data.csv/part": "a folder"}


def test_another_conversation_s_or_person_s_files_and_cells_never_go_along(room, tmp_path):
    room.carries(tmp_path, {"else": {"resources": {"secret.csv": as_sent("of another agent")}}})
    upload("mine.csv", "m", conversation_id=THERE)
    upload("theirs.csv", "t", owner=OTHER)
    ran(room, "a = 1", conversation_id=THERE)
    ran(room, "b = 1", owner=OTHER)
    ran(room, "c = 1")
    sent = room.sandbox.events[-1]
    assert (sent["files"], sent["cells"]) == ([], [])


def test_a_file_that_is_listed_and_gone_is_left_out(room):
    upload("gone.csv", "x")
    client("s3").delete_object(Bucket="notebooks", Key=f"{OWNER}/{HERE}/files/gone.csv.gz")
    ran(room, "1")
    assert room.sandbox.events[0]["files"] == []


def test_no_two_conversations_and_no_two_people_share_an_environment(room):
    ran(room, "1", "c1")
    ran(room, "2", "c2")
    ran(room, "1", conversation_id=THERE)
    ran(room, "1", owner=OTHER)
    first, again, there, other = room.sandbox.tenants
    assert first == again
    assert len({first, there, other}) == 3
    assert OWNER not in first
    assert HERE not in first


# modules


@pytest.fixture
def with_module(room, tmp_path):
    module = {"file": "resources/measure.py", "source": SOURCE, "sha256": MODULE_SHA}
    room.carries(tmp_path, {"analyst": {"module": module, "resources": {"a.csv": as_sent("1")}}})
    return room


def measure(**arguments):
    return {"id": "m1", "function": "measure", "arguments": arguments}


def test_a_function_of_the_operator_s_file_is_called_and_is_no_cell(with_module):
    upload("sales.csv", "s")
    with_module.sandbox.says(gave('{"size": 3}'))
    assert results(with_module, measure(length=3)) == [("succeeded", '{"size": 3}')]
    [sent] = with_module.sandbox.events
    assert set(unpacked(sent)) == {"a.csv", "sales.csv"}
    assert {name: sent[name] for name in sorted(set(sent) - {"files", "seconds"})} == {
        "v": 1,
        "kind": "module",
        "file": "resources/measure.py",
        "source": SOURCE,
        "sha256": MODULE_SHA,
        "function": "measure",
        "arguments": {"length": 3},
        "declared": ["measure", "weigh"],
        "network": False,
    }
    assert stored() == ()


def test_its_message_to_the_model_follows_its_value(with_module):
    with_module.sandbox.says(
        gave("7", message="in metres"),
        gave("boom", status="failed", code="python_error", message="not this"),
    )
    assert results(with_module, measure()) == [("succeeded", "7\nin metres")]
    assert results(with_module, measure()) == [("failed", "boom")]


def test_a_file_that_is_not_carried_is_named(room):
    [(status, text)] = results(room, measure())
    assert (status, json.loads(text)["code"]) == ("failed", "module_missing")
    assert "resources/measure.py" in text
    assert room.sandbox.events == []


# who may ask for what


@pytest.mark.parametrize(
    ("function", "refusal"),
    [
        ("erase", "needs_approval"),
        ("weigh", "needs_approval"),
        ("python", "needs_approval"),
        ("say", "not_here"),
        ("nothing", "not_here"),
    ],
)
def test_what_a_person_has_to_countersign_or_another_room_does_is_not_run(room, function, refusal):
    [(status, text)] = results(room, code("c1", "1", function=function))
    assert (status, json.loads(text)["code"]) == ("failed", refusal)
    assert room.sandbox.events == []


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"agent": "nobody"}, "unknown_agent"), ({"manifest": "0" * 64}, "manifest_changed")],
)
def test_an_agent_that_is_gone_or_has_changed_runs_nothing(room, changed, refusal):
    said = results(room, code("c1", "1"), code("c2", "2"), **changed)
    assert [json.loads(text)["code"] for _, text in said] == [refusal] * 2
    assert room.sandbox.events == []


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2},
        {"owner": ""},
        {"owner": "a/b"},
        {"owner": "a\nb"},
        {"conversation_id": "../x"},
        {"conversation_id": "a" * 26 + "\n"},
        {"seconds": 0},
        {"turn": 0},
        {"calls": [code("", "1")]},
        {"command": "else", "v": None},
    ],
    ids=str,
)
def test_an_event_of_another_kind_is_not_guessed_at(room, changed):
    with pytest.raises(ValidationError):
        room.asked(event(**changed))
