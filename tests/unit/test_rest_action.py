"""The kind `rest`: what templates make of arguments, and what answers mean; attack case G2 in URLs and headers."""

import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import Answer
from functions.run_action.rest import request_of, result
from functions.run_action.secrets import Secret

HOST = "https://api.example.com"
KEY = Secret("A_KEY", "k3y/+ &=x")
HARD = "東京 & 大阪=100% /a/../b?x#y \"q\" 'r' {z} +1;,\\n"


def request(url="/x", arguments=None, *, secret=None, client_token="", **action):
    made = {"url": HOST + url, **action}
    return request_of(made, arguments or {}, secret, client_token=client_token)


def refused(url="/x", arguments=None, **action):
    with pytest.raises(ActionFailed) as failed:
        request(url, arguments, **action)
    assert not failed.value.was_sent
    return failed.value


@pytest.mark.parametrize(
    ("template", "arguments", "url"),
    [
        ("/a?q={q}", {"q": "b c"}, "/a?q=b%20c"),
        ("/a/{id}/c", {"id": "b/ö"}, "/a/b%2F%C3%B6/c"),
        ("/a{?q,r}", {"q": 1, "r": True}, "/a?q=1&r=true"),
        ("/a{?q,r}", {"r": "x"}, "/a?r=x"),
        ("/a{?q,r}", {"q": None}, "/a"),
        ("/a?fixed=1{&q*}", {"q": ["x", "y"]}, "/a?fixed=1&q=x&q=y"),
        ("/a{?q*}", {"q": {"k": "v w"}}, "/a?k=v%20w"),
        ("/a{/b,c}", {"b": "x", "c": "y/z"}, "/a/x/y%2Fz"),
        ("/a{/b}", {}, "/a"),
        ("/a{;b}", {"b": "x"}, "/a;b=x"),
        ("{/b}", {"b": "x"}, "/x"),
        ("{?b}", {"b": "x"}, "?b=x"),
        ("/a/{id:3}", {"id": "abcdef"}, "/a/abc"),
        ("/a?n={n}", {"n": 12.5}, "/a?n=12.5"),
        ("/a?n={n}", {"n": [1, "b"]}, "/a?n=1,b"),
    ],
)
def test_an_address_is_filled_by_rfc_6570(template, arguments, url):
    assert request(template, arguments).url == HOST + url


@pytest.mark.parametrize(
    "template",
    ["/a/{+b}", "/a{#b}", "/a#b", "/a/{=b}", "/a/{|b}", "/a/{}", "/{b=c}", "/{b,+c}/{@d}"],
)
def test_a_template_that_lets_a_value_leave_its_part_is_refused(template):
    values = {"b": "x", "c": "y", "d": "z"}
    assert refused(template, values).code in ("bad_template", "missing_argument")


@pytest.mark.parametrize(
    "url",
    [
        "https://{host}/",
        "https://api.{domain}/",
        "https://api.example.com{suffix}",
        "https://{host}@api.example.com/",
        "https://api.example.com:{port}/",
        "http://api.example.com/",
        "{url}",
        "file:///{path}",
    ],
)
def test_scheme_and_host_are_never_filled(url):
    arguments = dict.fromkeys(("host", "domain", "suffix", "port", "url", "path"), "evil.example")
    with pytest.raises(ActionFailed) as failed:
        request_of({"url": url}, arguments, None)
    assert failed.value.code == "bad_template"


@pytest.mark.parametrize(
    "value", ["..", ".", "../x", "x/..", "..\\x", "%2e%2e", "%252e%252e%252fx", "x%2f..%2fy", ""]
)
@pytest.mark.parametrize("template", ["/a/{b}/c", "/a{/b}/c"])
def test_no_value_climbs_in_a_path(template, value):
    assert refused(template, {"b": value}).code == "bad_argument"


@given(some.text(min_size=1, max_size=40))
def test_g2_a_value_never_leaves_its_part(value):
    try:
        url = request("/v1/{id}/end?q={q}&r=1", {"id": value, "q": value}).url
    except ActionFailed as failed:
        assume(failed.code != "bad_argument")
        raise
    assert url.isascii()
    assert url.isprintable()
    parts = urlsplit(url)
    assert parts.netloc == "api.example.com"
    before, middle, end = parts.path.removeprefix("/v1/").rpartition("/")
    assert (unquote(before), end) == (value, "end")
    assert middle == "/"
    assert parse_qsl(parts.query) == [("q", value), ("r", "1")]
    assert parts.fragment == ""


def test_a_plain_placeholder_needs_its_value_wherever_it_stands():
    for template in ("/a/{b}", "/a?b={b}"):
        failed = refused(template, {})
        assert (failed.code, "'b'" in str(failed)) == ("missing_argument", True)


def test_every_missing_argument_is_named_before_anything_is_sent():
    failed = refused("/x", {"b": None}, required=["a", "b"], method="POST")
    assert "'a', 'b'" in str(failed)


def test_a_query_leaves_out_what_has_no_value():
    query = {"q": "{q}", "words": "{a} or {b}", "many": "{many}", "fixed": "1", "n": 7}
    made = request("/x?a=0", {"many": ["x", "ü"], "a": "A"}, query=query)
    assert made.url == f"{HOST}/x?a=0&many=x&many=%C3%BC&fixed=1&n=7"


def test_what_a_get_does_not_name_is_not_sent():
    made = request("/x", {"rest": "of it"})
    assert (made.url, made.body) == (f"{HOST}/x", None)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "post"])
