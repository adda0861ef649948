"""An AWS account in this process (moto), with what the stack would have made: tables, people, topic, secret."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

import moto.core.botocore_stubber
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from functions.shared.aws import client
from functions.shared.targets import Target, Targets

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
STATE_MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:approval"
LAUNCH_ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/launch"
TARGETS = Targets(
    [Target(name="default", account=ACCOUNT_ID, region=REGION, launch_role=LAUNCH_ROLE)]
).text("launch_role")
ORIGIN = "https://countersign.example.com"
MODEL_KEY = "sk-canary-0123456789"

CONVERSATIONS, APPROVALS, TASK_TOKENS = "conversations", "approvals", "task_tokens"
AUDIT, BUDGETS = "audit", "budgets"
NOTEBOOKS = "notebooks"
FREEZE = "/Countersign/freeze"
STACK = "Countersign"


@dataclass
class Human:
    """Somebody who signs in: the groups are those of the token, the pool's may differ later."""

    name: str
    email: str
    groups: tuple[str, ...]
    sub: str = ""


def people() -> dict[str, Human]:
    """alice asks; bob asks and approves; carol approves; dave came by; erin reads."""
    return {
        "alice": Human("Alice", "alice@example.com", ("requesters",)),
        "bob": Human("Bob", "bob@example.com", ("requesters", "approvers")),
        "carol": Human("Carol", "carol@example.com", ("approvers",)),
        "dave": Human("Dave", "dave@example.com", ("requesters",)),
        "erin": Human("Erin", "erin@example.com", ("auditors",)),
    }


@dataclass
class Account:
    """The names of what exists in it."""

    humans: dict[str, Human] = field(default_factory=people)
    pool: str = ""
    topic_arn: str = ""
    secret_arn: str = ""
    seal_key: str = ""
    queues: dict[str, str] = field(default_factory=dict)
    are_people_changed: bool = False

    def empty(self) -> None:
        """As it was made: no items, no mails, no instances, nobody left or joined."""
        for name in (CONVERSATIONS, APPROVALS, TASK_TOKENS, AUDIT, BUDGETS):
            dynamodb_backends[ACCOUNT_ID][REGION].tables[name].items.clear()
        for queue in sqs_backends[ACCOUNT_ID][REGION].queues.values():
            queue._messages.clear()
        ec2_backends[ACCOUNT_ID][REGION].reservations.clear()
        for bucket in s3_backends[ACCOUNT_ID]["aws"].buckets.values():
            bucket.keys.clear()
        freeze()
        if self.are_people_changed:
            self.humans = people()
            make_people(self)
            self.are_people_changed = False

    def mails(self, email: str) -> list[dict[str, str]]:
        """Every mail to one address, oldest first; read once, then gone."""
        found: list[dict[str, str]] = []
        while True:
            page = (
                client("sqs")
                .receive_message(QueueUrl=self.queues[email], MaxNumberOfMessages=10)
                .get("Messages", [])
            )
            if not page:
                return found
            for message in page:
                client("sqs").delete_message(
                    QueueUrl=self.queues[email], ReceiptHandle=message["ReceiptHandle"]
                )
                body = json.loads(message["Body"])
                found.append({"subject": body["Subject"], "text": body["Message"]})

    def mails_of_all(self) -> dict[str, list[dict[str, str]]]:
        return {email: mails for email in self.queues if (mails := self.mails(email))}

    def enroll(
        self, name: str, email: str, groups: tuple[str, ...], *, verified: bool = True
    ) -> Human:
        self.are_people_changed = True
        human = Human(name, email, groups)
        made = client("cognito-idp").admin_create_user(
            UserPoolId=self.pool,
            Username=email,
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": str(verified).lower()},
                {"Name": "name", "Value": name},
            ],
        )["User"]
        human.sub = next(one["Value"] for one in made["Attributes"] if one["Name"] == "sub")
        for group in groups:
            client("cognito-idp").admin_add_user_to_group(
                UserPoolId=self.pool, Username=human.sub, GroupName=group
            )
        return human

    def leave_group(self, human: Human, group: str) -> None:
        self.are_people_changed = True
        client("cognito-idp").admin_remove_user_from_group(
            UserPoolId=self.pool, Username=human.sub, GroupName=group
        )

    def disable(self, human: Human) -> None:
        self.are_people_changed = True
        client("cognito-idp").admin_disable_user(UserPoolId=self.pool, Username=human.sub)


