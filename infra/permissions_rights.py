"""What CloudFormation calls to make, change and remove a resource of each type that the stack may have."""

from collections.abc import Mapping
from typing import Any

from infra import permissions_places as on
from infra.permissions_places import On

Rights = tuple[tuple[On, str], ...]


def _api(*more: tuple[On, str]) -> Rights:
    return ((on.APIS, "apigateway: DELETE GET PATCH POST PUT TagResource UntagResource"), *more)


def _alarm(kind: str) -> Rights:
    return (
        (
            on.ALARMS,
            f"cloudwatch: DeleteAlarms ListTagsForResource Put{kind}Alarm TagResource UntagResource",
        ),
        (on.ALARM_READS, "cloudwatch: DescribeAlarms"),
    )


def _pool(actions: str) -> Rights:
    return ((on.POOLS, f"cognito-idp: {actions}"),)


def _network(made: str, changed: str, seen: str) -> Rights:
    return (
        (on.NETWORK_MAKING, f"ec2: {made}"),
        (on.NETWORK_TAGS, "ec2: CreateTags"),
        (on.NETWORKS, f"ec2: DeleteTags {changed}"),
        (on.NETWORK_READS, f"ec2: DescribeTags {seen}"),
    )


RIGHTS: Mapping[str, Rights] = {
    "AWS::ApiGatewayV2::Api": _api((on.LINK, "iam: CreateServiceLinkedRole")),
    "AWS::ApiGatewayV2::ApiMapping": ((on.DOMAINS, "apigateway: DELETE GET PATCH POST PUT"),),
    "AWS::ApiGatewayV2::Authorizer": _api(),
    "AWS::ApiGatewayV2::DomainName": (
        (
            on.DOMAINS,
            "apigateway: AddCertificateToDomain DELETE GET PATCH POST PUT RemoveCertificateFromDomain",
        ),
        (on.APIS, "apigateway: TagResource UntagResource"),
        (on.LINK, "iam: CreateServiceLinkedRole"),
    ),
    "AWS::ApiGatewayV2::Integration": _api(),
    "AWS::ApiGatewayV2::Route": _api(),
    "AWS::ApiGatewayV2::Stage": _api(
        (on.LOG_READS, "logs: DescribeLogGroups"),
        (
            on.LOG_DELIVERY,
            "logs: CreateLogDelivery DeleteLogDelivery DescribeResourcePolicies GetLogDelivery"
            " ListLogDeliveries PutResourcePolicy UpdateLogDelivery",
        ),
    ),
    "AWS::CloudWatch::Alarm": _alarm("Metric"),
    "AWS::CloudWatch::CompositeAlarm": _alarm("Composite"),
    "AWS::CloudWatch::Dashboard": (
        (
            on.DASHBOARDS,
            "cloudwatch: DeleteDashboards GetDashboard ListTagsForResource PutDashboard TagResource"
            " UntagResource",
        ),
    ),
    "AWS::Cognito::ManagedLoginBranding": _pool(
        "CreateManagedLoginBranding DeleteManagedLoginBranding DescribeManagedLoginBranding"
        " DescribeManagedLoginBrandingByClient UpdateManagedLoginBranding"
    ),
    "AWS::Cognito::UserPool": (
        (on.POOL_MAKING, "cognito-idp: CreateUserPool"),
        *_pool(
            "AddCustomAttributes DeleteUserPool DescribeUserPool GetUserPoolMfaConfig"
            " ListTagsForResource SetUserPoolMfaConfig TagResource UntagResource UpdateUserPool"
        ),
    ),
    "AWS::Cognito::UserPoolClient": _pool(
        "CreateUserPoolClient DeleteUserPoolClient DescribeUserPoolClient"
        " ListUserPoolClientSecrets UpdateUserPoolClient"
    ),
    "AWS::Cognito::UserPoolDomain": (
        *_pool("CreateUserPoolDomain DeleteUserPoolDomain UpdateUserPoolDomain"),
        (on.POOL_READS, "cognito-idp: DescribeUserPoolDomain"),
    ),
    "AWS::Cognito::UserPoolGroup": _pool("CreateGroup DeleteGroup GetGroup UpdateGroup"),
    "AWS::DynamoDB::Table": (
        (
            on.TABLES,
            "dynamodb: CreateTable DeleteTable DescribeContinuousBackups DescribeContributorInsights"
            " DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive GetResourcePolicy"
            " ListTagsOfResource TagResource UntagResource UpdateContinuousBackups UpdateTable"
            " UpdateTimeToLive",
        ),
        (on.KEYS, "kms: Decrypt DescribeKey Encrypt"),
        (on.GRANTS, "kms: CreateGrant RevokeGrant"),
    ),
    "AWS::EC2::FlowLog": (
        *_network("CreateFlowLogs", "DeleteFlowLogs", "DescribeFlowLogs"),
        (on.LOG_DELIVERY, "logs: CreateLogDelivery DeleteLogDelivery"),
    ),
    "AWS::EC2::NetworkAcl": _network("CreateNetworkAcl", "DeleteNetworkAcl", "DescribeNetworkAcls"),
    "AWS::EC2::SecurityGroup": _network(
        "CreateSecurityGroup",
        "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress DeleteSecurityGroup"
        " RevokeSecurityGroupEgress RevokeSecurityGroupIngress"
        " UpdateSecurityGroupRuleDescriptionsEgress UpdateSecurityGroupRuleDescriptionsIngress",
        "DescribeInstances DescribeSecurityGroups",
    ),
    "AWS::EC2::Subnet": _network(
        "CreateSubnet", "DeleteSubnet ModifySubnetAttribute", "DescribeNetworkAcls DescribeSubnets"
    ),
    "AWS::EC2::SubnetNetworkAclAssociation": _network(
        "ReplaceNetworkAclAssociation", "", "DescribeNetworkAcls"
    ),
    "AWS::EC2::VPC": _network(
        "CreateVpc",
        "DeleteVpc ModifyVpcAttribute ModifyVpcTenancy",
        "DescribeNetworkAcls DescribeSecurityGroups DescribeVpcAttribute"
        " DescribeVpcEncryptionControls DescribeVpcs",
    ),
    "AWS::Events::Rule": (
        (
            on.RULES,
            "events: DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets"
            " RemoveTargets TagResource UntagResource",
        ),
    ),
    "AWS::IAM::Policy": ((on.ROLES, "iam: DeleteRolePolicy GetRolePolicy PutRolePolicy"),),
    "AWS::IAM::Role": (
        (
            on.ROLES,
            "iam: CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy"
            " ListAttachedRolePolicies ListRolePolicies PutRolePolicy TagRole UntagRole"
            " UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
        ),
    ),
    "AWS::KMS::Key": (
        (on.KEY_MAKING, "kms: CreateKey"),
        (
            on.KEYS,
            "kms: DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation GetKeyPolicy"
            " GetKeyRotationStatus ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource"
            " UntagResource UpdateKeyDescription",
        ),
    ),
    "AWS::Lambda::Function": (
        (
            on.FUNCTIONS,
            "lambda: CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction"
            " GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetFunctionScalingConfig"
            " GetRuntimeManagementConfig ListTags PublishVersion PutFunctionConcurrency"
            " PutFunctionRecursionConfig PutRuntimeManagementConfig TagResource UntagResource"
            " UpdateFunctionCode UpdateFunctionConfiguration",
        ),
        (on.ASSETS, "s3: GetObject GetObjectVersion"),
        (
            on.NETWORK_READS,
            "ec2: DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs",
        ),
    ),
    "AWS::Lambda::Permission": (
        (on.FUNCTIONS, "lambda: AddPermission GetPolicy RemovePermission"),
    ),
    "AWS::Logs::LogGroup": (
        (
            on.LOG_GROUPS,
            "logs: AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy"
            " DescribeIndexPolicies DisassociateKmsKey GetDataProtectionPolicy ListTagsForResource"
            " PutRetentionPolicy TagResource UntagResource",
        ),
        (on.LOG_READS, "logs: DescribeLogGroups"),
        (on.LOG_DELIVERY, "logs: DescribeResourcePolicies"),
    ),
    "AWS::S3::Bucket": (
        (
            on.BUCKETS,
            "s3: CreateBucket DeleteBucket DeleteBucketLifecycle GetAccelerateConfiguration"
            " GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLogging"
            " GetBucketMetadataTableConfiguration GetBucketNotification"
            " GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPublicAccessBlock"
            " GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration"
            " GetIntelligentTieringConfiguration GetInventoryConfiguration"
            " GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration"
            " ListBucket ListTagsForResource PutBucketOwnershipControls PutBucketPublicAccessBlock"
            " PutBucketTagging PutBucketVersioning PutEncryptionConfiguration"
            " PutLifecycleConfiguration TagResource UntagResource",
        ),
    ),
    "AWS::S3::BucketPolicy": (
        (on.BUCKETS, "s3: DeleteBucketPolicy GetBucketPolicy PutBucketPolicy"),
    ),
    "AWS::SNS::Subscription": (
        (on.TOPICS, "sns: Subscribe"),
        (on.SUBSCRIPTIONS, "sns: GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe"),
    ),
    "AWS::SNS::Topic": (
        (
            on.TOPICS,
            "sns: CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes"
            " ListSubscriptionsByTopic ListTagsForResource SetTopicAttributes Subscribe TagResource"
            " UntagResource",
        ),
        (on.SUBSCRIPTIONS, "sns: Unsubscribe"),
    ),
    "AWS::SNS::TopicPolicy": ((on.TOPICS, "sns: SetTopicAttributes"),),
    "AWS::SQS::Queue": (
        (
            on.QUEUES,
            "sqs: CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags"
            " SetQueueAttributes TagQueue UntagQueue",
        ),
    ),
    "AWS::SQS::QueuePolicy": ((on.QUEUES, "sqs: SetQueueAttributes"),),
    "AWS::SSM::Parameter": (
        (
            on.PARAMETERS,
            "ssm: AddTagsToResource DeleteParameter GetParameters ListTagsForResource PutParameter"
            " RemoveTagsFromResource",
        ),
    ),
    "AWS::SecretsManager::Secret": (
        (
            on.SECRETS,
            "secretsmanager: CreateSecret DeleteSecret DescribeSecret TagResource UntagResource"
            " UpdateSecret",
        ),
        (on.RANDOM, "secretsmanager: GetRandomPassword"),
        (on.KEYS, "kms: Decrypt DescribeKey GenerateDataKey"),
    ),
    "AWS::StepFunctions::StateMachine": (
        (
            on.MACHINES,
            "states: CreateStateMachine DeleteStateMachine DescribeStateMachine ListTagsForResource"
            " TagResource UntagResource UpdateStateMachine",
        ),
    ),
}
WITHOUT_RIGHTS = ("AWS::CDK::Metadata",)

OWN_NAMES: Mapping[str, tuple[str, str]] = {
    "AWS::CloudWatch::Dashboard": ("DashboardName", "{logical}-*"),
    "AWS::SSM::Parameter": ("Name", "/CFN-{logical}-*"),
    "AWS::SecretsManager::Secret": ("Name", "{logical}-*"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "{logical}-*"),
}
"""Types whose made names do not begin with the stack's: where a given name stands, and how one is made."""
NAMED: Mapping[str, str] = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}
"""Types whose given names have to begin with the stack's, for the policy to cover them."""


def own_name(logical: str, resource: Mapping[str, Any]) -> str:
    """The name of a resource of `OWN_NAMES` as IAM matches it."""
    member, made = OWN_NAMES[resource["Type"]]
    given = resource.get("Properties", {}).get(member)
    if not isinstance(given, str):
        return made.format(logical=logical)
    return f"{given}-??????" if resource["Type"] == "AWS::SecretsManager::Secret" else given
