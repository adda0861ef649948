import io
import json
import logging
from urllib.parse import parse_qs, urlsplit

import pytest

from functions.session import handler as session
from functions.shared.observe import logger
from tests.support.gateway import LambdaContext, http_event
from tests.support.token_endpoint import USER, refused, token_endpoint

ORIGIN = "http://127.0.0.1:8787"
COOKIE = "countersign-session-8787"
LOGIN = "GET /session/login"
CALLBACK = "GET /session/callback"


@pytest.fixture(scope="module")
def running_endpoint():
    with token_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def pool(running_endpoint, monkeypatch):
    running_endpoint.__init__(url=running_endpoint.url)
    use(monkeypatch, running_endpoint.url)
    return running_endpoint


def use(monkeypatch, token_url, origin=ORIGIN):
    monkeypatch.setenv("ORIGIN", origin)
    monkeypatch.setenv("LOGIN_URL", "https://login.example.com")
    monkeypatch.setenv("TOKEN_URL", token_url)
    monkeypatch.setenv("CLIENT_ID", "web")
    monkeypatch.setenv("TERMINAL_CLIENT_ID", "terminal")
    session.deps.cache_clear()


@pytest.fixture(autouse=True)
def forget_the_environment():
    yield
    session.deps.cache_clear()


class Browser:
    """Keeps cookies between requests."""

    def __init__(self):
        self.jar = {}
        self.set_cookies = []

    def asks(self, route, *, origin=ORIGIN, query=None, body=None):
        headers = {} if origin is None else {"origin": origin}
        event = http_event(route, headers=headers, query=query, body=body)
        event["cookies"] = [f"{name}={value}" for name, value in self.jar.items()]
        answer = session.handler(event, LambdaContext())
        self.set_cookies = answer["cookies"]
        for cookie in answer["cookies"]:
            name, _, value = cookie.partition(";")[0].partition("=")
            if "Max-Age=0;" in cookie:
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        return answer

    def goes_to_sign_in(self, pool, path="/a/one"):
        """Through the login page, as far as the way back; the callback's query."""
        sent = self.asks(LOGIN, query={"return": path})
        asked = {
            name: values[0]
            for name, values in parse_qs(urlsplit(sent["headers"]["Location"]).query).items()
        }
        pool.codes["code-1"] = asked["code_challenge"]
        return {"code": "code-1", "state": asked["state"]}

    def signs_in(self, pool):
        return self.asks(CALLBACK, query=self.goes_to_sign_in(pool))


@pytest.fixture
def browser():
    return Browser()


def problem(answer):
    return answer["statusCode"], json.loads(answer["body"])["code"]


def test_sign_in_goes_to_the_login_page_with_pkce_and_a_state(pool, browser):
    sent = browser.asks(LOGIN)
    address = urlsplit(sent["headers"]["Location"])
    asked = parse_qs(address.query)
    assert sent["statusCode"] == 302
    assert f"{address.scheme}://{address.netloc}{address.path}" == (
        "https://login.example.com/oauth2/authorize"
    )
    assert asked["client_id"] == ["web"]
    assert asked["redirect_uri"] == [f"{ORIGIN}/session/callback"]
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid email profile"]
    assert asked["code_challenge_method"] == ["S256"]
    [kept] = sent["cookies"]
    assert "; Max-Age=600; Path=/; HttpOnly; SameSite=Lax" in kept


def test_who_signed_in_comes_back_to_where_they_were_with_a_strict_cookie(pool, browser):
    back = browser.signs_in(pool)
    assert (back["statusCode"], back["headers"]["Location"]) == (302, "/a/one")
    assert back["headers"]["Cache-Control"] == "no-store"
    assert back["headers"]["Referrer-Policy"] == "no-referrer"
    assert (
        f"{COOKIE}=refresh-1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict" in back["cookies"]
    )
    assert browser.jar == {COOKIE: "refresh-1", "countersign-signed-in-8787": "1"}


