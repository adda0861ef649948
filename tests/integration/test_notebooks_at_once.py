"""Files that come and go at the same time, and uploads and removals that break off in the middle."""

from dataclasses import replace
from datetime import timedelta

import pytest

import functions.notebooks.handler
from functions.notebooks.files import keep
from functions.shared.aws import client
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.identifiers import utc_now
from functions.shared.notebook_store import NotebookStore
from tests.support.account import CONVERSATIONS, NOTEBOOKS
from tests.support.notebook_room import CSV, begun, files, kept, notebook, objects, put, remove


def refused(answer):
    return answer.status, answer.json["code"]


class Meanwhile:
    """A store or table to which something happens just before one of its steps."""

    def __init__(self, real, step, happens):
        self._real, self._step, self._happens = real, step, happens

    def __getattr__(self, name):
        found = getattr(self._real, name)
        if name != self._step:
            return found

        def stepped(*given, **named):
            happens, self._happens = self._happens, lambda: None
            happens()
            return found(*given, **named)

        return stepped


@pytest.fixture
def between(monkeypatch, backend):
    """Let something happen before a step of the room's store or uploads, once."""

    def let(part, step, happens):
        real = backend.rooms["notebooks"]
        changed = replace(real, **{part: Meanwhile(getattr(real, part), step, happens)})
        monkeypatch.setattr(functions.notebooks.handler, "deps", lambda: changed)

    return let


@pytest.mark.parametrize(("part", "step"), [("store", "write_file"), ("uploads", "add")])
def test_of_two_uploads_of_one_name_at_once_one_wins_whole(backend, between, part, step):
    here = begun(backend, name="first.csv")
    answers = []
    between(part, step, lambda: answers.append(put(backend, body=b"other", here=here)))
    answers.append(put(backend, here=here))
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [201, 409]
    won = b"other" if answers[0].status == 201 else CSV
    assert kept(backend, here) == won
    [size] = [
        one["bytes"] for one in notebook(backend, here)["files"] if one["name"] == "sales.csv"
    ]
    assert size == len(won)


@pytest.mark.parametrize(("part", "step"), [("store", "write_file"), ("uploads", "add")])
def test_of_two_uploads_at_once_no_more_is_kept_than_may_be(backend, between, part, step):
    here = begun(backend)
    for number in range(8):
        put(backend, f"{number}.csv", here=here)
    answers = []
    between(part, step, lambda: answers.append(put(backend, "one.csv", here=here)))
    answers.append(put(backend, "two.csv", here=here))
    assert [answer.status for answer in answers] == [201, 409]
    assert refused(answers[1]) == (409, "files_full")
    assert (len(files(backend, here)), len(objects())) == (10, 10)


def test_an_upload_after_a_removal_in_progress_is_not_removed_with_it(backend, between):
    here = begun(backend)
    later = NotebookStore(
        lambda: client("s3"),
        NOTEBOOKS,
        clock=lambda: utc_now() + timedelta(hours=1),
    )
    owner = backend.human("alice").sub

    def upload_again():
        room = backend.rooms["notebooks"]
        keep(
            later,
            room.uploads,
            owner=owner,
            conversation_id=here,
            name="sales.csv",
            content=b"other",
            there=(),
            keep_days=30,
            now=backend.clock(),
        )

    between("store", "remove_file", upload_again)
    assert remove(backend, here).status == 204
    assert files(backend, here) == ["sales.csv"]
    assert kept(backend, here) == b"other"


class Broken:
    def __init__(self, real, step):
        self._real, self._step = real, step

    def __getattr__(self, name):
        if name != self._step:
            return getattr(self._real, name)

        def fail(*_, **__):
            raise TemporarilyUnavailable("S3: SlowDown.")

        return fail


@pytest.mark.parametrize(
    ("part", "step"), [("uploads", "begin"), ("store", "write_file"), ("uploads", "add")]
)
def test_an_upload_that_breaks_off_shows_no_file(backend, monkeypatch, part, step):
    real = backend.rooms["notebooks"]
    broken = replace(real, **{part: Broken(getattr(real, part), step)})
    with monkeypatch.context() as patch:
        patch.setattr(functions.notebooks.handler, "deps", lambda: broken)
        answer = put(backend)
    assert refused(answer) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert [sk for sk in everything() if sk.startswith("F#")] == []


def everything():
    return [item["sk"]["S"] for item in client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]]


def test_a_removal_that_breaks_off_shows_no_file(backend, monkeypatch):
    here = begun(backend)
    real = backend.rooms["notebooks"]
    broken = replace(real, store=Broken(real.store, "remove_file"))
    with monkeypatch.context() as patch:
        patch.setattr(functions.notebooks.handler, "deps", lambda: broken)
        assert remove(backend, here).status == 503
    assert files(backend, here) == []
