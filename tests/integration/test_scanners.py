"""Whatever opens links without a person decides nothing: mail scanners, previews, crawlers, mutated addresses."""

import itertools
import json
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from functions.shared.identifiers import is_id, new_id
from tests.support.account import ORIGIN
from tests.support.scanners import SCANNERS, link_variants, mutated_ids
from tests.support.served import writes

REQUESTS = 20_000


@pytest.fixture
def waiting(backend):
    """An approval that waits for people."""
    approval_id = backend.ask()
    backend.open(approval_id)
    return backend.approval(approval_id)


def assert_nothing_happened(backend, gateway, approval, seen):
    assert seen == []
    assert backend.approval(approval.id) == approval
    assert backend.states.answered == []
    assert backend.ec2.requests == []
    assert [status for status in gateway.statuses if status >= 500] == []


@pytest.mark.exhaustive
def test_a1_twenty_thousand_requests_of_twenty_scanners_write_nothing_and_decide_nothing(
    backend, gateway, waiting
):
    variants = itertools.cycle(link_variants(waiting.id))
    with writes() as seen:
        for number in range(REQUESTS):
            method, target, headers = next(variants)
            headers = {**headers, "user-agent": SCANNERS[number % len(SCANNERS)]}
            # One of seven looks through the eyes of an approver who is signed in.
            token = "carol" if number % 7 == 0 else ""
            answer = gateway.send(method, target, headers=headers, token=token)
            assert answer.status in (200, 204, 304, 401, 404, 405), (method, target, answer)
    assert sum(gateway.statuses.values()) == REQUESTS
    assert gateway.reached["GET /approvals/{approval_id}"] > 400
    assert_nothing_happened(backend, gateway, waiting, seen)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PROPFIND", "TRACE", "PUT", "PATCH", "GET"])
@pytest.mark.parametrize("verb", ["decision", "cancel"])
def test_a2_other_methods_on_the_deciding_address_are_405_or_204(
    backend, gateway, waiting, method, verb
):
    with writes() as seen:
        answer = gateway.send(method, f"/approvals/{waiting.id}/{verb}", token="carol")
    assert answer.status == (204 if method == "OPTIONS" else 405)
    assert answer.headers["allow"] == "POST, OPTIONS"
    assert_nothing_happened(backend, gateway, waiting, seen)