def test_over_https_the_cookie_is_bound_to_the_host(pool, browser, monkeypatch):
    use(monkeypatch, pool.url, "https://countersign.example.com")
    back = browser.signs_in(pool)
    [kept] = [one for one in back["cookies"] if one.startswith("__Host-countersign-session=")]
    assert kept.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
    assert "Domain" not in kept


def test_the_page_gets_an_access_token_and_who_it_is_for(pool, browser):
    browser.signs_in(pool)
    opened = browser.asks("POST /session")
    value = json.loads(opened["body"])
    assert opened["statusCode"] == 200
    assert opened["headers"]["Cache-Control"] == "no-store"
    assert value["user"] == USER
    assert value["expires_in"] == 3600
    assert value["access_token"].count(".") == 2
    assert "refresh-1" not in opened["body"]


def test_a_state_of_another_browser_is_refused_and_the_code_is_not_spent(pool, browser):
    query = browser.goes_to_sign_in(pool)
    refusal = Browser().asks(CALLBACK, query=query)
    assert refusal["statusCode"] == 400
    assert "began in another browser" in refusal["body"]
    assert pool.asked == []


def test_a_state_that_was_never_given_is_refused(pool, browser):
    query = browser.goes_to_sign_in(pool)
    query["state"] = query["state"][:8] + "forged"
    assert browser.asks(CALLBACK, query=query)["statusCode"] == 400
    assert pool.asked == []


def test_a_finished_sign_in_cannot_be_finished_again(pool, browser):
    query = browser.goes_to_sign_in(pool)
    assert browser.asks(CALLBACK, query=query)["statusCode"] == 302
    assert browser.asks(CALLBACK, query=query)["statusCode"] == 400
    assert len(pool.asked) == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"error": "access_denied"}, "The sign-in was cancelled."),
        ({"error": "<script>alert(1)</script>"}, "did not let you in"),
        ({}, "did not let you in"),
        ({"code": "x" * 5000}, "did not let you in"),
        ({"code": "used"}, "already used or has expired"),
    ],
)
def test_a_sign_in_without_a_good_code_ends_in_a_page_that_says_why(pool, browser, query, sentence):
    state = browser.goes_to_sign_in(pool)["state"]
    refusal = browser.asks(CALLBACK, query={"state": state, **query})
    assert refusal["statusCode"] == 400
    assert sentence in refusal["body"]
    assert 'href="/session/login?return=/a/one"' in refusal["body"]
    assert "<script" not in refusal["body"]
    assert "default-src 'none'" in refusal["headers"]["Content-Security-Policy"]
    assert browser.jar == {}


@pytest.mark.parametrize(
    "answer", [(500, b"no"), (429, b"{}"), (200, b"<html>"), (200, b"[]"), (302, b"")]
)
def test_a_sick_sign_in_service_ends_in_a_page_that_says_so(pool, browser, answer):
    query = browser.goes_to_sign_in(pool)
    pool.fail = [answer]
    refusal = browser.asks(CALLBACK, query=query)
    assert refusal["statusCode"] == 503
    assert "does not answer" in refusal["body"]


def test_a_session_too_large_for_a_cookie_is_not_pretended(pool, browser):
    query = browser.goes_to_sign_in(pool)
    pool.given_refresh_token = "x" * 5000
    assert browser.asks(CALLBACK, query=query)["statusCode"] == 502
    assert browser.jar == {}


def test_without_a_cookie_one_is_signed_out(pool, browser):
    assert problem(browser.asks("POST /session")) == (401, "signed_out")
    assert pool.asked == []


def test_a_session_that_is_over_clears_its_cookie(pool, browser):
    browser.signs_in(pool)
    pool.refresh_tokens.clear()
    assert problem(browser.asks("POST /session")) == (401, "signed_out")
    assert browser.jar == {}


@pytest.mark.parametrize("route", ["POST /session", "DELETE /session"])
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://127.0.0.1",
        "http://localhost:8787",
        f"{ORIGIN}/",
    ],
)
def test_only_our_own_pages_may_use_the_cookie(pool, browser, route, origin):
    browser.signs_in(pool)
    refusal = browser.asks(route, origin=origin)
    assert problem(refusal) == (403, "foreign_origin")
    assert json.loads(refusal["body"])["origin"] == ORIGIN
    assert browser.jar[COOKIE] == "refresh-1"
    assert len(pool.asked) == 1


