"""On what an operator's or CloudFormation's right is: the stack's names, or what carries the stack's tag."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TAG = "countersign:stack"
WHOLE_NAMES = 20
"""CloudFormation shortens the stack in names that get too long; up to so many characters it never does."""
CDK_QUALIFIER = "hnb659fds"
"""Which of an account's bootstraps the CDK uses unless it is told."""
OURS = {"StringEquals": {f"aws:ResourceTag/{TAG}": "{stack}"}}
TO_BE_OURS = {"StringEquals": {f"aws:RequestTag/{TAG}": "{stack}"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stack is deployed."""

    stack: str
    account: str
    region: str
    qualifier: str = CDK_QUALIFIER

    @property
    def partition(self) -> str:
        """The AWS partition of the region."""
        for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
            if self.region.startswith(prefix):
                return partition
        return "aws"

    @property
    def named(self) -> str:
        """What every name that CloudFormation makes for the stack begins with, as IAM matches it."""
        return (
            f"{self.stack}-*" if len(self.stack) <= WHOLE_NAMES else f"{self.stack[:WHOLE_NAMES]}*"
        )

    def fill(self, text: str, **more: str) -> str:
        """A text with this place's names in it."""
        words = {
            "partition": self.partition,
            "account": self.account,
            "region": self.region,
            "stack": self.stack,
            "qualifier": self.qualifier,
            "named": self.named,
            "named_lower": self.named.lower(),
        }
        return text.format_map(words | more)


@dataclass(frozen=True, slots=True)
class On:
    """The resources of one statement; `{own}` stands for the name of each resource of the type."""

    sid: str
    arns: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    reason: str = ""
    """Why it is everything; empty where it is not."""


ANY = ("*",)
_TOLD = "AWS takes no narrower resource for these reads."

APIS = On("Apis", tuple(f"apigateway:{{region}}::/{path}" for path in ("apis", "apis/*", "tags/*")))
DOMAINS = On(
    "Domains", ("apigateway:{region}::/domainnames", "apigateway:{region}::/domainnames/*")
)
LINK = On(
    "ApiGatewaysOwnRole",
    ("iam::{account}:role/aws-service-role/ops.apigateway.amazonaws.com/*",),
    {"StringEquals": {"iam:AWSServiceName": "ops.apigateway.amazonaws.com"}},
)
ALARMS = On("Alarms", ("cloudwatch:{region}:{account}:alarm:{named}",))
ALARM_READS = On("SeeAlarms", ("cloudwatch:{region}:{account}:alarm:*",))
DASHBOARDS = On("Dashboards", ("cloudwatch::{account}:dashboard/{own}",))
POOL_MAKING = On(
    "MakePools", ANY, TO_BE_OURS, "A pool has no name before it is made: only with the stack's tag."
)
POOLS = On("Pools", ("cognito-idp:{region}:{account}:userpool/*",), OURS)
POOL_READS = On("SeePools", ANY, reason=_TOLD)
TABLES = On("Tables", ("dynamodb:{region}:{account}:table/{named}",))
RULES = On("Rules", ("events:{region}:{account}:rule/{named}",))
ROLES = On("Roles", ("iam::{account}:role/{named}",))
KEY_MAKING = On(
    "MakeKeys", ANY, TO_BE_OURS, "A key has no name before it is made: only with the stack's tag."
)
KEYS = On("Keys", ("kms:{region}:{account}:key/*",), OURS)
GRANTS = On(
    "GrantKeysToAws",
    ("kms:{region}:{account}:key/*",),
    {**OURS, "Bool": {"kms:GrantIsForAWSResource": "true"}},
)
FUNCTIONS = On("Functions", ("lambda:{region}:{account}:function:{named}",))
ASSETS = On("Zips", ("s3:::cdk-{qualifier}-assets-{account}-{region}/*",))
LOG_GROUPS = On("LogGroups", ("logs:{region}:{account}:log-group:{named}",))
LOG_READS = On("SeeLogGroups", ("logs:{region}:{account}:log-group:*",))
LOG_DELIVERY = On(
    "DeliverLogs",
    ANY,
    reason="API Gateway sets up the delivery of its access log for whoever turns it on.",
)
BUCKETS = On("Buckets", ("s3:::{named_lower}",))
SUBSCRIPTIONS = On(
    "Subscriptions",
    ANY,
    reason="IAM knows no subscriptions, only topics: these are by the subscription's id.",
)
TOPICS = On("Topics", ("sns:{region}:{account}:{named}",))
QUEUES = On("Queues", ("sqs:{region}:{account}:{named}",))
PARAMETERS = On("Parameters", ("ssm:{region}:{account}:parameter{own}",))
BOOTSTRAP = On(
    "BootstrapVersion", ("ssm:{region}:{account}:parameter/cdk-bootstrap/{qualifier}/version",)
)
SECRETS = On("Secrets", ("secretsmanager:{region}:{account}:secret:{own}",))
RANDOM = On("Random", ANY, reason="It makes a random text and touches nothing.")
MACHINES = On("Machines", ("states:{region}:{account}:stateMachine:{own}",))
NETWORK_READS = On("SeeNetworks", ANY, reason=_TOLD)
NETWORK_MAKING = On(
    "MakeNetworks",
    tuple(
        f"ec2:{{region}}:{{account}}:{kind}/*"
        for kind in ("vpc", "subnet", "network-acl", "security-group", "vpc-flow-log")
    ),
)
NETWORK_TAGS = On("TagNetworks", NETWORK_MAKING.arns, TO_BE_OURS)
NETWORKS = On(
    "Networks",
    (*NETWORK_MAKING.arns, "ec2:{region}:{account}:security-group-rule/*"),
    OURS,
)
