"""Calls that nobody has to countersign, in the room that reaches outside: side by side, each with its own result."""

import json
import threading

import pytest

from tests.support.acting import HOST, asked, composed
from tests.support.agents import compiled_agent
from tests.support.stub_service import answered, stub_service

GET = {"kind": "rest", "url": f"https://{HOST}/get?a={{a}}", "hosts": [HOST], "required": ["a"]}
POST = {**GET, "url": f"https://{HOST}/post", "method": "POST", "approval": "never"}
AGENT = compiled_agent(
    "helper",
    actions={
        "get": GET,
        "post": POST,
        "first": {**GET, "in_order": True},
        "gated": {**POST, "approval": "always"},
        "graph": {
            "kind": "graphql",
            "url": f"https://{HOST}/graphql",
            "hosts": [HOST],
            "operations": ["query", "mutation"],
        },
        "message": {"kind": "message_template", "message": "{a}"},
        "image": {"kind": "aws", "operation": "run_instances"},
        "broken": {**GET, "url": f"https://{HOST}/{{+a}}"},
        "elsewhere": {**GET, "url": "https://evil.example/{a}"},
        "slow": {**GET, "seconds": 0.2},
        "slow_post": {**POST, "seconds": 0.2},
    },
)


@pytest.fixture
def service(tmp_path):
    with stub_service() as service, composed(tmp_path, {"helper": AGENT}, service=service):
        yield service


def test_twenty_calls_of_one_answer_are_there_at_the_same_time(service):
    gathered = threading.Barrier(20, timeout=20)

    def answering(seen):
        gathered.wait()
        return answered(seen.path)

    service.answers = answering
    results = asked(AGENT, *(("get", {"a": str(number)}) for number in range(20)), seconds=25)
    assert results == [("succeeded", f"/get?a={number}") for number in range(20)]


def test_calls_that_ask_for_it_run_one_after_the_other_beside_the_others(service):
    others = threading.Event()
    there, most = [], []
    lock = threading.Lock()

    def answering(seen):
        if seen.path.startswith("/post"):
            others.set()
            return answered("other")
        with lock:
            there.append(seen.path)
            most.append(len(there))
        others.wait(20)
        with lock:
            there.remove(seen.path)
        return answered(seen.path)

    service.answers = answering
    ordered = [("first", {"a": letter}) for letter in "xyz"]
    results = asked(AGENT, *ordered, ("post", {"a": "b"}))
    assert [text for _, text in results] == ["/get?a=x", "/get?a=y", "/get?a=z", "other"]
    paths = [seen.path for seen in service.requests if seen.method == "GET"]
    assert paths == ["/get?a=x", "/get?a=y", "/get?a=z"]
    assert set(most) == {1}


def test_one_that_fails_does_not_hide_the_others(service):
    service.answers = lambda seen: (
        answered("no", status="404 Not Found") if "bad" in seen.path else (answered("yes"))
    )
    results = asked(
        AGENT,
        ("get", {"a": "bad"}),
        ("get", {"a": "good"}),
        ("get", {}),
        ("broken", {"a": "x"}),
        ("elsewhere", {"a": "x"}),
        ("nobody", {}),
    )
    assert results[1] == ("succeeded", "yes")
    failed = [json.loads(text) for status, text in results if status == "failed"]
    assert [one["code"] for one in failed] == [
        "status",
        "missing_argument",
        "bad_template",
        "host_not_allowed",
        "not_here",
    ]
    assert len(service.requests) == 2


@pytest.mark.parametrize("function", ["gated", "message", "image", "nobody"])
def test_what_is_gated_or_belongs_elsewhere_is_not_run(service, function):
    [(status, text)] = asked(AGENT, (function, {"a": "x"}))
    assert status == "failed"
    assert function in text
    assert service.requests == []


def test_a_mutation_that_the_manifest_allows_is_handed_back_for_its_countersignature(service):
    service.answers = lambda seen: answered('{"data": {"a": 1}}')
    results = asked(
        AGENT, ("graph", {"query": "mutation { close }"}), ("graph", {"query": "{ a }"})
    )
    assert [status for status, _ in results] == ["gated", "succeeded"]
    assert len(service.requests) == 1


def test_calls_for_another_manifest_than_the_one_carried_run_nothing(service):
    for event in ({"manifest": "0" * 64}, {"agent": "nobody"}):
        results = asked(AGENT, ("get", {"a": "x"}), ("post", {"a": "x"}), **event)
        assert {status for status, _ in results} == {"failed"}
    assert service.requests == []


def silent(service):
    def answering(seen):
        service.over.wait(20)
        return b""

    return answering


def test_a_service_that_does_not_answer_leaves_what_it_may_have_done_unknown(service):
    service.answers = silent(service)
    results = asked(AGENT, ("slow", {"a": "x"}), ("slow_post", {"a": "x"}))
    assert [status for status, _ in results] == ["failed", "unknown"]
    assert {json.loads(text)["code"] for _, text in results} == {"timed_out"}


def test_the_seconds_of_the_turn_are_the_end_for_every_call(service):
    service.answers = silent(service)
    ordered = [("first", {"a": str(number)}) for number in range(3)]
    results = asked(AGENT, ("get", {"a": "x"}), *ordered, seconds=0.3)
    assert {json.loads(text)["code"] for _, text in results} == {"timed_out"}
    assert len(service.requests) == 2


def test_a_mistake_of_ours_tells_no_detail_and_hides_no_sibling(service, monkeypatch, capsys):
    def broken(answer):
        raise KeyError("k3y in a message")

    monkeypatch.setattr("functions.run_action.rest.result_of", broken)
    service.answers = lambda seen: answered('{"data": 1}')
    results = asked(AGENT, ("post", {"a": "x"}), ("graph", {"query": "{ a }"}))
    assert results[0][0] == "unknown"
    assert json.loads(results[0][1])["code"] == "broke_off"
    assert results[1] == ("succeeded", "1")
    assert "k3y" not in capsys.readouterr().out + str(results)


@pytest.mark.parametrize(
    "event",
    [
        {"v": 3},
        {"v": "1"},
        {"calls": [{"id": "1"}]},
        {"seconds": 0},
        {"seconds": "soon"},
        {"agent": None},
    ],
)
def test_an_event_of_another_shape_is_refused_whole(service, event):
    with pytest.raises(ValueError, match="validation error"):
        asked(AGENT, ("get", {"a": "x"}), **event)
    assert service.requests == []
