"""A conversation's notebook as its owner sees it: the list, the file for Jupyter, the pictures; and how it goes."""

import gzip
import json
from dataclasses import replace

import nbformat
import pytest
from botocore.exceptions import ClientError

import functions.conversations.handler
import functions.notebooks.handler
from functions.notebooks.ipynb import ipynb
from functions.shared.aws import client
from functions.shared.identifiers import new_id
from functions.shared.notebook import Notebook, Snapshot
from functions.shared.notebook_store import NotebookStore
from tests.support.account import CONVERSATIONS, NOTEBOOKS
from tests.support.asked_aws import asked_of_aws
from tests.support.notebook_room import IPYNB, NOTEBOOK, PICTURE, begun, get, notebook, objects, ran
from tests.support.notebooks import AT, cell, png, raises, shows, store, value, writes

JPEG = b"\xff\xd8\xff\xe0 the rest"


def downloaded(backend, here, **headers):
    answer = get(backend, IPYNB, here, headers=headers)
    assert answer.status == 200, answer.text
    return nbformat.reads(answer.text, as_version=nbformat.NO_CONVERT)


def picture(backend, here, call_id="call_1", number="1", by="alice"):
    return get(backend, PICTURE, here, by, call_id=call_id, number=number)


def test_what_ran_is_listed_in_order_with_its_pictures(backend):
    here = begun(backend)
    ran(
        backend,
        here,
        cell("call_1", outputs=[writes("a"), shows(png(), alt="sales"), shows(JPEG, "image/jpeg")]),
        cell("call_2", status="failed", outputs=[raises()]),
    )
    shown = {"agent": "analyst", "function": "run_python_code", "created_at": AT}
    assert notebook(backend, here)["cells"] == [
        {
            "call_id": "call_1",
            "status": "succeeded",
            "pictures": [
                {"number": 1, "mime": "image/png", "alt": "sales"},
                {"number": 2, "mime": "image/jpeg", "alt": "<Figure size 640x480 with 1 Axes>"},
            ],
            **shown,
        },
        {"call_id": "call_2", "status": "failed", "pictures": [], **shown},
    ]


def test_a_conversation_without_python_has_empty_lists(backend):
    backend.model.says("hi")
    here = backend.chat("hi").json["conversation_id"]
    assert notebook(backend, here) == {"files": [], "cells": []}
    assert downloaded(backend, here).cells == []


def test_a_picture_is_its_bytes_and_nothing_of_it_runs(backend):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[shows(png()), shows(JPEG, "image/jpeg")]))
    first, second = picture(backend, here), picture(backend, here, number="2")
    assert (first.status, first.content) == (200, png())
    assert (second.status, second.content) == (200, JPEG)
    headers = {name: first.headers[name] for name in sorted(first.headers)}
    assert headers == {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-type": "image/png",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    assert second.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    "output",
    [
        shows(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        shows(b"<html>", "image/png"),
        value("1", **{"text/html": "<script>alert(1)</script>"}),
    ],
    ids=["svg", "page", "html"],
)
def test_nothing_but_a_picture_is_given_as_one(backend, output):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[output]))
    assert notebook(backend, here)["cells"][0]["pictures"] == []
    assert picture(backend, here).status == 404


@pytest.mark.parametrize(
    ("call_id", "number"),
    [("call_2", "1"), ("", "1"), ("call_1", "0"), ("call_1", "2"), ("call_1", "-1")]
    + [
        ("call_1", "01"),
        ("call_1", "１"),
        ("call_1", "1e0"),
        ("call_1", ""),
        ("call_1", "9" * 5000),
    ],
    ids=ascii,
)
def test_a_picture_that_is_not_there_is_404(backend, call_id, number):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[shows(png())]))
    answer = picture(backend, here, call_id, number)
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_a_loop_of_pictures_is_listed_to_its_fiftieth(backend):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[shows(png())] * 60))
    assert len(notebook(backend, here)["cells"][0]["pictures"]) == 50
    assert picture(backend, here, number="51").status == 404
    assert len(downloaded(backend, here).cells[0].outputs) == 60


@pytest.mark.parametrize("route", [NOTEBOOK, IPYNB, PICTURE])
def test_another_persons_notebook_is_404_like_an_unknown_one(backend, route):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[shows(png())]))
    part = {"call_id": "call_1", "number": "1"} if route == PICTURE else {}
    theirs = get(backend, route, here, by="bob", **part)
    unknown = get(backend, route, new_id(), by="bob", **part)
    mangled = get(backend, route, "../" + here, **part)
    assert [answer.status for answer in (theirs, unknown, mangled)] == [404, 404, 400]
    assert theirs.json["detail"] == unknown.json["detail"]
    assert get(backend, route, here, **part).status == 200


