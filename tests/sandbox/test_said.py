"""What comes over a run's pipe: lines of JSON, as many as were granted, whoever wrote them."""

import os

import pytest

from functions.run_code.said import Said, TooLong, Unreadable


@pytest.fixture
def pipe():
    source, result = os.pipe()
    yield source, result
    for end in (source, result):
        os.close(end)


def said(pipe, written, granted=1000):
    source, result = pipe
    os.write(result, written)
    reader = Said(source, granted)
    reader.read()
    return reader


def test_words_come_line_by_line_and_only_when_they_are_whole(pipe):
    reader = said(pipe, b'{"a": 1}\n{"b": 2}\n{"c"')
    assert [reader.word(), reader.word(), reader.word()] == [{"a": 1}, {"b": 2}, None]
    os.write(pipe[1], b": 3}\n")
    reader.read()
    assert reader.word() == {"c": 3}


def test_more_than_was_granted_is_never_taken(pipe):
    with pytest.raises(TooLong):
        said(pipe, b'{"a": "' + b"y" * 1000, granted=100).word()


def test_many_short_words_are_counted_together(pipe):
    reader = said(pipe, b"{}\n" * 50, granted=100)
    with pytest.raises(TooLong):
        [reader.word() for _ in range(50)]


def test_what_is_granted_later_counts_from_then_on(pipe):
    reader = said(pipe, b'{"a": 1}\n{"b": 2}\n', granted=9)
    assert reader.word() == {"a": 1}
    reader.grant(9)
    assert reader.word() == {"b": 2}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[1]",
        b"null",
        b"{",
        b'{"a": 1} x',
        b"\xff\xfe",
        b'{"a": ' + b"[" * 400_00 + b"]" * 400_00 + b"}",
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
    ids=["empty", "list", "null", "cut", "more", "not text", "deep", "a number without end"],
)
def test_a_line_that_is_no_object_is_refused(pipe, line):
    source, result = pipe
    reader = Said(source, 1_000_000)
    written = line + b"\n"
    while written:
        written = written[os.write(result, written[:60_000]) :]
        reader.read()
    with pytest.raises(Unreadable):
        reader.word()


def test_numbers_that_no_json_knows_are_nothing(pipe):
    assert said(pipe, b'{"a": NaN, "b": -Infinity}\n').word() == {"a": None, "b": None}
