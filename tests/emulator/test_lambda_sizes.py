import json

import httpx
import pytest
from botocore.exceptions import ClientError

from local.emulator.lambda_sizes import MOST_REQUEST, MOST_RESPONSE

pytestmark = pytest.mark.emulator

MEASURES = """
def handler(event, context):
    if "body" in event: return {"statusCode": 200, "body": str(len(event["body"]))}
    return "." * event.get("give", 1)
"""


@pytest.fixture(scope="module")
def measures(emulator):
    """A function that tells how much it got, or gives as much as it is asked for."""
    return emulator.python_lambda(MEASURES)


@pytest.fixture(scope="module")
def address(emulator, measures):
    """An HTTP API before it."""
    api = emulator.client("apigatewayv2")
    made = api.create_api(Name="sizes", ProtocolType="HTTP")["ApiId"]
    behind = api.create_integration(
        ApiId=made,
        IntegrationType="AWS_PROXY",
        IntegrationUri=measures,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    api.create_route(ApiId=made, RouteKey="PUT /it", Target=f"integrations/{behind}")
    api.create_stage(ApiId=made, StageName="$default", AutoDeploy=True)
    return f"{emulator.endpoint}/_aws/execute-api/{made}/$default/it"


def given(emulator, function, event):
    answer = emulator.one_try("lambda").invoke(FunctionName=function, Payload=event)
    return json.loads(answer["Payload"].read())


def event_of(size):
    return json.dumps({"pad": ""}).replace('""', f'"{"." * (size - 11)}"').encode()


def test_an_event_of_six_megabytes_is_taken(emulator, measures):
    event = event_of(MOST_REQUEST)
    assert len(event) == MOST_REQUEST
    assert given(emulator, measures, event) == "."


def test_a_larger_event_is_refused(emulator, measures):
    with pytest.raises(ClientError) as refused:
        given(emulator, measures, event_of(MOST_REQUEST + 1))
    assert refused.value.response["Error"]["Code"] == "RequestTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413


def test_an_answer_of_six_megabytes_is_given(emulator, measures):
    size = MOST_RESPONSE - len('""')
    answered = given(emulator, measures, json.dumps({"give": size}).encode())
    assert len(answered) == size


def test_a_larger_answer_fails_the_call(emulator, measures):
    answered = given(emulator, measures, json.dumps({"give": MOST_RESPONSE}).encode())
    assert answered["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_body_that_makes_the_event_too_large_is_refused_by_the_api(address):
    taken = httpx.put(address, content=b"\x1f" * 4_500_000, trust_env=False)
    assert taken.text == "6000000"
    refused = httpx.put(address, content=b"\x1f" * 4_800_000, trust_env=False)
    assert refused.status_code == 413
