"""The sandbox behind Lambda's API: what is asked again, what is not, and what may not be sent."""

import json
import string

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st

from functions.ask_sandbox.failure import CallFailed, OutOfTime
from functions.ask_sandbox.sandbox import EVENT_BYTES, Sandbox, fitting
from functions.ask_sandbox.time_left import TimeLeft
from tests.support.fake_lambda import Crashed
from tests.support.fake_sandbox import FUNCTION, FakeSandbox, gave, stopped

URL = "https://lambda.example.com"
ASKED = {"v": 1, "kind": "notebook", "code": "1"}


class Clock:
    """Seconds that a test turns."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def turn(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def fake():
    return FakeSandbox()


@pytest.fixture
def run(fake, clock):
    sandbox = Sandbox(client=fake.client, function=FUNCTION, most_seconds=30, sleep=clock.turn)
    return lambda seconds=100: sandbox.run(
        ASKED, tenant="t", time_left=TimeLeft.of(seconds, clock=clock)
    )


def refused(code, status=400):
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Invoke")


def slow(clock, seconds, answer):
    """An answer that comes after so many seconds."""

    def answered(_):
        clock.turn(seconds)
        return answer

    return answered


PASSING = [
    refused("TooManyRequestsException", 429),
    refused("ServiceException", 500),
    refused("EC2ThrottledException", 502),
    refused("SubnetIPAddressLimitReachedException", 502),
    refused("ResourceNotReadyException", 502),
    refused("ENINotReadyException", 502),
    refused("ResourceConflictException", 409),
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
]
STAYING = [
    refused("AccessDeniedException", 403),
    refused("ResourceNotFoundException", 404),
    refused("InvalidParameterValueException", 400),
    Crashed("Runtime.ExitError", "secret"),
    Crashed("Sandbox.Timedout"),
    Crashed("ValidationError"),
    b"",
    b"null",
    b"not JSON",
    b"\xff\xfe",
    b"[" * 100_000,
    gave(status="else"),
    {"v": 1},
]


def name(error):
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"]
    return type(error).__name__ + str(error)[:20]


def test_it_is_told_its_seconds_its_tenant_and_nothing_else(run, fake):
    assert run().answer.text == "done"
    assert fake.events == [{**ASKED, "seconds": 30}]
    assert fake.tenants == ["t"]


@pytest.mark.parametrize("error", PASSING, ids=name)
def test_what_lambda_did_not_take_is_asked_again(run, fake, error):
    fake.says(error, gave("then"))
    assert run().answer.text == "then"
    assert len(fake.events) == 2


@pytest.mark.parametrize("error", PASSING, ids=name)
def test_for_a_minute_and_then_it_is_told(run, fake, clock, error):
    fake.says(*[error] * 8, gave("never"))
    with pytest.raises(CallFailed) as failed:
        run()
    assert (failed.value.code, failed.value.will_pass) == ("sandbox_unavailable", True)
    assert (len(fake.events), clock()) == (8, 60)


def test_where_somebody_waits_it_is_tried_again_later(run, fake):
    fake.says(*[refused("ResourceNotReadyException", 502)] * 8)
    with pytest.raises(OutOfTime):
        run(24)
    assert len(fake.events) == 4


@pytest.mark.parametrize("answer", STAYING, ids=name)
def test_what_would_fail_again_is_asked_once_and_told_in_one_sentence(run, fake, answer):
    fake.says(answer, gave("never"))
    with pytest.raises(CallFailed) as failed:
        run()
    assert (failed.value.code, failed.value.will_pass) == ("sandbox_unavailable", False)
    assert len(fake.events) == 1
    told = json.loads(failed.value.text())
    assert told["error"].endswith("nothing of this call is kept.")
    assert "secret" not in failed.value.text()


def test_no_answer_in_all_of_its_time_is_a_failure_and_not_asked_again(run, fake):
    fake.says(ReadTimeoutError(endpoint_url=URL))
    with pytest.raises(CallFailed) as failed:
        run()
    assert (failed.value.code, failed.value.will_pass) == ("sandbox_unavailable", False)
    assert len(fake.events) == 1


# time


@pytest.mark.parametrize("seconds", [0.5, 5, 10.9])
def test_a_run_with_too_few_seconds_is_not_begun(run, fake, seconds):
    with pytest.raises(OutOfTime):
        run(seconds)
    assert fake.events == []


@pytest.mark.parametrize(("seconds", "allowed"), [(11, 3), (24, 16), (38, 30), (170, 30)])
def test_code_gets_what_the_caller_has_but_for_the_way(run, fake, seconds, allowed):
    run(seconds)
    assert fake.events[0]["seconds"] == allowed
    assert allowed < fake.waits[0] < seconds


@pytest.mark.parametrize(
    "answer",
    [stopped("time_limit"), stopped("no_start", "failed"), ReadTimeoutError(endpoint_url=URL)],
    ids=["time_limit", "no_start", "no answer"],
)
def test_what_did_not_end_in_a_short_time_may_end_in_a_longer_one(run, fake, answer):
    fake.says(answer)
    with pytest.raises(OutOfTime):
        run(37)


@pytest.mark.parametrize(
    "answer", [stopped("time_limit"), stopped("no_start", "failed")], ids=["time_limit", "no_start"]
)
def test_what_did_not_end_in_all_of_its_time_has_that_result(run, fake, answer):
    fake.says(answer)
    assert run(38).answer.code == answer["code"]


def test_what_ended_otherwise_in_a_short_time_has_its_result(run, fake):
    fake.says(stopped("memory_limit", "killed"))
    assert run(24).answer.status == "killed"


def test_a_second_try_gets_what_is_left_of_the_time(run, fake, clock):
    busy = refused("TooManyRequestsException", 429)
    fake.says(slow(clock, 10, busy), slow(clock, 2, busy), gave())
    run(30)
    assert [event["seconds"] for event in fake.events] == [22, 11, 7]


def test_where_nothing_is_left_for_a_second_try_there_is_none(run, fake, clock):
    fake.says(slow(clock, 20, refused("TooManyRequestsException", 429)), gave())
    with pytest.raises(OutOfTime):
        run(30)
    assert len(fake.events) == 1


def test_how_long_it_took_is_known(run, fake, clock):
    fake.says(slow(clock, 7, gave()))
    assert run().seconds == 7


# size


def of_size(size, **more):
    """An event that is written in exactly so many bytes."""
    event = {"code": "", "cells": [], **more}
    written = len(json.dumps(event, separators=(",", ":")).encode())
    return {**event, "code": "x" * (size - written)}


def test_the_largest_event_that_lambda_takes_is_sent():
    payload, _ = fitting(of_size(EVENT_BYTES))
    assert len(payload) == EVENT_BYTES == 6 * 1024 * 1024


def test_one_byte_more_is_told():
    with pytest.raises(CallFailed) as failed:
        fitting(of_size(EVENT_BYTES + 1))
    assert (failed.value.code, failed.value.will_pass) == ("notebook_too_large", False)


def test_a_snapshot_goes_along_while_it_fits():
    snapshot = {"cells": 1, "content": "A" * 1000}
    payload, had_snapshot = fitting(of_size(EVENT_BYTES, snapshot=snapshot))
    assert (len(payload), had_snapshot) == (EVENT_BYTES, True)
    payload, had_snapshot = fitting(of_size(EVENT_BYTES + 1, snapshot=snapshot))
    assert had_snapshot is False
    assert "snapshot" not in json.loads(payload)


def test_without_it_too_the_event_may_be_too_large():
    snapshot = {"cells": 1, "content": "A"}
    without = len(json.dumps({"snapshot": snapshot}, separators=(",", ":"))) - 1
    with pytest.raises(CallFailed):
        fitting(of_size(EVENT_BYTES + without + 1, snapshot=snapshot))
    assert fitting(of_size(EVENT_BYTES + without, snapshot=snapshot))[1] is False


@given(st.text(), st.text(string.printable))
def test_any_text_is_counted_as_it_is_written(code, source):
    payload, _ = fitting({"code": code, "cells": [{"source": source}]})
    read = json.loads(payload)
    assert (read["code"], read["cells"][0]["source"]) == (code, source)


def test_a_character_that_cannot_be_written_stops_nothing():
    assert json.loads(fitting({"code": "a\ud800"})[0])["code"] == "a?"


@pytest.mark.parametrize("code", ["RequestTooLargeException", "RequestEntityTooLargeException"])
def test_what_lambda_finds_too_large_is_told_as_that(run, fake, code):
    fake.says(refused(code, 413))
    with pytest.raises(CallFailed) as failed:
        run()
    assert failed.value.code == "notebook_too_large"
