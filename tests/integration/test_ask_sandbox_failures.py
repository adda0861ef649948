"""When the sandbox, the bucket or the time fails: one sentence for the model, no cell that nobody ran."""

import io
import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

import functions.ask_sandbox.handler as handler_module
from functions.shared.aws import client
from functions.shared.notebook import MOST_CELLS
from functions.shared.notebook_store import NotebookStore
from functions.shared.observe import logger
from tests.support.account import NOTEBOOKS
from tests.support.ask_sandbox_room import compose_ask_sandbox
from tests.support.asking_python import ANALYST, HERE, OWNER, code, ran, results
from tests.support.clock import Clock
from tests.support.fake_lambda import Crashed
from tests.support.fake_sandbox import gave, raised, stopped
from tests.support.notebooks import cell, store


@pytest.fixture
def room(monkeypatch, account, tmp_path):
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({"analyst": ANALYST}))
    return compose_ask_sandbox(monkeypatch, account, file, Clock())


def stored():
    return [one.call_id for one in store().read(OWNER, HERE).cells]


def codes(said):
    return [json.loads(text)["code"] if status == "failed" else status for status, text in said]


class FailingS3:
    """S3 that fails for some operations and keys, as often as it is told to."""

    def __init__(self, code, status, *, operation, key, times=99):
        self._error = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
        self._operation, self._key, self._times = operation, key, times

    def __getattr__(self, name):
        real = getattr(client("s3"), name)

        def called(**request):
            if name == self._operation and request["Key"].endswith(self._key) and self._times:
                self._times -= 1
                raise ClientError(self._error, name)
            return real(**request)

        return called


def failing(room, operation, key, *, code="SlowDown", status=503, times=99):
    s3 = FailingS3(code, status, operation=operation, key=key, times=times)
    room.changes(store=NotebookStore(lambda: s3, NOTEBOOKS))


# time


def test_after_a_call_that_needs_more_time_none_is_begun(room):
    room.sandbox.says(gave("1"), stopped("time_limit"))
    said = results(room, code("c1", "1"), code("c2", "slow()"), code("c3", "3"), seconds=24.0)
    assert codes(said) == ["succeeded", "out_of_time", "out_of_time"]
    assert stored() == ["c1"]
    assert len(room.sandbox.events) == 2


def test_and_with_more_time_the_same_calls_go_on_where_they_were(room):
    room.sandbox.says(gave("1"), stopped("time_limit"), gave("2"), gave("3"))
    calls = (code("c1", "1"), code("c2", "slow()"), code("c3", "3"))
    results(room, *calls, seconds=24.0)
    assert results(room, *calls) == [("succeeded", "1"), ("succeeded", "2"), ("succeeded", "3")]
    assert stored() == ["c1", "c2", "c3"]
    assert len(room.sandbox.events) == 4


def test_a_call_for_which_there_is_no_time_is_asked_of_nobody(room):
    assert codes(results(room, code("c1", "1"), seconds=10.0)) == ["out_of_time"]
    assert room.sandbox.events == []


def test_a_call_that_had_all_the_time_it_may_have_is_answered(room):
    room.sandbox.says(stopped("time_limit"))
    assert results(room, code("c1", "slow()")) == [("failed", "The code was stopped.")]


def test_a_caller_with_an_hour_is_answered_before_this_room_s_own_end(room):
    ran(room, "1", seconds=3600.0)
    assert room.sandbox.events[0]["seconds"] == 30
    assert room.sandbox.waits[0] < 180


# the sandbox


@pytest.mark.parametrize(
    "answer",
    [Crashed("Runtime.ExitError"), b"no JSON", ReadTimeoutError(endpoint_url="https://x")],
    ids=["crashed", "unreadable", "no answer"],
)
def test_a_sandbox_that_fails_is_told_and_the_next_call_runs(room, answer):
    room.sandbox.says(answer, gave("2"))
    said = results(room, code("c1", "1"), code("c2", "2"))
    assert codes(said) == ["sandbox_unavailable", "succeeded"]
    assert stored() == ["c2"]


def test_a_mistake_of_ours_hides_no_sibling_s_result(room, monkeypatch):
    room.sandbox.says(RuntimeError("holds code"), gave("2"))
    said = results(room, code("c1", "1"), code("c2", "2"))
    assert codes(said) == ["broke_off", "succeeded"]
    assert "holds code" not in str(said)


# the bucket


