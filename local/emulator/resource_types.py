"""Which calls CloudFormation makes for each type of resource, and on which name."""

from collections.abc import Mapping
from dataclasses import dataclass

SUFFIX = "1A2B3C4D5E6F"
"""As CloudFormation ends the names that it makes."""
BY_STACK = "{stack}-{logical}-" + SUFFIX
BY_RESOURCE = "{logical}-" + SUFFIX
API = "apigateway:{region}::/apis/{ApiId}"
POOL = "cognito-idp:{region}:{account}:userpool/{UserPoolId}"
GROUP = "ec2:{region}:{account}:security-group/{GroupId}"


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls for one type; the ARN may hold properties, reduced to the last part of what they name."""

    arn: str
    create: str
    update: str
    delete: str
    named: str = ""
    """The property of a name that the template gives."""
    otherwise: str = BY_STACK
    made_on: str = ""
    """What the first call is checked on, where the resource has no name before."""
    changed_on: str = ""
    """What updates and deletions are checked on, where it is not the ARN."""
    tagging: str = ""


def _api(part: str) -> Calls:
    return Calls(f"{API}/{part}", "apigateway:POST", "apigateway:PATCH", "apigateway:DELETE")


def _pool(word: str) -> Calls:
    verbs = (f"cognito-idp:{verb}{word}" for verb in ("Create", "Update", "Delete"))
    return Calls(POOL, *verbs)


def _same(arn: str, action: str) -> Calls:
    return Calls(arn, action, action, action)


def _alarm(kind: str) -> Calls:
    put = f"cloudwatch:Put{kind}Alarm"
    arn = "cloudwatch:{region}:{account}:alarm:{name}"
    tagging = "cloudwatch:TagResource"
    return Calls(arn, put, put, "cloudwatch:DeleteAlarms", named="AlarmName", tagging=tagging)


TYPES: Mapping[str, Calls] = {
    "AWS::ApiGatewayV2::Api": Calls(
        "apigateway:{region}::/apis", "apigateway:POST", "apigateway:PATCH", "apigateway:DELETE"
    ),
    "AWS::ApiGatewayV2::Authorizer": _api("authorizers"),
    "AWS::ApiGatewayV2::Integration": _api("integrations"),
    "AWS::ApiGatewayV2::Route": _api("routes"),
    "AWS::ApiGatewayV2::Stage": _api("stages"),
    "AWS::CloudWatch::Alarm": _alarm("Metric"),
    "AWS::CloudWatch::CompositeAlarm": _alarm("Composite"),
    "AWS::CloudWatch::Dashboard": Calls(
        "cloudwatch::{account}:dashboard/{name}",
        "cloudwatch:PutDashboard",
        "cloudwatch:PutDashboard",
        "cloudwatch:DeleteDashboards",
        named="DashboardName",
        otherwise=BY_RESOURCE,
    ),
    "AWS::Cognito::UserPool": Calls(
        "cognito-idp:{region}:{account}:userpool/new",
        "cognito-idp:CreateUserPool cognito-idp:SetUserPoolMfaConfig",
        "cognito-idp:UpdateUserPool",
        "cognito-idp:DeleteUserPool",
        made_on="*",
        tagging="cognito-idp:TagResource",
    ),
    "AWS::Cognito::ManagedLoginBranding": _pool("ManagedLoginBranding"),
    "AWS::Cognito::UserPoolClient": _pool("UserPoolClient"),
    "AWS::Cognito::UserPoolDomain": _pool("UserPoolDomain"),
    "AWS::Cognito::UserPoolGroup": _pool("Group"),
    "AWS::DynamoDB::Table": Calls(
        "dynamodb:{region}:{account}:table/{name}",
        "dynamodb:CreateTable dynamodb:UpdateContinuousBackups dynamodb:UpdateTimeToLive",
        "dynamodb:UpdateTable",
        "dynamodb:DeleteTable",
        named="TableName",
        tagging="dynamodb:TagResource",
    ),
    "AWS::Events::Rule": Calls(
        "events:{region}:{account}:rule/{name}",
        "events:PutRule events:PutTargets",
        "events:PutRule events:PutTargets",
        "events:RemoveTargets events:DeleteRule",
        named="Name",
        tagging="events:TagResource",
    ),
    "AWS::IAM::Policy": Calls(
        "iam::{account}:role/{Roles}", *("iam:PutRolePolicy",) * 2, "iam:DeleteRolePolicy"
    ),
    "AWS::IAM::Role": Calls(
        "iam::{account}:role/{name}",
        "iam:CreateRole",
        "iam:UpdateRole iam:UpdateAssumeRolePolicy",
        "iam:DeleteRole",
        named="RoleName",
        tagging="iam:TagRole",
    ),
    "AWS::KMS::Key": Calls(
        "kms:{region}:{account}:key/new",
        "kms:CreateKey kms:EnableKeyRotation",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        made_on="*",
        tagging="kms:TagResource",
    ),
    "AWS::Lambda::Function": Calls(
        "lambda:{region}:{account}:function:{name}",
        "lambda:CreateFunction lambda:GetFunction",
        "lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration",
        "lambda:DeleteFunction",
        named="FunctionName",
        tagging="lambda:TagResource",
    ),
    "AWS::Lambda::Permission": Calls(
        "lambda:{region}:{account}:function:{FunctionName}",
        "lambda:AddPermission",
        "lambda:AddPermission",
        "lambda:RemovePermission",
    ),
    "AWS::Logs::LogGroup": Calls(
        "logs:{region}:{account}:log-group:{name}",
        "logs:CreateLogGroup logs:PutRetentionPolicy",
        "logs:PutRetentionPolicy",
        "logs:DeleteLogGroup",
        named="LogGroupName",
        tagging="logs:TagResource",
    ),
    "AWS::S3::Bucket": Calls(
        "s3:::{name}",
        "s3:CreateBucket s3:PutEncryptionConfiguration s3:PutBucketPublicAccessBlock",
        "s3:PutLifecycleConfiguration",
        "s3:DeleteBucket",
        named="BucketName",
        tagging="s3:PutBucketTagging",
    ),
    "AWS::S3::BucketPolicy": Calls(
        "s3:::{Bucket}", "s3:PutBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"
    ),
    "AWS::SNS::Subscription": Calls(
        "sns:{region}:{account}:{TopicArn}",
        "sns:Subscribe",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
        changed_on="*",
    ),
    "AWS::SNS::Topic": Calls(
        "sns:{region}:{account}:{name}",
        "sns:CreateTopic",
        "sns:SetTopicAttributes",
        "sns:DeleteTopic",
        named="TopicName",
        tagging="sns:TagResource",
    ),
    "AWS::SNS::TopicPolicy": _same("sns:{region}:{account}:{Topics}", "sns:SetTopicAttributes"),
    "AWS::SQS::Queue": Calls(
        "sqs:{region}:{account}:{name}",
        "sqs:CreateQueue",
        "sqs:SetQueueAttributes",
        "sqs:DeleteQueue",
        named="QueueName",
        tagging="sqs:TagQueue",
    ),
    "AWS::SQS::QueuePolicy": _same("sqs:{region}:{account}:{Queues}", "sqs:SetQueueAttributes"),
    "AWS::SSM::Parameter": Calls(
        "ssm:{region}:{account}:parameter{name}",
        "ssm:PutParameter",
        "ssm:PutParameter",
        "ssm:DeleteParameter",
        named="Name",
        otherwise="/CFN-" + BY_RESOURCE,
        tagging="ssm:AddTagsToResource",
    ),
    "AWS::SecretsManager::Secret": Calls(
        "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
        "secretsmanager:CreateSecret",
        "secretsmanager:UpdateSecret",
        "secretsmanager:DeleteSecret",
        named="Name",
        otherwise=BY_RESOURCE,
        tagging="secretsmanager:TagResource",
    ),
    "AWS::StepFunctions::StateMachine": Calls(
        "states:{region}:{account}:stateMachine:{name}",
        "states:CreateStateMachine",
        "states:UpdateStateMachine",
        "states:DeleteStateMachine",
        named="StateMachineName",
        otherwise=BY_RESOURCE,
        tagging="states:TagResource",
    ),
}