class Clickable(HTMLParser):
    """What a page offers to click and to submit."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form" or "formaction" in given:
            self.forms.append(given.get("action") or given.get("formaction") or "")


def test_a3_a_scanner_that_clicks_and_submits_everything_without_a_session_is_refused(
    backend, gateway, waiting
):
    with writes() as seen:
        page = gateway.send("GET", f"/a/{waiting.id}")
        clickable = Clickable(page.text)
        assert clickable.links
        for link in clickable.links:
            assert gateway.send("GET", link.partition("#")[0] or "/").status in (200, 302)
        for form in [*clickable.forms, f"/a/{waiting.id}", f"/approvals/{waiting.id}/decision"]:
            sent = gateway.send("POST", form or f"/a/{waiting.id}", body=b"decision=approve")
            assert sent.status in (401, 403, 405), (form, sent)
        for verb in ("decision", "cancel"):
            body = json.dumps({"decision": "approve", "digest": waiting.digest}).encode()
            headers = {"content-type": "application/json", "origin": ORIGIN}
            answer = gateway.send(
                "POST", f"/approvals/{waiting.id}/{verb}", headers=headers, body=body
            )
            assert answer.status == 401
    assert_nothing_happened(backend, gateway, waiting, seen)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("decision=approve", {}),
        ("_method=POST", {}),
        ("", {"x-http-method-override": "POST"}),
        ("", {"x-method-override": "POST"}),
        ("", {"x-http-method": "POST"}),
    ],
)
@pytest.mark.parametrize("address", ["/a/{id}", "/approvals/{id}"])
def test_a4_a_get_dressed_as_a_decision_is_a_get(
    backend, gateway, waiting, address, query, headers
):
    target = address.format(id=waiting.id)
    body = json.dumps({"decision": "approve", "digest": waiting.digest}).encode()
    with writes() as seen:
        plain = gateway.send("GET", target, token="carol")
        dressed = gateway.send(
            "GET", f"{target}?{query}", headers=headers, body=body, token="carol"
        )
    assert (dressed.status, dressed.text) == (200, plain.text)
    assert_nothing_happened(backend, gateway, waiting, seen)


def told(answer):
    """An answer without what differs for each request."""
    return answer.status, re.sub(r'"request_id":"[^"]+"', "", answer.text)


@pytest.mark.exhaustive
def test_a8_a_thousand_mutated_links_are_one_answer_and_decide_nothing(backend, gateway, waiting):
    mutated = list(dict.fromkeys(mutated_ids(waiting.id)))[:1_000]
    assert len(mutated) == 1_000
    unknown = told(gateway.send("GET", f"/approvals/{new_id()}", token="carol"))
    shell = told(gateway.send("GET", f"/a/{waiting.id}"))
    body = json.dumps({"decision": "approve", "digest": waiting.digest}).encode()
    headers = {"content-type": "application/json"}
    with writes() as seen:
        for number, spelling in enumerate(mutated):
            read = gateway.send("GET", f"/approvals/{spelling}", token="carol")
            assert told(read) == unknown, spelling
            assert told(gateway.send("GET", f"/a/{spelling}")) == shell, spelling
            if number % 4 == 0:
                address = f"/approvals/{spelling}/decision"
                decided = gateway.send("POST", address, headers=headers, body=body, token="carol")
                assert told(decided) == unknown, spelling
    # Who decides is looked up before the record is read; nothing else was asked of AWS.
    assert {one for one in seen if not one.startswith("cognito-idp:")} == set()
    assert_nothing_happened(backend, gateway, waiting, [])


@pytest.mark.parametrize(
    "spelling",
    [
        "{id}/",
        "/{id}",
        "{upper}",
        "{id}%20",
        "%20{id}",
        "{id}%00",
        "{id}%2e",
        "./{id}",
        "%2e/{id}",
        "x/../{id}",
        "%2561{rest}",
        "{id};v=1",
        "{id}%23",
        "{id},{id}",
        "{cyrillic}",
        "{fullwidth}",
        "{id}%E2%80%8B",
        "[{id}]",
        "*",
    ],
)
def test_a10_an_id_has_one_spelling(backend, gateway, waiting, spelling):
    id = waiting.id
    fullwidth = quote("".join(chr(ord(one) + 0xFEE0) for one in id))
    written = spelling.format(
        id=id,
        upper=id.upper(),
        rest=id[1:],
        cyrillic=quote("а" + id[1:]),
        fullwidth=fullwidth,
    )
    body = json.dumps({"decision": "approve", "digest": waiting.digest}).encode()
    with writes() as seen:
        read = gateway.send("GET", f"/approvals/{written}", token="carol")
        decided = gateway.send(
            "POST",
            f"/approvals/{written}/decision",
            headers={"content-type": "application/json"},
            body=body,
            token="carol",
        )
    assert read.status == 404
    assert decided.status in (404, 405)
    assert waiting.digest not in read.text
    assert_nothing_happened(
        backend, gateway, waiting, [one for one in seen if not one.startswith("cognito-idp:")]
    )


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", "decision=approve&digest={digest}", 415),
        ("text/plain", '{{"decision":"approve","digest":"{digest}"}}', 415),
        ("multipart/form-data; boundary=x", '{{"decision":"approve"}}', 415),
        ("", '{{"decision":"approve","digest":"{digest}"}}', 415),
        ("application/json", '{{"decision":["approve"],"digest":"{digest}"}}', 400),
        ("application/json", '{{"decision":"approve","digest":["{digest}"]}}', 400),
        (
            "application/json",
            '{{"decision":"reject","decision":"approve","digest":"{digest}"}}',
            400,
        ),
        ("application/json", '{{"decision":"approve","digest":"{digest}","id":"x"}}', 400),
        ("application/json", '{{"Decision":"approve","digest":"{digest}"}}', 400),
        ("application/json", '{{"decision":"APPROVE","digest":"{digest}"}}', 400),
        ("application/json", '[{{"decision":"approve","digest":"{digest}"}}]', 400),
        ("application/json", "", 400),
    ],
)
def test_a10_a_decision_is_read_from_a_json_body_and_from_nowhere_else(
    backend, gateway, waiting, content_type, body, status
):
    with writes() as seen:
        answer = gateway.send(
            "POST",
            f"/approvals/{waiting.id}/decision?decision=approve&digest={waiting.digest}",
            headers={"content-type": content_type} if content_type else {},
            body=body.format(digest=waiting.digest).encode(),
            token="carol",
        )
    assert answer.status == status
    assert_nothing_happened(backend, gateway, waiting, seen)


def test_a25_a26_page_data_and_refusals_are_kept_by_nobody_and_tell_no_other_site(gateway, waiting):
    for target, token in (
        (f"/a/{waiting.id}", ""),
        (f"/approvals/{waiting.id}", "carol"),
        (f"/approvals/{new_id()}", "carol"),
        ("/nowhere", ""),
    ):
        answer = gateway.send("GET", target, token=token)
        assert answer.headers["cache-control"] == "no-store", target
        assert answer.headers["referrer-policy"] == "no-referrer", target


def test_a25_the_page_names_nothing_of_another_site(gateway, waiting):
    page = gateway.send("GET", f"/a/{waiting.id}").text
    assert re.findall(r"(?:https?:)?//[\w.]+", page) == []


def test_a27_guessed_ids_are_all_the_same_answer(backend, gateway, waiting):
    answers = {
        told(gateway.send("GET", f"/approvals/{guess}", token="carol"))
        for guess in [*(new_id() for _ in range(200)), *("a" * n for n in range(1, 40) if n != 26)]
    }
    assert len(answers) == 1
    assert is_id(waiting.id)
