"""Files that a requester gives to a conversation: what is kept, what is refused, and what two do at once."""

import base64
import gzip
from datetime import timedelta
from hashlib import sha256

import pytest

from functions.notebooks import files as rules
from functions.shared.aws import client
from functions.shared.identifiers import is_id, new_id
from functions.shared.uploads import Uploads
from tests.support.account import CONVERSATIONS, NOTEBOOKS
from tests.support.asked_aws import asked_of_aws
from tests.support.notebook_room import (
    CSV,
    FILE,
    NOTEBOOK,
    begun,
    files,
    get,
    kept,
    notebook,
    objects,
    put,
    put_gzip,
    remove,
)


def incompressible(size):
    """Text whose gzip is about three quarters of it."""
    digits = b"".join(sha256(b"%d" % number).digest() for number in range(size // 40))
    return base64.b64encode(digits)[:size]


def refused(answer):
    return answer.status, answer.json["code"]


def items(here):
    found = client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
    return sorted(item["sk"]["S"] for item in found if here in item["pk"]["S"])


def test_a_conversation_begins_with_a_file(backend):
    answer = put(backend)
    assert answer.status == 201
    here = answer.json["conversation_id"]
    assert is_id(here)
    assert answer.json == {"conversation_id": here, "name": "sales.csv", "bytes": 8}
    assert notebook(backend, here) == {
        "files": [{"name": "sales.csv", "bytes": 8, "created_at": "2026-11-21T03:00:00Z"}],
        "cells": [],
    }
    assert kept(backend, here) == CSV


def test_a_conversation_that_began_with_a_file_is_read_and_goes_on(backend):
    here = begun(backend)
    route = "GET /conversations/{conversation_id}"
    read = backend.http(route, conversation_id=here)
    assert (read.status, read.json["turns"], read.json["title"]) == (200, [], "")
    assert backend.http(route, by="bob", conversation_id=here).status == 404
    backend.model.says("Rows and columns.")
    turn = backend.chat("What is in it?", conversation_id=here)
    assert (turn.status, turn.json["conversation_id"], turn.json["turn"]) == (200, here, 1)
    assert backend.http(route, conversation_id=here).json["title"] == "What is in it?"
    assert files(backend, here) == ["sales.csv"]


def test_a_conversation_with_turns_takes_a_file(backend):
    backend.model.says("Send it.")
    here = backend.chat("I have a file").json["conversation_id"]
    assert put(backend, here=here).json["conversation_id"] == here
    assert files(backend, here) == ["sales.csv"]
    assert len(backend.turns(here)) == 1


def test_a_transcript_costs_the_same_one_query_with_files(backend):
    here = begun(backend)
    backend.model.says("hi")
    backend.chat("hi", conversation_id=here)
    with asked_of_aws() as asked:
        backend.http("GET /conversations/{conversation_id}", conversation_id=here)
    assert asked == ["dynamodb:Query"]


def test_a_window_of_the_newest_items_holds_turns_first(backend):
    here = begun(backend)
    for number in range(3):
        backend.model.says("hi")
        backend.chat(f"message {number}", conversation_id=here)
    table = backend.rooms["conversations"].conversations
    read = table.read(backend.human("alice").sub, here, limit=2)
    assert [turn.message for turn in read.turns] == ["message 1", "message 2"]


@pytest.mark.parametrize("by", ["bob", "carol"])
def test_another_persons_conversation_takes_no_file_and_gives_none(backend, by):
    here = begun(backend)
    backend.human("carol").groups = ("approvers", "requesters")
    theirs = put(backend, "b.csv", here=here, by=by)
    unknown = put(backend, "b.csv", here=new_id(), by=by)
    assert (refused(theirs), theirs.json["detail"]) == ((404, "not_found"), unknown.json["detail"])
    assert refused(remove(backend, here, by=by)) == (404, "not_found")
    assert files(backend, here) == ["sales.csv"]


def test_only_who_may_ask_gives_files(backend):
    answer = put(backend, by="erin")
    assert refused(answer) == (403, "not_a_requester")
    assert objects() == []


@pytest.mark.parametrize(
    "name",
    [
        "a.csv",
        "A.TSV",
        "con.csv",
        "売上 2026.csv",
        "a b+c&d=e;f'g\"h.csv",
        "x" * 96 + ".csv",
        "-rf.csv",
        "a..csv",
    ],
    ids=ascii,
)
def test_a_name_that_can_be_seen_is_kept_as_it_is(backend, name):
    here = put(backend, name).json["conversation_id"]
    assert files(backend, here) == [name]
    assert kept(backend, here, name) == CSV
    assert remove(backend, here, name).status == 204


@pytest.mark.parametrize(
    "name",
    [
        "",
        "csv",
        "..",
        ".csv",
        "..csv",
        ".hidden.csv",
        "a.xlsx",
        "a.csv.exe",
        "a.csv ",
        "a.csv\n",
        "../a.csv",
        "/etc/a.csv",
        "a\\b.csv",
        "a%2fb.csv",
        "100%25.csv",
        "a?.csv",
        "a#b.csv",
        "a\u202ecsv.csv",
        "a\u200fb.csv",
        "a\u200bb.csv",
        "a\u3000b.csv",
        "a\0b.csv",
        "a\x1b[31m.csv",
        "a\ud800.csv",
        "x" * 97 + ".csv",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("verb", ["PUT", "DELETE"])
def test_a_name_that_could_mislead_is_refused(backend, verb, name):
    here = begun(backend)
    headers = {"content-type": "text/csv"}
    answer = backend.http(
        f"{verb} {FILE}", body=CSV, headers=headers, conversation_id=here, name=name
    )
    assert refused(answer) == (400, "bad_file_name")
    assert files(backend, here) == ["sales.csv"]


def test_a_name_is_the_same_however_its_accents_are_written(backend):
    here = put(backend, "e\u0301te\u0301.csv").json["conversation_id"]
    assert files(backend, here) == ["\u00e9t\u00e9.csv"]
    assert refused(put(backend, "\u00e9t\u00e9.csv", here=here)) == (409, "file_exists")
    assert remove(backend, here, "e\u0301te\u0301.csv").status == 204


def test_the_gateway_decodes_a_name_and_nobody_does_it_again(gateway, backend):
    answer = gateway.send(
        "PUT",
        "/conversations/new/files/%E5%A3%B2%20+.csv",
        headers={"content-type": "text/csv"},
        body=CSV,
        token="alice",
    )
    assert (answer.status, answer.json["name"]) == (201, "売 +.csv")
    twice = gateway.send(
        "PUT",
        "/conversations/new/files/a%2541.csv",
        headers={"content-type": "text/csv"},
        body=CSV,
        token="alice",
    )
    assert refused(twice) == (400, "bad_file_name")


@pytest.mark.parametrize("here", ["", "..", "NEW", "new/", "A" * 26, "x" * 10_240], ids=ascii)
def test_an_id_that_is_mangled_is_400(backend, here):
    assert refused(put(backend, here=here)) == (400, "bad_request")
    assert refused(remove(backend, here)) == (400, "bad_request")


def test_only_a_file_begins_a_conversation(backend):
    assert refused(remove(backend, "new")) == (400, "bad_request")
    assert get(backend, NOTEBOOK, "new").status == 400


@pytest.mark.parametrize(
    "media_type",
    ["", "application/json", "text/plain", "text/html", "multipart/form-data", "application/zip"],
)
def test_another_media_type_is_refused(backend, media_type):
    assert refused(put(backend, media_type=media_type)) == (415, "wrong_media_type")


@pytest.mark.parametrize(
    "media_type", ["text/csv; charset=utf-8", "TEXT/CSV", "text/tab-separated-values"]
)
def test_a_table_as_text_is_kept_byte_for_byte(backend, media_type):
    content = "\ufeffä,数\r\n1,2".encode()
    answer = put(backend, body=content, media_type=media_type)
    assert answer.json["bytes"] == len(content)
    assert kept(backend, answer.json["conversation_id"]) == content


def test_a_body_that_the_gateway_gives_as_text_is_the_same_file(backend):
    answer = put(backend, body="ä,数\n1,2\n")
    assert kept(backend, answer.json["conversation_id"]) == "ä,数\n1,2\n".encode()


@pytest.mark.parametrize("media_type", ["application/gzip", "application/x-gzip"])
def test_a_gzip_is_kept_whatever_its_characters_are(backend, media_type):
    content = "名前,値\r\n".encode("shift_jis")
    answer = put(backend, body=gzip.compress(content), media_type=media_type)
    assert (answer.status, answer.json["bytes"]) == (201, len(content))
    assert kept(backend, answer.json["conversation_id"]) == content


@pytest.mark.parametrize(
    "body",
    ["名前\n".encode("shift_jis"), "a,\ufffd\n".encode(), gzip.compress(CSV)],
    ids=["another encoding", "replaced by the gateway", "gzip"],
)
def test_text_that_was_damaged_on_its_way_is_refused(backend, body):
    answer = put(backend, body=body)
    assert refused(answer) == (400, "bad_file")
    assert "application/gzip" in answer.json["detail"]


def test_several_members_are_one_file(backend):
    packed = gzip.compress(b"a,b\n") + gzip.compress(b"") + gzip.compress(b"1,2\n")
    answer = put_gzip(backend, packed)
    here = answer.json["conversation_id"]
    assert answer.json["bytes"] == 8
    [key] = objects()
    stored = client("s3").get_object(Bucket=NOTEBOOKS, Key=key)["Body"].read()
    assert (stored.count(b"\x1f\x8b\x08"), kept(backend, here)) == (1, CSV)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        CSV,
        gzip.compress(CSV)[:-1],
        gzip.compress(CSV)[:-9],
        gzip.compress(CSV)[:5],
        gzip.compress(CSV) + b"rest",
        gzip.compress(CSV)[:-8] + bytes(8),
        gzip.compress(CSV)[:12] + b"\xff\xff" + gzip.compress(CSV)[14:],
    ],
    ids=["nothing", "plain", "cut", "cut more", "header", "rest", "checksum", "bits"],
)
def test_what_is_not_a_whole_gzip_is_refused(backend, packed):
    assert refused(put_gzip(backend, packed)) == (400, "bad_file")
    assert objects() == []


@pytest.mark.parametrize("body", [b"", gzip.compress(b"")], ids=["text", "gzip"])
def test_an_empty_file_is_refused(backend, body):
    media_type = "application/gzip" if body else "text/csv"
    assert refused(put(backend, body=body, media_type=media_type)) == (400, "bad_file")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_bytes_that_no_table_has_are_refused(backend, encoding):
    assert refused(put(backend, body=b"a\0b")) == (400, "bad_file")
    assert refused(put_gzip(backend, gzip.compress("a,b".encode(encoding)))) == (400, "bad_file")


def test_10_mb_are_kept_and_a_byte_more_is_refused(backend):
    most = b"1," * (rules.FILE_BYTES // 2)
    assert put_gzip(backend, gzip.compress(most)).json["bytes"] == 10 * 1024 * 1024
    answer = put_gzip(backend, gzip.compress(most + b"1"))
    assert refused(answer) == (413, "file_too_large")


def test_a_bomb_is_never_unpacked(backend, monkeypatch):
    bomb = gzip.compress(bytes(1024)) + gzip.compress(bytes(200 * 1024 * 1024))
    read = gzip.GzipFile.read
    sizes = []

    def measured(self, size=-1):
        content = read(self, size)
        sizes.append((size, len(content)))
        return content

    monkeypatch.setattr(gzip.GzipFile, "read", measured)
    assert refused(put_gzip(backend, bomb)) == (413, "file_too_large")
    assert sizes == [(rules.FILE_BYTES + 1, rules.FILE_BYTES + 1)]


def test_a_file_that_cannot_be_compressed_enough_is_refused(backend):
    content = incompressible(6_000_000)
    assert refused(put_gzip(backend, gzip.compress(content))) == (413, "file_too_large")
    assert objects() == []


def test_ten_files_are_kept_and_another_is_refused(backend):
    here = begun(backend)
    for number in range(9):
        assert put(backend, f"{number}.csv", here=here).status == 201
    answer = put(backend, "more.csv", here=here)
    assert refused(answer) == (409, "files_full")
    assert "at most 10 files" in answer.json["detail"]
    assert (len(files(backend, here)), len(objects())) == (10, 10)
    assert remove(backend, here, "3.csv").status == 204
    assert put(backend, "more.csv", here=here).status == 201


def test_the_files_of_a_conversation_have_one_limit_together(backend):
    half = incompressible(3_000_000)
    here = begun(backend, body=gzip.compress(half), media_type="application/gzip")
    answer = put_gzip(backend, gzip.compress(half), "other.csv", here=here)
    assert refused(answer) == (409, "files_full")
    assert files(backend, here) == ["sales.csv"]
    assert len(objects()) == 1


def test_a_name_that_stands_is_not_written_over(backend):
    here = begun(backend)
    answer = put(backend, body=b"other", here=here)
    assert refused(answer) == (409, "file_exists")
    assert "sales.csv" in answer.json["detail"]
    assert kept(backend, here) == CSV


def test_a_file_is_replaced_by_removing_it_first(backend):
    here = begun(backend)
    assert remove(backend, here).status == 204
    assert (files(backend, here), objects()) == ([], [])
    assert remove(backend, here).status == 404
    assert put(backend, body=b"other", here=here).status == 201
    assert kept(backend, here) == b"other"


def test_what_is_asked_of_aws_for_a_file(backend):
    with asked_of_aws() as asked:
        here = begun(backend)
    begin, put_bytes, put_name, look = asked
    assert begin == put_name == "dynamodb:PutItem"
    assert (put_bytes, look) == ("s3:PutObject", "dynamodb:Query")
    with asked_of_aws() as asked:
        put(backend, "b.csv", here=here)
    assert asked == ["dynamodb:Query", "s3:PutObject", "dynamodb:PutItem", "dynamodb:Query"]
    with asked_of_aws() as asked:
        put(backend, "b.csv", here=here)
    assert asked == ["dynamodb:Query"]
    with asked_of_aws() as asked:
        remove(backend, here)
    assert asked == ["dynamodb:DeleteItem", "s3:DeleteObject"]


def test_a_file_is_as_good_as_gone_after_its_days(backend):
    here = begun(backend)
    [item] = [
        item
        for item in client("dynamodb").scan(TableName=CONVERSATIONS)["Items"]
        if item["sk"]["S"] == "F#sales.csv"
    ]
    days = timedelta(days=30)
    assert int(item["delete_after"]["N"]) == int((backend.clock() + days).timestamp())
    backend.clock.turn(days.total_seconds() - 1)
    assert files(backend, here) == ["sales.csv"]
    backend.clock.turn(1)
    assert files(backend, here) == []
    uploads = Uploads(client("dynamodb"), CONVERSATIONS, clock=backend.clock)
    assert uploads.all(backend.human("alice").sub, here) == ()


def test_files_of_another_conversation_and_owner_are_not_listed(backend):
    here, there = begun(backend), begun(backend, name="b.csv")
    begun(backend, name="c.csv", by="bob")
    assert (files(backend, here), files(backend, there)) == (["sales.csv"], ["b.csv"])


def test_files_are_listed_by_name(backend):
    here = begun(backend, name="b.csv")
    put(backend, "a.csv", here=here)
    put(backend, "B.csv", here=here)
    assert files(backend, here) == ["B.csv", "a.csv", "b.csv"]
    assert items(here) == ["B#", "F#B.csv", "F#a.csv", "F#b.csv"]
