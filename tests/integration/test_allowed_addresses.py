"""Every room that answers people asks where they come from, whatever the route and whoever is signed in."""

import json

import pytest

from functions.pages.description import FILE
from tests.support.api_gateway import routes
from tests.support.served import writes

OFFICE = "203.0.113.0/24"
ADDRESSES = [route.key for route in routes()] + ["GET /nowhere", "HEAD /healthz", "OPTIONS /chat"]


@pytest.mark.parametrize("key", ADDRESSES)
def test_nobody_from_elsewhere_is_answered(gateway, monkeypatch, key):
    monkeypatch.setenv("ALLOWED_CIDRS", OFFICE)
    method, path = key.split(" ")
    with writes() as written:
        answer = gateway.send(method, path, token="alice", body=b"{}")
    assert (answer.status, answer.json["code"]) == (403, "address_not_allowed")
    assert written == []


def test_from_the_office_the_pages_and_the_inbox_are_open(gateway, monkeypatch):
    monkeypatch.setenv("ALLOWED_CIDRS", "192.0.2.0/24")
    assert gateway.send("GET", "/healthz").status == 200
    assert gateway.send("GET", "/approvals", token="alice").status == 200


def test_the_description_tells_of_the_answer():
    described = json.loads(FILE.read_text(encoding="utf-8"))
    answer = described["components"]["responses"]["AddressNotAllowed"]
    [_, told] = answer["content"]["application/problem+json"]["schema"]["allOf"]
    assert told["properties"] == {
        "status": {"const": 403},
        "code": {"enum": ["address_not_allowed"]},
    }
