"""Where people may come from: the operator's networks, asked before anything else of a request."""

import pytest

from functions.shared.front import FrontSettings, is_inside
from functions.shared.http import json_response, serve
from functions.shared.settings import MissingSetting
from tests.support.gateway import LambdaContext, answer_of, claims_of, http_event

OFFICE = "203.0.113.0/24,2001:db8:10::/48"
ROUTE = "GET /things"


@pytest.mark.parametrize(
    "address",
    ["203.0.113.1", "203.0.113.255", "2001:db8:10::1", "::ffff:203.0.113.7"],
)
def test_an_address_of_one_of_the_networks_is_inside(address):
    assert is_inside(address, OFFICE)


@pytest.mark.parametrize(
    "address",
    [
        "203.0.114.1",
        "2001:db8:11::1",
        "::ffff:203.0.114.7",
        "",
        "office",
        "203.0.113.1, 198.51.100.1",
        "203.0.113",
    ],
)
def test_every_other_address_and_what_is_none_is_outside(address):
    assert not is_inside(address, OFFICE)


def asked(source_ip, *, headers=None, claims=None):
    event = http_event(ROUTE, headers=headers, claims=claims)
    event["requestContext"]["http"]["sourceIp"] = source_ip
    seen = []

    def route(request):
        seen.append(request)
        return json_response({})

    return answer_of(serve(event, LambdaContext(), {ROUTE: route})), seen


def test_who_comes_from_elsewhere_is_told_so_and_reaches_nothing(monkeypatch):
    monkeypatch.setenv("ALLOWED_CIDRS", OFFICE)
    answer, seen = asked("198.51.100.7", headers={"x-forwarded-for": "203.0.113.1"})
    assert answer.status == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "address_not_allowed"
    assert answer.json["detail"] == (
        "Countersign does not answer the address 198.51.100.7: come from a network that your operator allows."
    )
    assert seen == []


def test_the_address_is_asked_before_the_token(monkeypatch):
    monkeypatch.setenv("ALLOWED_CIDRS", OFFICE)
    of_another_kind = claims_of("sub", (), use="id")
    assert asked("198.51.100.7", claims=of_another_kind)[0].status == 403
    assert asked("203.0.113.1", claims=of_another_kind)[0].status == 401


def test_who_comes_from_the_office_is_answered(monkeypatch):
    monkeypatch.setenv("ALLOWED_CIDRS", OFFICE)
    answer, seen = asked("203.0.113.1", headers={"x-forwarded-for": "198.51.100.7"})
    assert (answer.status, len(seen)) == (200, 1)


def test_without_networks_people_come_from_everywhere(monkeypatch):
    monkeypatch.setenv("ALLOWED_CIDRS", "")
    assert asked("198.51.100.7")[0].status == 200


def test_a_room_that_was_not_told_answers_nobody(monkeypatch):
    monkeypatch.delenv("ALLOWED_CIDRS")
    with pytest.raises(MissingSetting):
        FrontSettings.load({})
    answer, seen = asked("203.0.113.1")
    assert (answer.status, answer.json["code"], seen) == (500, "internal_error", [])
