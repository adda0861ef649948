"""What an operator's commands call in AWS with the operator's own credentials."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra import permissions_places as on
from infra.catalogue import CATALOGUE
from infra.chat import CONTINUE_TURN
from infra.end_lease import END_LEASE
from infra.permissions import Document, document_of, own_names, statements_of
from infra.permissions_places import On, Place
from infra.permissions_rights import Rights

STACK = On("Stack", ("cloudformation:{region}:{account}:stack/{stack}/*",))
ACCOUNT_NAME = On("AccountName", on.ANY, reason="The account's own alias, a name.")
BUCKET_OBJECTS = On("NotebookFiles", ("s3:::{named_lower}/*",))
EVERYWHERE = On("See", on.ANY, reason="AWS takes no narrower resource for these reads.")
EXECUTIONS = On("Executions", ("states:{region}:{account}:execution:{named}",))
IDENTITIES = On("MailIdentities", ("ses:{region}:{account}:identity/*",))
MODEL_KEY = On("ModelKey", ("secretsmanager:{region}:{account}:secret:ModelSecret*",), on.OURS)
PROFILES = On("InstanceProfiles", ("iam::{account}:instance-profile/*",))
SECRETS = On(on.SECRETS.sid, on.SECRETS.arns, on.OURS)


def _room(sid: str, name: str) -> On:
    """One room alone: who may invoke one that answers people can tell it to be anybody."""
    return On(sid, ("lambda:{region}:{account}:function:{stack}-" + name,))


CATALOGUE_ROOM = _room("Catalogue", CATALOGUE)
CHAT_ROOM = _room("ContinueTurn", CONTINUE_TURN)
DECISION_ROOM = _room("DecideApproval", "decide_approval")
LEASE_ROOM = _room("EndLease", END_LEASE)


def _table(name: str) -> On:
    """One of the tables, with its indexes."""
    return On(name, ("dynamodb:{region}:{account}:table/{named}Tables" + name + "*",))


APPROVALS, AUDIT = _table("Approvals"), _table("Audit")

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
        (CHAT_ROOM, "lambda: InvokeFunction"),
        (APPROVALS, "dynamodb: BatchGetItem GetItem Query"),
        (on.KEYS, "kms: Decrypt"),
    ),
    "model": (
        (MODEL_KEY, "secretsmanager: DescribeSecret PutSecretValue UpdateSecretVersionStage"),
        (on.KEYS, "kms: Decrypt GenerateDataKey"),
        (CHAT_ROOM, "lambda: InvokeFunction"),
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
        (CATALOGUE_ROOM, "lambda: InvokeFunction"),
        (CHAT_ROOM, "lambda: InvokeFunction"),
        (APPROVALS, "dynamodb: Query"),
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
        (on.TABLES, "dynamodb: DescribeTable"),
        (APPROVALS, "dynamodb: BatchGetItem GetItem Scan UpdateItem"),
        (AUDIT, "dynamodb: PutItem Query Scan"),
        (on.KEYS, "kms: Decrypt DescribeKey GenerateDataKey VerifyMac"),
        (on.PARAMETERS, "ssm: GetParameter PutParameter"),
        (DECISION_ROOM, "lambda: InvokeFunction"),
        (LEASE_ROOM, "lambda: InvokeFunction"),
        (on.MACHINES, "states: ListExecutions"),
        (EXECUTIONS, "states: StopExecution"),
        (EVERYWHERE, "ec2: DescribeInstances"),
        (on.BUCKETS, "s3: ListBucket"),
        (BUCKET_OBJECTS, "s3: DeleteObject"),
        (on.POOLS, "cognito-idp: DescribeUserPool"),
        (on.LOG_READS, "logs: DescribeLogGroups"),
        (on.QUEUES, "sqs: GetQueueAttributes"),
        (SECRETS, "secretsmanager: DescribeSecret"),
        (EVERYWHERE, "sns: ListSubscriptions"),
        (on.TOPICS, "sns: ListSubscriptionsByTopic"),
    ),
}
"""By the command's word. `sts:GetCallerIdentity` needs no grant."""
DESTROYING = ("every command", "destroy")
"""Apart from what is needed from day to day: it writes the records, and invokes the room that decides."""
FROM_DAY_TO_DAY = tuple(word for word in COMMANDS if word != "destroy")


def operating(
    template: Mapping[str, Any], place: Place, words: Iterable[str] = tuple(COMMANDS)
) -> Document:
    """What these commands need on this stack; with a deploy's own policy beside it for `destroy`."""
    needed = [right for word in words for right in COMMANDS[word]]
    own = own_names(template["Resources"], place)
    return document_of(list(statements_of(needed, place, own=own)))
