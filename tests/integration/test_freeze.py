"""The freeze switch over HTTP: everybody signed in sees it, operators of this moment set it."""

import json

import pytest

import functions.freeze.handler as room
from functions.freeze.handler import Freezing
from functions.shared.aws import client
from functions.shared.freeze import Freeze, read_freeze
from functions.shared.people import People
from tests.support.account import FREEZE, ORIGIN, freeze
from tests.support.clock import Clock
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext, answer_of, claims_of, http_event

FROZEN = {"frozen": True, "reason": "incident 7"}


class Switch:
    """The room, over the account; `fail` answers the next request for the parameter."""

    def __init__(self, account, patch):
        self.account = account
        self.clock = Clock()
        self.fail = []
        people = People(client("cognito-idp"), account.pool)
        deps = Freezing(parameter=FREEZE, origin=ORIGIN, ssm=self, people=people, clock=self.clock)
        patch.setattr(room, "deps", lambda: deps)

    def get_parameter(self, **request):
        return self._do("get_parameter", request)

    def put_parameter(self, **request):
        return self._do("put_parameter", request)

    def _do(self, operation, request):
        if self.fail:
            raise self.fail.pop(0)
        return getattr(client("ssm"), operation)(**request)

    def read(self, *, by="alice"):
        human = self.account.humans[by]
        return self._serve(
            http_event("GET /freeze", claims=claims_of(human.sub, human.groups)),
        )

    def set(self, body, *, by="olga", headers=None, claimed=None):
        human = self.account.humans[by]
        claims = claims_of(human.sub, claimed if claimed is not None else human.groups)
        return self._serve(http_event("POST /freeze", claims=claims, body=body, headers=headers))

    @property
    def stored(self):
        return read_freeze(client("ssm"), FREEZE)

    def _serve(self, event):
        return answer_of(room.handler(event, LambdaContext()))


@pytest.fixture
def switch(account, monkeypatch):
    account.humans["olga"] = account.enroll("Olga", "olga@example.com", ("operators",))
    return Switch(account, monkeypatch)


def test_an_operator_freezes_and_everybody_reads_who_when_and_why(switch):
    assert switch.read().json == {"frozen": False, "reason": "", "by": "", "at": ""}
    answer = switch.set(FROZEN)
    assert answer.status == 200
    assert answer.json == {**FROZEN, "by": "Olga", "at": "2026-11-21T03:00:00Z"}
    assert switch.read(by="erin").json == answer.json
    assert switch.stored.frozen


def test_an_operator_lets_launches_go_on_and_says_why(switch):
    switch.set(FROZEN)
    switch.clock.turn(60)
    answer = switch.set({"frozen": False, "reason": "incident 7 is over"})
    assert (answer.status, answer.json["at"]) == (200, "2026-11-21T03:01:00Z")
    assert not switch.stored.frozen


def test_who_set_it_is_in_the_log(switch, caplog):
    switch.set(FROZEN)
    [told] = [one for one in caplog.records if one.getMessage() == "the freeze switch was set"]
    assert (told.person, told.frozen) == (switch.account.humans["olga"].sub, True)


@pytest.mark.parametrize("by", ["alice", "bob", "carol", "erin"])
def test_nobody_else_sets_it(switch, by):
    answer = switch.set(FROZEN, by=by)
    assert (answer.status, answer.json["code"]) == (403, "not_an_operator")
    assert not switch.stored.frozen


def test_a_token_that_still_says_operator_counts_for_nothing(switch, account):
    account.leave_group(account.humans["olga"], "operators")
    answer = switch.set(FROZEN, claimed=("operators",))
    assert (answer.status, answer.json["code"]) == (403, "not_an_operator")


def test_a_disabled_operator_is_none(switch, account):
    account.disable(account.humans["olga"])
    assert switch.set(FROZEN).status == 403
    assert not switch.stored.frozen


def test_the_request_must_come_from_our_own_pages_or_from_none(switch):
    assert switch.set(FROZEN, headers={"origin": "https://evil.example"}).status == 403
    assert not switch.stored.frozen
    assert switch.set(FROZEN, headers={"origin": ORIGIN}).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"frozen": True},
        {"reason": "x"},
        {"frozen": "true", "reason": "x"},
        {"frozen": 1, "reason": "x"},
        {"frozen": None, "reason": "x"},
        {"frozen": True, "reason": ""},
        {"frozen": True, "reason": "   "},
        {"frozen": True, "reason": "x" * 301},
        {"frozen": True, "reason": "one\ntwo"},
        {"frozen": True, "reason": "hid\u202eden"},
        {"frozen": True, "reason": "zero\u200bwidth"},
        {"frozen": True, "reason": "x", "by": "somebody else"},
        '{"frozen":true,"frozen":false,"reason":"x"}',
        "[]",
    ],
    ids=str,
)
def test_a_body_that_says_anything_else_is_refused(switch, body):
    answer = switch.set(body)
    assert (answer.status, answer.json["code"]) == (400, "bad_request")
    assert not switch.stored.frozen


def test_the_longest_reason_and_name_fit(switch, account):
    account.humans["olga"] = account.enroll("🦉" * 100, "owl@example.com", ("operators",))
    answer = switch.set({"frozen": True, "reason": "🦉" * 300})
    assert answer.status == 200
    assert switch.stored == Freeze(**answer.json)


def test_a_name_that_hides_something_is_shown_without_it(switch, account):
    account.humans["olga"] = account.enroll("Ol\u202ega\u200b", "o@example.com", ("operators",))
    assert switch.set(FROZEN).json["by"] == "Ol ga"


@pytest.mark.parametrize("value", ["nonsense", '{"frozen":"no"}', '{"frozen":true}'])
def test_a_switch_that_cannot_be_read_is_told_and_an_operator_repairs_it(switch, value):
    freeze(value)
    answer = switch.read()
    assert (answer.status, answer.json["code"]) == (503, "freeze_unreadable")
    assert switch.set({"frozen": False, "reason": "repaired"}).status == 200
    assert switch.read().status == 200


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_what_the_parameter_store_refuses_is_told(switch, code):
    switch.fail = [client_error(code)]
    assert switch.read().json["code"] == "freeze_unreadable"
    switch.fail = [client_error(code)]
    answer = switch.set(FROZEN)
    assert (answer.status, answer.json["code"]) == (503, "freeze_not_written")


def test_an_id_token_reads_nothing(switch):
    human = switch.account.humans["alice"]
    claims = claims_of(human.sub, human.groups, use="id")
    event = http_event("GET /freeze", claims=claims)
    assert answer_of(room.handler(event, LambdaContext())).status == 401


def test_what_is_stored_is_one_line_of_json(switch):
    switch.set(FROZEN)
    value = client("ssm").get_parameter(Name=FREEZE)["Parameter"]["Value"]
    assert json.loads(value)["frozen"] is True
    assert "\n" not in value
