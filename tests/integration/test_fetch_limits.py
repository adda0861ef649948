"""What a service outside may cost: attack cases F6, F8 and F12 against real sockets."""

import gzip

import pytest

from functions.run_action.fetch import Outgoing
from tests.support.egress import GET, POST, fetch, refused
from tests.support.stub_service import answered, stub_service


@pytest.fixture
def service():
    with stub_service() as service:
        yield service


def drip(service, first, piece):
    """Bytes for ten times as long as anybody waits, each of them in time."""

    def answering(seen):
        yield first
        for _ in range(300):
            service.over.wait(0.01)
            yield piece

    return answering


def flood(first, piece):
    def answering(seen):
        yield first
        while True:
            yield piece

    return answering


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (b"", b"H"),
        (HEAD, b"X"),
        (HEAD, b"X: y\r\n"),
        (HEAD + b"\r\n", b"x"),
        (HEAD + b"Content-Length: 900\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_f6_a_service_that_drips_is_left_when_the_time_is_over(service, first, piece):
    service.answers = drip(service, first, piece)
    failed = refused(service, seconds=0.3, size=100_000)
    assert failed.code == "timed_out"
    assert failed.was_sent


@pytest.mark.parametrize(
    ("first", "piece"),
    [
        (HEAD, b"X" * 5000),
        (HEAD, b"X: y\r\n"),
        (HEAD, b"X: " + b"y" * 5000 + b"\r\n"),
        (HEAD + b"\r\n", b"x" * 5000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1", b";x=" + b"y" * 5000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n"),
        (HEAD + b"Content-Length: 10000000000\r\n\r\n", b"x" * 5000),
        (b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"),
    ],
)
def test_f6_a_service_that_never_ends_is_left_at_the_cap(service, first, piece):
    service.answers = flood(first, piece)
    assert refused(service, seconds=30).code in ("too_large", "broken_answer")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-unknown"])
def test_f6_a_body_that_may_unfold_to_anything_is_refused(service, encoding):
    bomb = gzip.compress(b"0" * 1_000_000)
    service.answers = lambda seen: answered(bomb, headers={"Content-Encoding": encoding})
    assert refused(service, size=100_000).code == "encoded_answer"
    service.answers = lambda seen: answered(bomb, headers={"Transfer-Encoding": encoding})
    assert refused(service, size=100_000).code == "encoded_answer"


def test_f6_exactly_the_cap_is_taken_and_one_byte_more_is_not(service):
    service.answers = lambda seen: answered(b"x" * 1000)
    assert len(fetch(service).body) == 1000
    service.answers = lambda seen: answered(b"x" * 1001)
    assert refused(service).code == "too_large"
    service.answers = lambda seen: [HEAD + b"\r\n", b"x" * 1001]
    assert refused(service).code == "too_large"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"<html>hello</html>",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
    ],
)
def test_f8_what_is_not_a_whole_http_answer_is_told_without_the_address(service, answer):
    service.answers = lambda seen: answer
    failed = refused(service)
    assert failed.code == "broken_answer"
    assert failed.was_sent
    assert "k3y" not in repr(failed) + failed.text()
    assert failed.__cause__ is None
    assert failed.__suppress_context__


@pytest.mark.parametrize("outgoing", [GET, POST])
def test_f12_nothing_is_sent_twice(service, outgoing):
    service.answers = lambda seen: b""
    refused(service, outgoing)
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [{"X": "a\r\nHost: evil.example"}, {"X\r\nY": "a"}, {"X": "a\nb"}, {"X:": "b"}],
)
def test_no_header_adds_a_line(service, headers):
    assert refused(service, Outgoing("GET", GET.url, headers)).code == "broken_answer"
    assert service.requests == []
