"""Which routes there are, who may call them, and what is logged of it."""

import json

OPEN = {
    "$default", "GET /", "GET /inbox", "GET /a/{approval_id}", "GET /assets/{name}",
    "GET /assets/{version}/{name}",
    "GET /healthz", "GET /openapi.json", "GET /session/login", "GET /session/callback",
    "POST /session", "DELETE /session", "GET /session/code", "GET /session/terminal",
}  # fmt: skip
SIGNED_IN = {
    "POST /chat", "GET /conversations", "GET /conversations/{conversation_id}",
    "DELETE /conversations/{conversation_id}",
    "POST /conversations/{conversation_id}/tool_results", "GET /approvals", "GET /approvals/{approval_id}",
    "POST /approvals/{approval_id}/decision", "POST /approvals/{approval_id}/cancel",
    "GET /agents", "GET /freeze", "POST /freeze",
}  # fmt: skip


def test_every_route_with_data_asks_for_an_access_token(production):
    guarded = {
        route.properties["RouteKey"]: route.properties["AuthorizationType"]
        for route in production.of_type("AWS::ApiGatewayV2::Route")
    }
    assert guarded == {**dict.fromkeys(OPEN, "NONE"), **dict.fromkeys(SIGNED_IN, "JWT")}


def test_tokens_of_another_pool_or_client_are_refused(production):
    authorizer = production.one("AWS::ApiGatewayV2::Authorizer").properties["JwtConfiguration"]
    assert [production.spelled(item) for item in authorizer["Audience"]] == [
        "<SignIn/Pool/Client>",
        "<SignIn/Pool/Terminal>",
    ]
    issuer = production.spelled(authorizer["Issuer"])
    assert issuer == "https://cognito-idp.<AWS::Region>.<AWS::URLSuffix>/<SignIn/Pool>"


def test_no_other_origin_may_read_the_api(production):
    assert "CorsConfiguration" not in production.one("AWS::ApiGatewayV2::Api").properties


def test_the_access_log_holds_no_path_query_header_or_token(production):
    stage = production.one("AWS::ApiGatewayV2::Stage").properties
    fields = set(json.loads(stage["AccessLogSettings"]["Format"]).values())
    assert fields == {
        "$context.requestId", "$context.requestTimeEpoch", "$context.routeKey", "$context.status",
        "$context.responseLatency", "$context.responseLength", "$context.identity.sourceIp",
        "$context.authorizer.claims.sub", "$context.authorizer.error",
        "$context.integrationErrorMessage",
    }  # fmt: skip


def test_origin_is_the_api_s_address_unless_the_operator_sets_one(production, laptop):
    assert production.outputs["Origin"] == production.outputs["ApiUrl"] == "<Api/Http>"
    assert laptop.outputs["Origin"] == "http://127.0.0.1:8787"


def test_the_gateway_may_invoke_each_room_that_answers_and_no_other(production):
    admitted = {
        (
            production.spelled(permission.properties["FunctionName"]),
            production.spelled(permission.properties["SourceArn"]).partition("<Api/Http>")[2],
        )
        for permission in production.of_type("AWS::Lambda::Permission")
        if permission.properties["Principal"] == "apigateway.amazonaws.com"
    }
    answering = (
        "Approvals",
        "Chat",
        "Conversations",
        "DecideApproval",
        "Freeze",
        "Pages",
        "Session",
    )
    assert admitted == {(f"<{room}/Function>", "/*/*/*") for room in answering} | {
        ("<Pages/Function>", "/*/$default")
    }