def test_what_is_asked_of_aws_to_read(backend):
    here = begun(backend)
    with asked_of_aws() as asked:
        notebook(backend, here)
        assert asked == ["dynamodb:Query", "s3:GetObject"]
        downloaded(backend, here)
        assert asked[2:] == ["s3:GetObject", "dynamodb:Query"]
    ran(backend, here, cell("call_1", outputs=[shows(png())]))
    with asked_of_aws() as asked:
        notebook(backend, here)
        downloaded(backend, here)
        picture(backend, here)
    assert asked == ["dynamodb:Query", *["s3:GetObject"] * 3]


def test_the_file_is_jupyters_with_code_and_outputs_as_recorded(backend):
    here = begun(backend)
    outputs = [
        writes("数\n"),
        writes("careful\n", "stderr"),
        shows(png()),
        value("2", **{"text/html": "<b>2</b>", "application/json": {"a": [1, None]}}),
    ]
    ran(
        backend,
        here,
        cell("call_1", "print('数')\n1 + 1", outputs=outputs),
        cell("call_2", "1 / 0", status="failed", outputs=[raises()]),
    )
    file = downloaded(backend, here)
    nbformat.validate(file)
    assert (file.nbformat, file.nbformat_minor) == (4, 5)
    assert file.metadata.kernelspec.name == "python3"
    assert file.metadata.language_info.name == "python"
    first, second = file.cells
    assert (first.cell_type, first.id, first.source) == ("code", "call_1", "print('数')\n1 + 1")
    assert (first.execution_count, second.execution_count) == (1, 2)
    assert first.outputs == outputs
    assert second.outputs == [raises()]
    assert second.metadata.countersign == {
        "call_id": "call_2",
        "agent": "analyst",
        "function": "run_python_code",
        "status": "failed",
        "created_at": AT,
    }


def test_a_module_call_is_in_the_file_as_text_that_does_not_run(backend):
    here = begun(backend)
    ran(
        backend,
        here,
        cell("call_1", "rate(amount=3)", text="0.5", kind="module"),
        cell("call_2", "1 + 1"),
    )
    file = downloaded(backend, here)
    nbformat.validate(file)
    raw, code = file.cells
    assert (raw.cell_type, raw.source) == ("raw", "rate(amount=3)\n\n0.5")
    assert (code.cell_type, code.execution_count) == ("code", 1)


def test_the_file_is_an_attachment_with_a_safe_name(backend):
    here = begun(backend)
    answer = get(backend, IPYNB, here)
    assert answer.headers["content-type"] == "application/x-ipynb+json"
    assert answer.headers["content-disposition"] == f'attachment; filename="notebook-{here}.ipynb"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


HOSTILE = [
    {},
    {"output_type": "update_display_data"},
    {"output_type": ["stream"]},
    {"output_type": "stream", "name": 7, "text": {"a": 1}},
    {"output_type": "stream", "name": "stdout", "text": ["a", 7]},
    {"output_type": "stream", "name": "stdout", "text": "a", "more": "b"},
    {"output_type": "error"},
    {"output_type": "error", "ename": 7, "evalue": None, "traceback": "a"},
    {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["a", {}, "b"]},
    {"output_type": "display_data", "data": ["text/plain"], "metadata": 7},
    {"output_type": "display_data", "data": {"text/plain": 7, "image/png": None}},
    {"output_type": "display_data", "data": {"application/x+json": {"a": 1}}, "metadata": {}},
    {"output_type": "display_data", "data": {"applicationjson": {"a": 1}}, "metadata": {}},
    {"output_type": "execute_result", "data": {}, "execution_count": "7"},
    {"output_type": "execute_result", "data": {}, "execution_count": -7},
    {"output_type": "execute_result", "data": {}, "execution_count": True},
    {"output_type": "display_data", "data": {"text/plain": "\ud800"}, "metadata": {}},
    {"output_type": "display_data", "data": {"application/json": float("nan")}, "metadata": {}},
    {"output_type": "display_data", "data": {"a/b": float("nan")}, "metadata": {"a": float("inf")}},
]


@pytest.mark.parametrize("output", HOSTILE, ids=ascii)
def test_whatever_code_wrote_the_file_is_valid(backend, output):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[output, writes("after")]))
    answer = get(backend, IPYNB, here)
    file = nbformat.reads(answer.text, as_version=nbformat.NO_CONVERT)
    nbformat.validate(file)
    assert file.cells[0].outputs[-1] == writes("after")
    json.loads(answer.text, parse_constant=pytest.fail)


@pytest.mark.parametrize("call_id", ["call 1", "売", "x" * 65, "a/b", "\ud800"], ids=ascii)
def test_every_cell_has_an_id_that_jupyter_takes(call_id):
    file = ipynb(Notebook(cells=(cell(call_id), cell("call_2"))))
    nbformat.validate(nbformat.reads(file, as_version=nbformat.NO_CONVERT))


