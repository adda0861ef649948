import json

import httpx
import pytest

from local.emulator.cloudformation import ACCEPTED_WITHOUT_EFFECT

pytestmark = pytest.mark.emulator

MACHINE = {
    "Type": "AWS::StepFunctions::StateMachine",
    "Properties": {
        "RoleArn": "arn:aws:iam::000000000000:role/contract",
        "DefinitionString": json.dumps(
            {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "Result": 7, "End": True}}}
        ),
    },
}


def test_a_table_keeps_its_time_to_live(emulator):
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "TimeToLiveSpecification": {"AttributeName": "delete_after", "Enabled": True},
        },
    }
    name = emulator.stack({"Table": table}, {"Name": {"Ref": "Table"}})["Name"]
    kept = emulator.client("dynamodb").describe_time_to_live(TableName=name)
    assert kept["TimeToLiveDescription"] == {
        "AttributeName": "delete_after",
        "TimeToLiveStatus": "ENABLED",
    }


def test_an_http_api_answers_a_preflight_by_its_cors_rules(emulator):
    resources = {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "contract",
                "ProtocolType": "HTTP",
                "CorsConfiguration": {
                    "AllowOrigins": ["https://one.example"],
                    "AllowMethods": ["GET"],
                    "AllowHeaders": ["authorization"],
                },
            },
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
        },
    }
    api = emulator.stack(resources, {"Id": {"Ref": "Api"}})["Id"]
    answer = httpx.options(
        f"{emulator.endpoint}/_aws/execute-api/{api}/$default/",
        headers={"Origin": "https://one.example", "Access-Control-Request-Method": "GET"},
    )
    assert answer.status_code < 300
    assert answer.headers["access-control-allow-origin"] == "https://one.example"


def test_a_user_pool_has_a_provider_url(emulator):
    pool = {"Type": "AWS::Cognito::UserPool", "Properties": {}}
    outputs = {"Url": {"Fn::GetAtt": ["Pool", "ProviderURL"]}, "Id": {"Ref": "Pool"}}
    made = emulator.stack({"Pool": pool}, outputs)
    assert made["Url"] == f"https://cognito-idp.us-east-1.amazonaws.com/{made['Id']}"


@pytest.mark.parametrize("kind", ACCEPTED_WITHOUT_EFFECT)
def test_a_type_without_local_effect_deploys(emulator, kind):
    made = emulator.stack({"Some": {"Type": kind, "Properties": {}}}, {"Id": {"Ref": "Some"}})
    assert made["Id"]


def test_a_version_and_an_alias_start_their_state_machine(emulator):
    resources = {
        "Machine": MACHINE,
        "Version": {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            "Properties": {"StateMachineArn": {"Ref": "Machine"}},
        },
        "Alias": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            "Properties": {
                "Name": "live",
                "RoutingConfiguration": [
                    {"StateMachineVersionArn": {"Ref": "Version"}, "Weight": 100}
                ],
            },
        },
    }
    made = emulator.stack(resources, {name: {"Ref": name} for name in resources})
    assert made["Version"] == f"{made['Machine']}:1"
    assert made["Alias"] == f"{made['Machine']}:live"
    for arn in (made["Version"], made["Alias"]):
        execution = emulator.client("stepfunctions").start_execution(stateMachineArn=arn)
        assert emulator.end_of(execution["executionArn"])["output"] == "7"


def test_an_alarm_on_metric_math_deploys(emulator):
    metric = {"Namespace": "AWS/States", "MetricName": "ExecutionsFailed"}
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "ComparisonOperator": "GreaterThanThreshold",
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "Metrics": [
                {"Id": "sum", "Expression": "one + one"},
                {
                    "Id": "one",
                    "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
                    "ReturnData": False,
                },
            ],
        },
    }
    assert emulator.stack({"Alarm": alarm}, {"Id": {"Ref": "Alarm"}})["Id"]
