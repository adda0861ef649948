"""What an operator's commands call in AWS with the operator's own credentials."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra import permissions_places as on
from infra.permissions import Document, document_of, statements_of
from infra.permissions_places import On, Place
from infra.permissions_rights import Rights, own_name

STACK = On("Stack", ("cloudformation:{region}:{account}:stack/{stack}/*",))
ACCOUNT_NAME = On("AccountName", on.ANY, reason="The account's own alias, a name.")
BUCKET_OBJECTS = On("NotebookFiles", ("s3:::{named_lower}/*",))
EVERYWHERE = On("See", on.ANY, reason="AWS takes no narrower resource for these reads.")
EXECUTIONS = On("Executions", ("states:{region}:{account}:execution:{named}",))
IDENTITIES = On("MailIdentities", ("ses:{region}:{account}:identity/*",))
MACHINE = On("Machine", ("states:{region}:{account}:stateMachine:{named}",))
PROFILES = On("InstanceProfiles", ("iam::{account}:instance-profile/*",))

READ_ROWS = "dynamodb: BatchGetItem GetItem Query"
COMMANDS: Mapping[str, Rights] = {
    "every command": (
        (STACK, "cloudformation: DescribeStacks"),
        (ACCOUNT_NAME, "iam: ListAccountAliases"),
    ),
    "users": (
        (
            on.POOLS,
            "cognito-idp: AdminAddUserToGroup AdminCreateUser AdminDeleteUser AdminDisableUser"
            " AdminEnableUser AdminListGroupsForUser AdminRemoveUserFromGroup AdminUpdateUserAttributes"
            " AdminUserGlobalSignOut DescribeUserPool DescribeUserPoolClient ListGroups ListUsers"
            " ListUsersInGroup",
        ),
        (on.TOPICS, "sns: ListSubscriptionsByTopic Subscribe"),
        (on.SUBSCRIPTIONS, "sns: GetSubscriptionAttributes Unsubscribe"),
        (on.FUNCTIONS, "lambda: InvokeFunction"),
        (on.TABLES, READ_ROWS),
        (on.KEYS, "kms: Decrypt"),
    ),
    "model": (
        (on.SECRETS, "secretsmanager: DescribeSecret PutSecretValue UpdateSecretVersionStage"),
        (on.KEYS, "kms: Decrypt GenerateDataKey"),
        (on.FUNCTIONS, "lambda: InvokeFunction"),
    ),
    "doctor": (
        (on.BOOTSTRAP, "ssm: GetParameter"),
        (on.PARAMETERS, "ssm: GetParameter"),
        (
            STACK,
            "cloudformation: DescribeStackResourceDrifts DetectStackDrift DetectStackResourceDrift",
        ),
        (EVERYWHERE, "cloudformation: DescribeStackDriftDetectionStatus"),
        (EVERYWHERE, "ec2: DescribeSecurityGroups DescribeSubnets DescribeVpcs"),
        (PROFILES, "iam: GetInstanceProfile"),
        (
            on.POOLS,
            "cognito-idp: DescribeUserPool ListGroups ListUsers ListUsersInGroup",
        ),
        (on.TOPICS, "sns: ListSubscriptionsByTopic"),
        (on.SUBSCRIPTIONS, "sns: GetSubscriptionAttributes"),
        (IDENTITIES, "ses: GetEmailIdentity"),
        (EVERYWHERE, "ses: GetAccount"),
        (on.FUNCTIONS, "lambda: InvokeFunction"),
        (on.TABLES, READ_ROWS),
        (on.KEYS, "kms: Decrypt"),
    ),
    "logs": (
        (STACK, "cloudformation: ListStackResources"),
        (on.LOG_GROUPS, "logs: FilterLogEvents"),
        (on.QUEUES, "sqs: DeleteMessage ReceiveMessage"),
        (on.KEYS, "kms: Decrypt"),
    ),
    "destroy": (
        (STACK, "cloudformation: GetTemplate ListStackResources"),
        (
            on.TABLES,
            f"{READ_ROWS} ConditionCheckItem DescribeTable PutItem Scan UpdateItem",
        ),
        (on.KEYS, "kms: Decrypt DescribeKey GenerateDataKey VerifyMac"),
        (on.PARAMETERS, "ssm: GetParameter PutParameter"),
        (on.FUNCTIONS, "lambda: InvokeFunction"),
        (MACHINE, "states: ListExecutions"),
        (EXECUTIONS, "states: StopExecution"),
        (EVERYWHERE, "ec2: DescribeInstances"),
        (on.BUCKETS, "s3: ListBucket"),
        (BUCKET_OBJECTS, "s3: DeleteObject"),
        (on.POOLS, "cognito-idp: DescribeUserPool"),
        (on.LOG_READS, "logs: DescribeLogGroups"),
        (on.QUEUES, "sqs: GetQueueAttributes"),
        (on.SECRETS, "secretsmanager: DescribeSecret"),
        (EVERYWHERE, "sns: ListSubscriptions"),
        (on.TOPICS, "sns: ListSubscriptionsByTopic"),
    ),
}
"""By the command's word. `sts:GetCallerIdentity` needs no grant."""
NAMED_TYPES = {"AWS::SSM::Parameter": on.PARAMETERS, "AWS::SecretsManager::Secret": on.SECRETS}


def operating(
    template: Mapping[str, Any], place: Place, words: Iterable[str] = tuple(COMMANDS)
) -> Document:
    """What these commands need on this stack; with a deploy's own policy beside it for `destroy`."""
    needed = [right for word in words for right in COMMANDS[word]]
    own: dict[str, list[str]] = {}
    for logical, resource in template["Resources"].items():
        if resource["Type"] in NAMED_TYPES:
            kind = NAMED_TYPES[resource["Type"]]
            own.setdefault(kind.sid, []).append(own_name(logical, resource))
    return document_of(list(statements_of(needed, place, own=own)))