def freeze(value: str = '{"frozen":false}') -> None:
    """Set the switch, as the stack makes it or as somebody with rights on it writes it."""
    client("ssm").put_parameter(Name=FREEZE, Value=value, Type="String", Overwrite=True)


def make_tables() -> None:
    """The tables with their indexes, as the stack makes them."""
    dynamodb = client("dynamodb")
    _table(
        dynamodb,
        CONVERSATIONS,
        ("pk", "sk"),
        _index("owner_list", ("owner", "S"), ("started_at", "S"), ["title", "agent"]),
        _index("unfinished", ("unfinished", "S"), ("due_at", "N"), None),
    )
    _table(
        dynamodb,
        APPROVALS,
        ("pk", "sk"),
        _index("by_status", ("status", "S"), ("created_at", "S"), "ALL"),
        _index(
            "unfinished",
            ("unfinished", "S"),
            ("due_at", "N"),
            ["status", "expires_at", "closed_at"],
        ),
    )
    _table(dynamodb, AUDIT, ("pk", "sk"))
    _table(dynamodb, TASK_TOKENS, ("approval_id",))
    _table(dynamodb, BUDGETS, ("pk",))


def make_bucket() -> None:
    """The bucket of notebooks and files."""
    client("s3").create_bucket(Bucket=NOTEBOOKS)


def make_people(account: Account) -> None:
    cognito = client("cognito-idp")
    pool = cognito.create_user_pool(
        PoolName="people",
        UsernameAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        AutoVerifiedAttributes=["email"],
    )
    account.pool = pool["UserPool"]["Id"]
    for group in ("requesters", "approvers", "auditors", "operators"):
        cognito.create_group(UserPoolId=account.pool, GroupName=group)
    for key, human in account.humans.items():
        account.humans[key] = account.enroll(human.name, human.email, human.groups)
    account.are_people_changed = False


def make_topic(account: Account) -> None:
    """One topic; each person's queue is filtered by `recipient`, as the laptop run and the mail channel do."""
    sns, sqs = client("sns"), client("sqs")
    account.topic_arn = sns.create_topic(Name="mail")["TopicArn"]
    for key, human in account.humans.items():
        url = sqs.create_queue(QueueName=f"mail-{key}")["QueueUrl"]
        account.queues[human.email] = url
        sns.subscribe(
            TopicArn=account.topic_arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:mail-{key}",
            Attributes={"FilterPolicy": json.dumps({"recipient": [human.email]})},
        )


def make_seal_key(account: Account) -> None:
    """The key of decision seals."""
    made = client("kms").create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    account.seal_key = made["KeyMetadata"]["Arn"]


def make_secret(account: Account) -> None:
    made = client("secretsmanager").create_secret(Name="model-key", SecretString=MODEL_KEY)
    account.secret_arn = made["ARN"]


def one_request_at_a_time(patch: pytest.MonkeyPatch) -> None:
    """moto checks a condition and writes in two steps; with this, its requests are atomic, as AWS's are."""
    lock = threading.RLock()
    answer = moto.core.botocore_stubber.BotocoreStubber.__call__

    def serialized(self: Any, event_name: str, request: Any, **more: Any) -> Any:
        with lock:
            return answer(self, event_name, request, **more)

    patch.setattr(moto.core.botocore_stubber.BotocoreStubber, "__call__", serialized)


def _table(dynamodb: Any, name: str, keys: tuple[str, ...], *indexes: dict[str, Any]) -> None:
    types = dict.fromkeys(keys, "S")
    for index in indexes:
        types.update(index.pop("types"))
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": type} for attribute, type in types.items()
        ],
        KeySchema=_keys(keys),
        **({"GlobalSecondaryIndexes": list(indexes)} if indexes else {}),
    )


def _index(
    name: str, hash: tuple[str, str], range: tuple[str, str], carries: list[str] | str | None
) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": "KEYS_ONLY"}
    if carries == "ALL":
        projection = {"ProjectionType": "ALL"}
    elif carries:
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": carries}
    return {
        "IndexName": name,
        "KeySchema": _keys((hash[0], range[0])),
        "Projection": projection,
        "types": dict((hash, range)),
    }


def _keys(names: tuple[str, ...]) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]