def test_the_file_is_compressed_where_the_client_takes_that(backend):
    here = begun(backend)
    ran(backend, here, cell("call_1", outputs=[writes("x" * 10_000)]))
    plain = get(backend, IPYNB, here, headers={"accept-encoding": "br, gzip;q=0"})
    packed = get(backend, IPYNB, here, headers={"accept-encoding": "br, GZIP;q=0.5"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < 2000


def test_a_notebook_of_5_mb_fits_into_an_answer_of_lambda(backend):
    here = begun(backend)
    picture_of_cell = shows(png(bytes(500_000)))
    cells = [cell(f"call_{number}", outputs=[picture_of_cell]) for number in range(7)]
    ran(backend, here, *cells)
    assert (
        client("s3").head_object(Bucket=NOTEBOOKS, Key=objects()[-1])["ContentLength"] > 4_600_000
    )
    plain = get(backend, IPYNB, here)
    assert (plain.status, plain.json["code"]) == (413, "notebook_too_large")
    assert "gzip" in plain.json["detail"]
    packed = get(backend, IPYNB, here, headers={"accept-encoding": "gzip"})
    assert len(nbformat.reads(gzip.decompress(packed.content), as_version=4).cells) == 7


def busy(*_, **__):
    answer = {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
    raise ClientError(answer, "GetObject")


class Busy:
    def __getattr__(self, _):
        return busy


@pytest.fixture
def deleting(monkeypatch, backend):
    """Delete a conversation where its notebooks' store is as given."""

    def delete(here, notebooks, by="alice"):
        changed = replace(backend.rooms["conversations"], notebooks=notebooks)
        with monkeypatch.context() as patch:
            patch.setattr(functions.conversations.handler, "deps", lambda: changed)
            route = "DELETE /conversations/{conversation_id}"
            return backend.http(route, by=by, conversation_id=here)

    return delete


def items(here):
    found = client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
    return sorted(item["sk"]["S"] for item in found if here in item["pk"]["S"])


@pytest.fixture
def full(backend):
    """A conversation with a turn, a file, a cell and a snapshot."""
    here = begun(backend)
    backend.model.says("hi")
    backend.chat("hi", conversation_id=here)
    stored = ran(backend, here, cell("call_1"))
    owner = backend.human("alice").sub
    store().keep_snapshot(owner, here, stored, Snapshot(cells=1, content="names"))
    return here


def test_with_a_conversation_its_notebook_and_files_are_deleted(backend, full, deleting):
    assert len(objects()) == 3
    other = begun(backend)
    with asked_of_aws() as asked:
        assert deleting(full, store()).status == 204
    assert asked == [
        "dynamodb:Query",
        "s3:ListObjectsV2",
        "s3:DeleteObjects",
        "dynamodb:Query",
        "dynamodb:BatchWriteItem",
    ]
    assert (items(full), len(objects())) == ([], 1)
    assert objects()[0].split("/")[1] == other
    assert get(backend, NOTEBOOK, full).status == 404
    assert deleting(full, store()).status == 404


def test_while_s3_fails_nothing_of_a_conversation_is_deleted(backend, full, deleting):
    before = items(full)
    answer = deleting(full, NotebookStore(Busy, NOTEBOOKS))
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert (items(full), len(objects())) == (before, 3)
    assert deleting(full, store()).status == 204


def test_nobody_deletes_anothers_notebook(backend, full, deleting):
    assert deleting(full, store(), by="bob").status == 404
    assert len(objects()) == 3


def test_what_waits_for_a_decision_keeps_its_notebook(backend, deleting):
    here = begun(backend)
    backend.ask(conversation_id=here)
    assert deleting(here, store()).status == 409
    assert len(objects()) == 1


def test_a_stack_without_a_sandbox_asks_nothing_of_a_bucket(backend, deleting):
    backend.model.says("hi")
    here = backend.chat("hi").json["conversation_id"]
    with asked_of_aws() as asked:
        assert deleting(here, None).status == 204
    assert asked == ["dynamodb:Query", "dynamodb:Query", "dynamodb:BatchWriteItem"]


def test_the_stack_says_whether_there_is_a_bucket(monkeypatch, account):
    room = functions.conversations.handler
    monkeypatch.setenv("CONVERSATIONS_TABLE", CONVERSATIONS)
    monkeypatch.setenv("APPROVALS_TABLE", "approvals")
    for bucket, has_notebooks in (("", False), (NOTEBOOKS, True)):
        monkeypatch.setenv("NOTEBOOKS_BUCKET", bucket)
        room.deps.cache_clear()
        assert (room.deps().notebooks is not None) is has_notebooks
    room.deps.cache_clear()


@pytest.mark.parametrize("route", [NOTEBOOK, IPYNB, PICTURE])
def test_while_s3_fails_reading_is_answered_with_later(monkeypatch, backend, route):
    here = begun(backend)
    broken = replace(backend.rooms["notebooks"], store=NotebookStore(Busy, NOTEBOOKS))
    monkeypatch.setattr(functions.notebooks.handler, "deps", lambda: broken)
    part = {"call_id": "call_1", "number": "1"} if route == PICTURE else {}
    answer = get(backend, route, here, **part)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "5"