@pytest.mark.parametrize("code_of_s3", [("SlowDown", 503), ("AccessDenied", 403)], ids=str)
def test_where_the_notebook_cannot_be_read_nothing_runs(room, code_of_s3):
    failing(room, "get_object", "notebook.json", code=code_of_s3[0], status=code_of_s3[1])
    assert codes(results(room, code("c1", "1"))) == ["notebook_unavailable"]
    assert room.sandbox.events == []


@pytest.mark.parametrize("code_of_s3", [("SlowDown", 503), ("AccessDenied", 403)], ids=str)
def test_a_cell_that_could_not_be_kept_is_told_and_may_be_asked_for_again(room, code_of_s3):
    failing(room, "put_object", "notebook.json", code=code_of_s3[0], status=code_of_s3[1], times=1)
    room.sandbox.says(gave("1"), gave("again"))
    [(status, text)] = results(room, code("c1", "a = 1"))
    assert (status, json.loads(text)["code"]) == ("failed", "cell_not_kept")
    assert "could not be kept" in text
    assert stored() == []
    assert ran(room, "a = 1", "c1") == "again"
    assert stored() == ["c1"]


def test_without_its_snapshot_a_notebook_is_run_again(room):
    room.sandbox.says(gave(snapshot={"cells": 1, "content": "c25hcA=="}))
    ran(room, "slow()", "c1")
    failing(room, "get_object", "snapshot")
    assert ran(room, "1", "c2") == "done"
    assert "snapshot" not in room.sandbox.events[1]


def test_a_snapshot_that_could_not_be_kept_does_not_take_the_cell_along(room):
    failing(room, "put_object", "snapshot")
    room.sandbox.says(gave("1", snapshot={"cells": 1, "content": "c25hcA=="}))
    assert ran(room, "slow()", "c1") == "1"
    assert stored() == ["c1"]


def test_a_full_notebook_is_told_before_anything_runs(room, monkeypatch):
    full = replace(store().read(OWNER, HERE), cells=(cell("x"),) * MOST_CELLS)
    monkeypatch.setattr(NotebookStore, "read", lambda *_: full)
    said = results(room, code("c1", "1"))
    assert codes(said) == ["notebook_full"]
    assert "new conversation" in said[0][1]
    assert room.sandbox.events == []


def test_so_is_a_cell_that_is_larger_than_what_is_left_of_it(room):
    room.sandbox.says(gave("1"))
    said = results(room, code("c1", "#" * (5 * 1024 * 1024)))
    assert codes(said) == ["notebook_full"]
    assert stored() == []


def test_more_than_lambda_takes_is_told_and_asked_of_nobody(room, tmp_path):
    room.carries(tmp_path, {"analyst": {"resources": {"a.csv": "A" * 6_291_456}}})
    assert codes(results(room, code("c1", "1"))) == ["notebook_too_large"]
    assert room.sandbox.events == []


@pytest.mark.parametrize(("files", "said"), [(50, "succeeded"), (51, "too_many_files")])
def test_the_sandbox_is_handed_as_many_files_as_it_takes(room, tmp_path, files, said):
    resources = {f"{number}.csv": "AAAA" for number in range(files)}
    room.carries(tmp_path, {"analyst": {"resources": resources}})
    assert codes(results(room, code("c1", "1"))) == [said]


# the log


def test_the_log_says_how_it_went_and_nothing_of_what_was_said(room, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    room.sandbox.says(
        gave("SECRET-TEXT", outputs=[], replayed=0),
        raised("ValueError: SECRET-ERROR"),
        Crashed("ValidationError", "SECRET-MESSAGE"),
    )
    results(room, code("c1", "SECRET_CODE"), code("c2", "SECRET_CODE"), code("c3", "SECRET_CODE"))
    rows = [json.loads(line) for line in written.getvalue().splitlines()]
    assert "SECRET" not in written.getvalue()
    runs = [row for row in rows if row["message"] == "code was run for a conversation"]
    assert [(row["call_id"], row["kind"], row["status"]) for row in runs] == [
        ("c1", "notebook", "succeeded"),
        ("c2", "notebook", "failed"),
    ]
    assert all({"seconds", "replayed", "snapshot"} <= set(row) for row in runs)


# the clients


def test_an_aws_client_waits_as_long_as_the_sandbox_may_take_and_asks_once(account):
    made = handler_module.waiting_client(42)
    assert made.meta.config.read_timeout == 42
    assert made.meta.config.connect_timeout == 3
    assert made.meta.config.retries["total_max_attempts"] == 1