def test_nobody_needs_to_send_a_body(pool, browser):
    browser.signs_in(pool)
    assert problem(browser.asks("POST /session", body={"x": "y" * 2000})) == (413, "body_too_large")


@pytest.mark.parametrize("answer", [(500, b""), (200, b"{}"), refused("invalid_client")])
def test_a_sick_sign_in_service_keeps_the_cookie_and_says_when_to_come_back(pool, browser, answer):
    browser.signs_in(pool)
    pool.fail = [answer]
    sick = browser.asks("POST /session")
    assert problem(sick) == (503, "sign_in_unavailable")
    assert sick["headers"]["Retry-After"] == "5"
    assert browser.jar[COOKIE] == "refresh-1"
    assert browser.asks("POST /session")["statusCode"] == 200


def test_a_sign_in_service_that_is_not_there_is_said_so(browser, monkeypatch):
    use(monkeypatch, "http://127.0.0.1:9")
    browser.jar[COOKIE] = "refresh-1"
    assert problem(browser.asks("POST /session")) == (503, "sign_in_unavailable")


def test_an_answer_without_end_is_cut_off(pool, browser):
    browser.signs_in(pool)
    pool.fail = [(200, b"[" * 200_000)]
    assert problem(browser.asks("POST /session")) == (503, "sign_in_unavailable")


def test_a_new_refresh_token_replaces_the_cookie(pool, browser):
    browser.signs_in(pool)
    pool.rotated = "refresh-2"
    browser.asks("POST /session")
    assert browser.jar[COOKIE] == "refresh-2"


def test_signing_out_revokes_clears_and_names_the_login_pages_own_exit(pool, browser):
    browser.signs_in(pool)
    left = browser.asks("DELETE /session")
    assert left["statusCode"] == 204
    assert left["headers"]["Location"] == (
        "https://login.example.com/logout?client_id=web&logout_uri=http%3A%2F%2F127.0.0.1%3A8787%2F"
    )
    assert browser.jar == {}
    assert pool.asked[-1] == ("/oauth2/revoke", {"token": "refresh-1", "client_id": "web"})
    assert pool.refresh_tokens == set()


@pytest.mark.parametrize("answer", [(500, b""), (400, b'{"error":"unsupported_token_type"}')])
def test_signing_out_works_here_even_when_the_sign_in_service_does_not(pool, browser, answer):
    browser.signs_in(pool)
    pool.fail = [answer]
    assert browser.asks("DELETE /session")["statusCode"] == 204
    assert browser.jar == {}


def test_signing_out_without_the_sign_in_service_still_clears_the_cookie(browser, monkeypatch):
    use(monkeypatch, "http://127.0.0.1:9")
    browser.jar[COOKIE] = "refresh-1"
    assert browser.asks("DELETE /session")["statusCode"] == 204
    assert browser.jar == {}


def test_no_token_code_state_or_cookie_reaches_the_log(pool, browser):
    written = io.StringIO()
    listener = logging.StreamHandler(written)
    listener.setFormatter(logger.registered_formatter)
    logger.addHandler(listener)
    query = browser.goes_to_sign_in(pool)
    secrets = [query["code"], query["state"], *browser.jar.values(), "refresh-1", "eyJ"]
    try:
        browser.asks(CALLBACK, query=query)
        browser.asks("POST /session")
        pool.fail = [(400, b'{"error":"refresh-1 is bad"}'), (500, b"refresh-1")]
        browser.asks("POST /session")
        browser.asks("POST /session")
        browser.asks("DELETE /session", origin=None)
        pool.fail = [(500, b"refresh-1")]
        browser.asks("DELETE /session")
    finally:
        logger.removeHandler(listener)
    assert "token endpoint refused us" in written.getvalue()
    assert [secret for secret in secrets if secret in written.getvalue()] == []
