"""What makes moto quick leaves its answers as they are."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.support.quick_moto import quicken

KEY = {"pk": {"S": "a"}}
ITEM = {
    **KEY,
    "text": {"S": ""},
    "number": {"N": "1.50"},
    "bytes": {"B": b"\x00"},
    "nothing": {"NULL": True},
    "no": {"BOOL": False},
    "list": {"L": [{"S": "x"}, {"M": {"S": {"S": "a member's name"}, "Items": {"L": []}}}]},
    "map": {"M": {}},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
}


def answers():
    """What DynamoDB says to everything that the product asks it, without what differs from call to call."""
    with mock_aws():
        table = boto3.client("dynamodb", region_name="eu-west-1")
        name = {"TableName": "table"}
        table.create_table(
            **name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        write = {**name, "Key": KEY, "UpdateExpression": "SET n = :n"}
        values = {":n": {"N": "1"}}
        refused = {
            **name,
            "Item": ITEM,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        asked = [
            lambda: table.put_item(**name, Item=ITEM, ReturnConsumedCapacity="TOTAL"),
            lambda: table.get_item(**name, Key=KEY, ReturnConsumedCapacity="TOTAL"),
            lambda: table.get_item(**name, Key={"pk": {"S": "nobody"}}),
            lambda: table.scan(**name),
            lambda: table.query(
                **name,
                KeyConditionExpression="pk = :n",
                ExpressionAttributeValues={":n": {"S": "a"}},
            ),
            lambda: table.update_item(
                **write, ExpressionAttributeValues=values, ReturnValues="ALL_NEW"
            ),
            lambda: table.put_item(**refused),
            lambda: table.transact_write_items(TransactItems=[{"Put": refused}]),
            lambda: table.transact_get_items(TransactItems=[{"Get": {**name, "Key": KEY}}]),
            lambda: table.batch_get_item(RequestItems={"table": {"Keys": [KEY]}}),
            lambda: table.delete_item(**name, Key=KEY, ReturnValues="ALL_OLD"),
        ]
        return [said(one) for one in asked]


def said(ask):
    try:
        answer = ask()
    except ClientError as error:
        answer = error.response
    status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
    return status, answer


def test_dynamodb_says_the_same_to_everything_the_product_asks(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    plain = answers()
    with pytest.MonkeyPatch.context() as patch:
        quicken(patch)
        assert answers() == plain
    assert [status for status, _ in plain] == [200] * 6 + [400] * 2 + [200] * 3
