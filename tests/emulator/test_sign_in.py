import base64
import json
import uuid
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

pytestmark = pytest.mark.emulator

BACK = "http://127.0.0.1/back"
PASSWORD = "Contract-1-contract"
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


class SignedIn:
    """Somebody who has gone through the login page."""

    def __init__(self, emulator, client: str, form: dict) -> None:
        self._endpoint, self._client = emulator.endpoint, client
        sent = httpx.post(f"{self._endpoint}/login", data=form)
        [code] = parse_qs(urlsplit(sent.headers["location"]).query)["code"]
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
        self.tokens = self._ask(grant)

    def refresh(self) -> str:
        """A new access token, or why there is none."""
        token = self.tokens["refresh_token"]
        answer = self._ask({"grant_type": "refresh_token", "refresh_token": token})
        return answer.get("access_token") or answer["error"]

    def revocation(self) -> dict:
        return {"token": self.tokens["refresh_token"], "client_id": self._client}

    def _ask(self, form: dict) -> dict:
        form = {**form, "client_id": self._client}
        return httpx.post(f"{self._endpoint}/oauth2/token", data=form).json()


@pytest.fixture
def signed_in(emulator):
    users = emulator.client("cognito-idp")
    pool = users.create_user_pool(PoolName="contract")["UserPool"]["Id"]
    client = users.create_user_pool_client(
        UserPoolId=pool,
        ClientName="contract",
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[BACK],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    users.admin_create_user(UserPoolId=pool, Username="someone", MessageAction="SUPPRESS")
    users.admin_set_user_password(
        UserPoolId=pool, Username="someone", Password=PASSWORD, Permanent=True
    )
    users.create_group(UserPoolId=pool, GroupName="approvers")
    users.admin_add_user_to_group(UserPoolId=pool, Username="someone", GroupName="approvers")
    form = {
        "client_id": client,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid",
        "state": "one",
        "username": "someone",
        "password": PASSWORD,
    }
    return SignedIn(emulator, client, form)


def claims(token: str) -> dict:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_cookies_arrive_as_a_list_and_not_as_a_header(address):
    told = httpx.get(address, headers={"Cookie": "one=1; two=2=2"}).json()
    assert told["cookies"] == ["one=1", "two=2=2"]
    assert "cookie" not in {name.lower() for name in told["headers"]}


def test_without_cookies_there_is_no_list(address):
    assert httpx.get(address).json()["cookies"] is None


def test_refreshed_tokens_name_the_groups(signed_in):
    first, second = claims(signed_in.tokens["access_token"]), claims(signed_in.refresh())
    assert first["cognito:groups"] == second["cognito:groups"] == ["approvers"]


def test_a_revoked_refresh_token_gives_no_more_access(emulator, signed_in):
    assert signed_in.refresh()
    revoked = httpx.post(f"{emulator.endpoint}/oauth2/revoke", data=signed_in.revocation())
    assert (revoked.status_code, revoked.content) == (200, b"")
    assert signed_in.refresh() == "invalid_grant"


def test_a_revocation_without_a_token_is_refused(emulator):
    refused = httpx.post(f"{emulator.endpoint}/oauth2/revoke", data={"client_id": "one"})
    assert (refused.status_code, json.loads(refused.content)) == (400, {"error": "invalid_request"})
