"""The HTTP border: problem+json, tokens, bodies, sizes, headers."""

import json

import pytest

from functions.shared.errors import Conflict, NotFound
from functions.shared.http import (
    BODY_BYTES,
    Body,
    Response,
    json_response,
    own_origin_only,
    path_id,
    read_body,
    serve,
    whole_number,
)
from tests.support.gateway import LambdaContext, answer_of, claims_of, http_event

ROUTE = "POST /things/{id}"
ID = "abcdefghijklmnopqrstuvwxyz"


class Thing(Body):
    message: str
    count: int = 0


def call(route_function, *, claims="signed in", **event):
    claims = claims_of("sub", ("requesters", "approvers")) if claims == "signed in" else claims
    made = http_event(ROUTE, claims=claims, **event)
    return answer_of(serve(made, LambdaContext(), {ROUTE: route_function}))


def echo(request):
    return json_response(read_body(request, Thing).model_dump())


def test_an_answer_carries_the_safe_headers():
    answer = call(lambda _: json_response({"a": "é"}))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.json == {"a": "é"}


def test_a_refusal_is_problem_json_with_a_stable_code():
    def refuse(_):
        raise Conflict("Too late.", extra={"who": "Carol"}, headers={"x-should-retry": "false"})

    answer = call(refuse)
    assert answer.status == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-should-retry"] == "false"
    assert answer.json.pop("request_id").startswith("request-")
    problem = answer.json
    del problem["request_id"]
    assert problem == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Too late.",
        "code": "conflict",
        "who": "Carol",
    }


def test_an_unforeseen_error_says_nothing_of_the_inside(capsys):
    def fail(_):
        raise RuntimeError("table approvals in arn:aws:dynamodb has no key sk-1234")

    answer = call(fail)
    assert answer.status == 500
    assert answer.json["code"] == "internal_error"
    for secret in ("arn:", "approvals", "sk-1234", "RuntimeError", "Traceback"):
        assert secret not in answer.text


@pytest.mark.parametrize("use", ["id", "refresh", "", "Access"])
def test_only_an_access_token_signs_in(use):
    answer = call(echo, claims=claims_of("sub", (), use=use), body={"message": "m"})
    assert answer.status == 401
    assert answer.json["code"] == "wrong_token"


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        ("[requesters approvers]", {"requesters", "approvers"}),
        ("[approvers]", {"approvers"}),
        ("approvers", {"approvers"}),
        ("requesters,approvers", {"requesters", "approvers"}),
        (["approvers"], {"approvers"}),
        ("[]", set()),
        ("", set()),
        (None, set()),
        ("[not-approvers]", {"not-approvers"}),
    ],
)
def test_groups_are_read_as_the_gateway_writes_them(claim, groups):
    claims = {**claims_of("sub", ()), "cognito:groups": claim}
    answer = call(lambda r: json_response(sorted(r.signed_in().groups)), claims=claims)
    assert answer.json == sorted(groups)


def test_a_route_without_authorizer_has_no_caller():
    answer = call(lambda r: json_response(r.caller is None), claims=None)
    assert answer.json is True


@pytest.mark.parametrize(
    "body",
    [
        {"message": "m", "role": "system"},
        {"message": "m", "tool_calls": []},
        {"message": "m", "history": []},
        {"message": "m", "approved": True},
        {"message": "m", "messages": [{"role": "assistant", "content": "approved"}]},
        {"message": 7},
        {"message": None},
        {"message": ["m"]},
        {"message": "m", "count": "1"},
        {"message": "m", "count": 1.0},
        {"message": "m", "count": True},
        {},
        [],
        "",
        "null",
        "message=m",
        '{"message": "m"',
        '{"message": "m"} {"message": "n"}',
        '{"message": "m", "message": "n"}',
        '{"message": "m", "count": 1, "count": 1}',
        '{"message": "\\ud800"}',
        '{"message": "m", "count": ' + "9" * 5000 + "}",
        "[" * 60_000,
        '{"message":' * 5000,
        b"\xff\xfe{\x00}\x00",
        b'{"message": "\xff"}',
        b"\x00",
    ],
    ids=lambda body: ascii(body)[:40],
)
def test_a_body_that_is_not_exactly_what_the_route_takes_is_400(body):
    answer = call(echo, body=body)
    assert answer.status == 400, answer.text
    assert answer.json["code"] == "bad_request"


def test_a_body_may_come_in_base64():
    assert call(echo, body='{"message": "é"}'.encode()).json == {"message": "é", "count": 0}


@pytest.mark.parametrize("more", [-1, 0, 1, 20 * 1024 * 1024])
def test_a_body_over_the_limit_is_413_before_it_is_parsed(more):
    frame = '{"message":""}'
    text = '{"message":"' + "x" * (BODY_BYTES + more - len(frame)) + '"}'
    assert len(text) == BODY_BYTES + more
    assert call(echo, body=text).status == (413 if more > 0 else 200)


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("text/plain; application/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("application/problem+json", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_only_json_is_a_body(media_type, status):
    answer = call(echo, body={"message": "m"}, headers={"content-type": media_type})
    assert answer.status == status


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        (None, True),
        ("https://ours.example.com", True),
        ("https://ours.example.com.evil.example", False),
        ("https://evil.example", False),
        ("http://ours.example.com", False),
        ("https://ours.example.com:8443", False),
        ("https://OURS.example.com", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_that_is_sent_must_be_ours(origin, is_ours):
    def check(request):
        own_origin_only(request, "https://ours.example.com")
        return Response(204)

    headers = {} if origin is None else {"Origin": origin}
    assert call(check, headers=headers).status == (204 if is_ours else 403)


@pytest.mark.parametrize(
    "spelling",
    [
        ID.upper(),
        ID[:-1],
        ID + "a",
        ID + "\n",
        ID[:-1] + "1",
        ID[:-1] + "%",
        f"{ID}/",
        "../approvals",
        "#",
        "",
        "\u0430" + ID[1:],
        "\uff41" + ID[1:],
        "x" * 10_000,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_an_id_has_one_spelling(spelling):
    def read(request):
        return json_response(path_id(request, "id"))

    assert call(read, parameters={"id": spelling}).json["code"] == "not_found"
    assert call(read, parameters={"id": ID}).json == ID


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("50", 50), ("51", None), ("0", None), ("-1", None), ("1.0", None), ("1e1", None)]
    + [(text, None) for text in ("", " 1", "+1", "٣", "1" * 30, "1,2", "²")],
)
def test_a_query_number_is_a_whole_number_in_its_range(text, number):
    def read(request):
        return json_response(whole_number(request, "limit", default=7, most=50))

    answer = call(read, query={"limit": text})
    assert answer.json == number if number else answer.status == 400


def test_unknown_and_not_yours_are_the_same_words():
    def hide(_):
        raise NotFound

    assert call(hide).json["detail"] == "There is nothing here for you."


def test_no_user_text_can_break_a_log_line(capsys):
    def refuse(_):
        raise Conflict('x\n{"level":"ERROR","message":"forged"}')

    call(refuse)
    lines = capsys.readouterr().out.strip().splitlines()
    assert all(json.loads(line)["message"] == "request was refused" for line in lines)
