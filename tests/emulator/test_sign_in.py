import json
import uuid

import httpx
import pytest

pytestmark = pytest.mark.emulator

TELLS = """
import json
def handler(event, context):
    told = {"cookies": event.get("cookies"), "headers": event["headers"]}
    return {"statusCode": 200, "body": json.dumps(told)}
"""


@pytest.fixture
def address(emulator):
    """An HTTP API before a Lambda that tells what it was given."""
    gateway = emulator.client("apigatewayv2")
    api = gateway.create_api(Name=f"contract-{uuid.uuid4().hex[:12]}", ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=emulator.python_lambda(TELLS),
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return f"{emulator.endpoint}/_aws/execute-api/{api}/$default/"


def test_cookies_arrive_as_a_list_and_not_as_a_header(address):
    told = httpx.get(address, headers={"Cookie": "one=1; two=2=2"}).json()
    assert told["cookies"] == ["one=1", "two=2=2"]
    assert "cookie" not in {name.lower() for name in told["headers"]}


def test_without_cookies_there_is_no_list(address):
    assert httpx.get(address).json()["cookies"] is None


def test_a_revoked_refresh_token_gives_no_more_access(emulator):
    users = emulator.client("cognito-idp")
    pool = users.create_user_pool(PoolName="contract")["UserPool"]["Id"]
    client = users.create_user_pool_client(
        UserPoolId=pool, ClientName="contract", ExplicitAuthFlows=["ADMIN_NO_SRP_AUTH"]
    )["UserPoolClient"]["ClientId"]
    users.admin_create_user(UserPoolId=pool, Username="someone", MessageAction="SUPPRESS")
    users.admin_set_user_password(
        UserPoolId=pool, Username="someone", Password="Contract-1-contract", Permanent=True
    )
    token = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_NO_SRP_AUTH",
        AuthParameters={"USERNAME": "someone", "PASSWORD": "Contract-1-contract"},
    )["AuthenticationResult"]["RefreshToken"]

    def refresh():
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client}
        return httpx.post(f"{emulator.endpoint}/oauth2/token", data=form)

    assert "access_token" in refresh().json()
    revoked = httpx.post(
        f"{emulator.endpoint}/oauth2/revoke", data={"token": token, "client_id": client}
    )
    assert (revoked.status_code, revoked.content) == (200, b"")
    assert refresh().json()["error"] == "invalid_grant"


def test_a_revocation_without_a_token_is_refused(emulator):
    refused = httpx.post(f"{emulator.endpoint}/oauth2/revoke", data={"client_id": "one"})
    assert (refused.status_code, json.loads(refused.content)) == (400, {"error": "invalid_request"})