def test_the_arguments_that_stand_nowhere_else_are_the_body(method):
    arguments = {"id": "7", "page": "2", "text": HARD, "n": 1.5, "left": None}
    made = request("/items/{id}", arguments, method=method, query={"page": "{page}"})
    assert made.url == f"{HOST}/items/7?page=2"
    assert json.loads(made.body) == {"text": HARD, "n": 1.5}
    assert made.headers["Content-Type"] == "application/json"


def test_a_declared_body_holds_values_as_they_are():
    body = {"order": {"n": "{n}", "to": "for {who}", "tags": ["{tag}", "{none}"], "none": "{none}"}}
    made = request("/x", {"n": 3, "who": "Zoë", "tag": "a"}, method="POST", body=body)
    assert json.loads(made.body) == {"order": {"n": 3, "to": "for Zoë", "tags": ["a"]}}


def test_a_body_of_another_type_keeps_its_type():
    headers = {"content-type": "application/vnd.api+json"}
    assert request("/x", method="POST", headers=headers).headers == headers


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("HEAD", None), ("DELETE", None)])
def test_methods_without_a_body_send_none(method, body):
    assert request("/x", {"a": "b"}, method=method).body is body


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "OPTIONS", "GET /evil", "G\r\nET"])
def test_other_methods_are_none_of_this_kind(method):
    assert refused(method=method).code == "bad_template"


@pytest.mark.parametrize(
    "value",
    ["a\r\nHost: evil.example", "a\nb", "a\rb", "a\0b", "a\x0bb", "ü", "a\u2028b", "\x7f"],
)
def test_g2_no_argument_adds_a_line_to_a_header(value):
    assert refused("/x", {"a": value}, headers={"X-A": "{a}"}).code == "bad_argument"


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "X Y", "X:", "", "X\r\nY", "Expect"]
)
def test_headers_that_say_how_a_request_travels_are_not_a_manifest_s(name):
    assert refused(headers={name: "x"}).code == "bad_template"


def test_a_header_without_its_value_is_left_out():
    assert request(headers={"X-A": "{a}", "X-B": "b"}).headers == {"X-B": "b"}


def test_the_secret_stands_where_its_placeholder_does_and_nowhere_else():
    made = request(
        "/x?key={appkey}",
        {"a": "b"},
        secret=KEY,
        method="POST",
        headers={"Authorization": "Bearer {appkey}"},
    )
    assert dict(parse_qsl(urlsplit(made.url).query)) == {"key": KEY.value}
    assert made.headers["Authorization"] == f"Bearer {KEY.value}"
    assert json.loads(made.body) == {"a": "b"}
    assert made.secrets == (KEY.value,)
    assert KEY.value not in repr(KEY)


def test_an_argument_never_stands_for_the_secret():
    for secret in (KEY, None):
        failed = refused("/x?key={appkey}", {"appkey": "evil"}, secret=secret)
        assert failed.code == "bad_argument"
    assert refused("/x?key={appkey}").code == "bad_template"
    assert refused(headers={"A": "{appkey}"}).code == "bad_template"


def test_a_value_is_never_read_as_a_template_again():
    arguments = {"a": "{appkey}", "b": "{a}"}
    made = request(
        "/{a}", arguments, secret=KEY, method="POST", headers={"X": "{a}"}, body={"c": "{b} {a}"}
    )
    assert unquote(urlsplit(made.url).path) == "/{appkey}"
    assert made.headers["X"] == "{appkey}"
    assert json.loads(made.body) == {"c": "{a} {appkey}"}


def test_half_a_character_is_told_and_not_sent():
    assert refused("/x?q={q}", {"q": "\ud800"}).code == "bad_argument"


def test_the_token_of_an_approved_call_goes_into_the_manifest_s_header():
    made = request(method="POST", idempotency_header="Idempotency-Key", client_token="f" * 64)
    assert made.headers["Idempotency-Key"] == "f" * 64
    assert "Idempotency-Key" not in request(idempotency_header="Idempotency-Key").headers


def said(body=b"", status=200, **headers):
    return result(Answer(status, "Reason", headers, body))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
@pytest.mark.parametrize("text", ["", "plain", '{"答":"はい"}', "<script>alert(1)</script>"])
def test_f8_every_success_is_told_as_it_came(status, text):
    assert said(text.encode(), status) == (True, text)


@pytest.mark.parametrize("status", [103, 301, 302, 304, 400, 401, 404, 418, 429, 500, 503])
def test_every_other_status_is_told_with_what_the_service_said(status):
    was_done, text = said(b"why not", status)
    assert not was_done
    told = json.loads(text)
    assert str(status) in told["error"]
    assert (told["status"], told["body"]) == (status, "why not")


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("はい".encode("shift_jis"), "text/plain; charset=Shift_JIS", "はい"),
        ("é".encode("latin-1"), 'text/html; charset="ISO-8859-1"', "é"),
        ("é".encode(), "text/html; charset=unheard-of", "é"),
        (b"6162", "text/plain; charset=hex", "6162"),
        (b"\xff\xfe", "application/json", "\ufffd\ufffd"),
        (b"\x89PNG\r\n", "image/png", "[6 bytes of image/png, which is no text]"),
        (b"a\0b", "", "[3 bytes of an unknown type, which is no text]"),
        (b"PK\3\4", "application/zip", "[4 bytes of application/zip, which is no text]"),
    ],
)
def test_f8_an_answer_is_text_in_its_charset_or_said_to_be_none(body, kind, text):
    assert said(body, **{"content-type": kind}) == (True, text)


def test_f8_a_long_answer_is_cut_and_says_so():
    was_done, text = said("ü".encode() * 20_000)
    assert was_done
    assert len(text.encode()) <= 16 * 1024
    assert text.endswith("\n[cut: the answer has 40000 bytes]")
