"""Rights that AWS lists for a resource type and that the stack's own resources do not call for."""

from collections.abc import Iterator

from tests.support.iam_policies import matches

EXCUSED: tuple[tuple[str, str, str], ...] = (
    (
        "*",
        "s3:getObject s3:GetObjectMetadata s3:REST.PUT.OBJECT",
        "An import of a definition or table from S3.",
    ),
    ("*", "logs:*LogStream* logs:PutLogEvents s3:ListBucket", "The log of such an import."),
    ("AWS::Cognito::*", "kms:*", "The pool has no key and no sender of its own."),
    ("AWS::Cognito::UserPool*", "iam:*", "Nothing of Cognito is given a role."),
    ("AWS::Cognito::UserPoolDomain", "cloudfront:updateDistribution", "The domain is Cognito's."),
    (
        "AWS::DynamoDB::Table",
        "dynamodb:*Item dynamodb:Query dynamodb:Scan dynamodb:*Import* dynamodb:*TableReplica",
        "No table is copied or imported, and nobody who deploys reads one.",
    ),
    (
        "AWS::DynamoDB::Table",
        "dynamodb:*ResourcePolicy dynamodb:*KinesisStreamingDestination dynamodb:*ContributorInsights kinesis:*",
        "No table has a policy, a stream to Kinesis or insights.",
    ),
    (
        "AWS::DynamoDB::Table",
        "kms:ListAliases iam:CreateServiceLinkedRole",
        "The key is named by its ARN; no replicas.",
    ),
    (
        "AWS::EC2::FlowLog",
        "autoscaling:* iam:CreateServiceLinkedRole s3:*BucketPolicy",
        "It goes to CloudWatch.",
    ),
    ("AWS::EC2::Subnet", "ec2:*SubnetCidrBlock", "The subnet has one block."),
    ("AWS::EC2::VPC", "ec2:CreateVpcEncryptionControl", "The network has no such control."),
    ("AWS::IAM::Policy", "iam:*GroupPolicy iam:*UserPolicy", "Policies are of roles alone."),
    (
        "AWS::IAM::Role",
        "iam:AttachRolePolicy iam:DetachRolePolicy",
        "No role has a managed policy.",
    ),
    (
        "AWS::IAM::Role",
        "iam:*RolePermissionsBoundary",
        "A boundary is given, where there is one, and never taken.",
    ),
    (
        "AWS::Lambda::Function",
        "elasticfilesystem:* s3files:* lambda:*CodeSigningConfig lambda:GetLayerVersion"
        " lambda:PassCapacityProvider lambda:PutFunctionScalingConfig lambda:AssociateRuntimeAlias",
        "No function has a file system, a layer, signed code or machines of its own.",
    ),
    ("AWS::Lambda::Function", "kms:*", "The variables are under Lambda's own key."),
    (
        "AWS::Logs::LogGroup",
        "firehose:* logs:*DataProtectionPolicy logs:*IndexPolicy logs:*ResourcePolicy"
        " logs:PutBearerTokenAuthentication logs:PutLogGroupDeletionProtection logs:CreateLogDelivery",
        "No log group has a policy of its own.",
    ),
    (
        "AWS::S3::Bucket",
        "s3tables:* s3:*Metadata*Table* iam:PassRole",
        "It has no tables of metadata and no copies.",
    ),
    (
        "AWS::S3::Bucket",
        "s3:*Accelerate* s3:*Analytics* s3:*BucketAbac s3:*Acl s3:*Cors s3:*CORS s3:*Logging"
        " s3:*Notification s3:*ObjectLock* s3:*Replication* s3:*Website s3:*IntelligentTiering*"
        " s3:*Inventory* s3:*Metrics* s3:DeleteBucketEncryption",
        "It has none of these.",
    ),
    ("AWS::S3::Bucket", "s3:DeleteObject", "Its objects are nobody's who deploys."),
    (
        "AWS::SNS::*",
        "iam:* sns:PutDataProtectionPolicy",
        "No topic has a role or a policy on data.",
    ),
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager:GetSecretValue secretsmanager:*Replicat* secretsmanager:RemoveRegions*",
        "Nobody who deploys reads a secret; there are no copies.",
    ),
    (
        "AWS::StepFunctions::StateMachine",
        "kms:*",
        "Its definition and data are under the service's own key.",
    ),
    (
        "AWS::ApiGatewayV2::*",
        "iam:PassRole s3:*",
        "Nothing of the API is given a role; the domain has no trust store.",
    ),
)


def excuses_of(kind: str, action: str) -> Iterator[int]:
    """The places in `EXCUSED` of what excuses this."""
    for place, (kinds, actions, _) in enumerate(EXCUSED):
        if matches(kind, kinds) and any(matches(action, one) for one in actions.split()):
            yield place
