"""What outlives a stack: under names that a next deploy does not ask for, and with a command that removes it."""

import pytest

from cli.deploy.survivors import KINDS

NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::KMS::Key": "KeyId",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::SQS::Queue": "QueueName",
}
"""Where a template would fix a name that only one of its kind may have; a pool's may be had twice."""


@pytest.mark.parametrize("stack", ["production", "analysis", "with_ses"])
def test_what_holds_something_has_a_generated_name(stack, request):
    template = request.getfixturevalue(stack)
    found = [one for one in template.resources if one.type in NAMES]
    assert len(found) > 10
    assert [one.path for one in found if NAMES[one.type] in one.properties] == []


@pytest.mark.parametrize("stack", ["production", "analysis"])
def test_what_production_keeps_is_named_with_a_command_when_its_stack_is_gone(stack, request):
    template = request.getfixturevalue(stack)
    kept = {one.type for one in template.resources if one.whole.get("DeletionPolicy") == "Retain"}
    assert {"AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::KMS::Key"} <= kept
    assert kept <= set(KINDS)
