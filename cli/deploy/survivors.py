"""What is left in the account when a stack is gone, each with the command that removes it."""

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.deploy.standing import Instance
from cli.operator import CannotOperate, Deployment
from functions.shared.aws import error_code

Client = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Survivor:
    """One thing that goes on existing; `command` is empty where AWS removes it by itself."""

    what: str
    name: str
    command: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of resource is looked for after the stack, and removed."""

    what: str
    look: Callable[[Client, str], str | None]
    """What there is to say of one that is still there, perhaps nothing; None: it is gone."""
    command: str
    """With `{id}`."""


def _table(client: Client, name: str) -> str | None:
    client("dynamodb").describe_table(TableName=name)
    return ""


def _pool(client: Client, pool: str) -> str | None:
    client("cognito-idp").describe_user_pool(UserPoolId=pool)
    return ""


def _key(client: Client, key: str) -> str | None:
    found = client("kms").describe_key(KeyId=key)["KeyMetadata"]
    if "DeletionDate" not in found:
        return ""
    return f"AWS deletes it on {found['DeletionDate']:%Y-%m-%d}; until then it costs nothing"


def _log_group(client: Client, name: str) -> str | None:
    groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return "" if any(one["logGroupName"] == name for one in groups) else None


def _queue(client: Client, url: str) -> str | None:
    client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return ""


def _secret(client: Client, arn: str) -> str | None:
    found = client("secretsmanager").describe_secret(SecretId=arn)
    if "DeletedDate" not in found:
        return ""
    return "AWS deletes it within 30 days"


def _bucket(client: Client, name: str) -> str | None:
    client("s3").head_bucket(Bucket=name)
    return ""


KINDS: Mapping[str, Kind] = {
    "AWS::DynamoDB::Table": Kind(
        "table",
        _table,
        "aws dynamodb update-table --table-name {id} --no-deletion-protection-enabled {region} && "
        "aws dynamodb delete-table --table-name {id} {region}",
    ),
    "AWS::Cognito::UserPool": Kind(
        "user pool",
        _pool,
        "aws cognito-idp update-user-pool --user-pool-id {id} --deletion-protection INACTIVE {region} && "
        "aws cognito-idp delete-user-pool --user-pool-id {id} {region}",
    ),
    "AWS::KMS::Key": Kind("key", _key, "aws kms schedule-key-deletion --key-id {id} {region}"),
    "AWS::Logs::LogGroup": Kind(
        "log group", _log_group, "aws logs delete-log-group --log-group-name {id} {region}"
    ),
    "AWS::SQS::Queue": Kind("queue", _queue, "aws sqs delete-queue --queue-url {id} {region}"),
    "AWS::SecretsManager::Secret": Kind(
        "secret", _secret, "aws secretsmanager delete-secret --secret-id {id} {region}"
    ),
    "AWS::S3::Bucket": Kind("bucket", _bucket, "aws s3 rb s3://{id} --force {region}"),
}
"""Every kind that may outlive the stack. A key must go last: what it encrypts cannot be read without it."""
GONE = ("NotFound", "NonExistent", "NoSuch", "404", "DoesNotExist")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the stack as it is deployed, by its id in the account."""

    kind: str
    id: str
    is_retained: bool


def resources_of(deployment: Deployment) -> list[Resource]:
    """What the stack holds, keys last; raises `CannotOperate`."""
    formation = deployment.client("cloudformation")
    stack = deployment.page.stack
    try:
        template = formation.get_template(StackName=stack)["TemplateBody"]
        written: Mapping[str, Any] = json.loads(template) if isinstance(template, str) else template
        found = [
            Resource(
                one["ResourceType"],
                one["PhysicalResourceId"],
                written["Resources"][one["LogicalResourceId"]].get("DeletionPolicy") == "Retain",
            )
            for page in formation.get_paginator("list_stack_resources").paginate(StackName=stack)
            for one in page["StackResourceSummaries"]
            if one.get("PhysicalResourceId") and one["LogicalResourceId"] in written["Resources"]
        ]
    except (BotoCoreError, ClientError, ValueError) as error:
        raise CannotOperate(
            f"CloudFormation does not say what the stack holds: {error_code(error)}."
        ) from error
    return sorted(found, key=lambda one: (one.kind == "AWS::KMS::Key", one.kind, one.id))


def survivors(
    deployment: Deployment, resources: Sequence[Resource], left: Iterable[Instance]
) -> Iterator[Survivor]:
    """Everything that goes on without the stack."""
    yield from left_running(deployment, left)
    yield from still_there(deployment, resources)
    yield from subscriptions(deployment, resources)
    yield from elsewhere(deployment)


def still_there(deployment: Deployment, resources: Iterable[Resource]) -> Iterator[Survivor]:
    """Those that exist now, and those that cannot be looked at."""
    region = f"--region {deployment.page.region}"
    for resource in resources:
        kind = KINDS.get(resource.kind)
        if kind is None:
            continue
        command = kind.command.format(id=shlex.quote(resource.id), region=region)
        try:
            note = kind.look(deployment.client, resource.id)
        except (BotoCoreError, ClientError) as error:
            code = error_code(error)
            if any(word in code for word in GONE):
                continue
            note = f"it cannot be looked at: {code}"
        if note is not None:
            goes = note.startswith("AWS deletes it")
            yield Survivor(kind.what, resource.id, "" if goes else command, note)


def subscriptions(deployment: Deployment, resources: Iterable[Resource]) -> Iterator[Survivor]:
    """Confirmed subscriptions to topics that are gone; AWS drops them with the topic, a little later."""
    topics = {one.id for one in resources if one.kind == "AWS::SNS::Topic"}
    if not topics:
        return
    pages = deployment.client("sns").get_paginator("list_subscriptions")
    try:
        for page in pages.paginate():
            for one in page["Subscriptions"]:
                if one["TopicArn"] in topics and one["SubscriptionArn"].startswith("arn:"):
                    arn = one["SubscriptionArn"]
                    region = f"--region {deployment.page.region}"
                    command = f"aws sns unsubscribe --subscription-arn {arn} {region}"
                    yield Survivor("subscription", str(one["Endpoint"]), command)
    except (BotoCoreError, ClientError) as error:
        yield Survivor("subscriptions", "", "", f"they cannot be looked at: {error_code(error)}")


def left_running(deployment: Deployment, instances: Iterable[Instance]) -> Iterator[Survivor]:
    """Instances that nobody ends any more."""
    for one in instances:
        command = f"aws ec2 terminate-instances --instance-ids {one.id} --region {one.region}"
        elsewhere = one.account != deployment.account
        note = f"with credentials of {one.account}" if elsewhere else one.state
        yield Survivor("instance", one.id, command, note)


def elsewhere(deployment: Deployment) -> Iterator[Survivor]:
    """The target stacks of other accounts, which are theirs to destroy, and a name that leads nowhere now."""
    page, home = deployment.page, shlex.quote(str(deployment.home))
    for place in page.places:
        if place.account not in ("", deployment.account):
            yield Survivor(
                "target stack",
                f"{place.name} in {place.account}",
                f"npx cdk destroy --app '.venv/bin/python -m infra.target_app' -c home={home} "
                f"-c target={place.name}",
                f"with credentials of {place.account}",
            )
    if page.domain:
        yield Survivor("DNS record", page.domain.name, "", "yours to remove: it leads nowhere now")
