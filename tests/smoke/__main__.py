"""`make smoke ARGUMENTS="STACK [REGION]"`: what only a real account can show, looked at and not changed.

Needs credentials that may read the stack and simulate its roles. One line per look; exit status 1 if one fails.
"""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3

Look = Callable[[dict[str, str], Any], Iterator[tuple[str, bool]]]
TAGS = ("countersign:approval", "countersign:requester", "countersign:approver")


def pages(outputs: dict[str, str], session: Any) -> Iterator[tuple[str, bool]]:
    """The front door answers, and refuses what it should."""
    origin = outputs["ApiUrl"].rstrip("/")
    yield "healthz answers 200", _status(f"{origin}/healthz") == 200
    yield "the chat needs an access token", _status(f"{origin}/chat", method="POST") == 401
    yield "the inbox needs an access token", _status(f"{origin}/approvals") == 401
    yield "an approval page opens without one", _status(f"{origin}/a/{'a' * 26}") == 200


def roles(outputs: dict[str, str], session: Any) -> Iterator[tuple[str, bool]]:
    """IAM's own simulator on the deployed roles, conditions included."""
    iam = session.client("iam")
    launch = outputs["LaunchRoleArn"]
    good = {
        "ec2:InstanceType": "t3.micro",
        "ec2:MetadataHttpTokens": "required",
        **{f"aws:RequestTag/{tag}": "smoke" for tag in TAGS},
    }
    instance = f"arn:aws:ec2:{session.region_name}:{launch.split(':')[4]}:instance/*"
    run = "ec2:RunInstances"
    yield "the launch role may start a tagged t3.micro", _may(iam, launch, run, instance, good)
    for name, value in (
        ("ec2:InstanceType", "p5.48xlarge"),
        ("ec2:MetadataHttpTokens", "optional"),
    ):
        bad = {**good, name: value}
        yield (
            f"the launch role may not with {name}={value}",
            not _may(iam, launch, run, instance, bad),
        )
    untagged = {name: value for name, value in good.items() if not name.startswith("aws:")}
    yield "the launch role may not without tags", not _may(iam, launch, run, instance, untagged)
    for room in ("Chat", "ContinueTurn", "RecordOutcome", "Sweep", "Pages", "LaunchInstance"):
        role = _role_of(session, outputs[f"{room}Function"])
        yield f"{room} may not start instances", not _may(iam, role, run, "*", good)
        answer = _may(iam, role, "states:SendTaskSuccess", "*", {})
        yield f"{room} may not answer task tokens", not answer
    decide = _role_of(session, outputs["DecideApprovalFunction"])
    yield (
        "decide_approval may answer task tokens",
        _may(iam, decide, "states:SendTaskSuccess", "*", {}),
    )


def tables(outputs: dict[str, str], session: Any) -> Iterator[tuple[str, bool]]:
    """Encryption, recovery and housekeeping of the data."""
    dynamodb = session.client("dynamodb")
    for output in ("ConversationsTable", "ApprovalsTable", "TaskTokensTable"):
        name = outputs[output]
        table = dynamodb.describe_table(TableName=name)["Table"]
        yield f"{output} is encrypted with a key of the account", "SSEDescription" in table
        backups = dynamodb.describe_continuous_backups(TableName=name)[
            "ContinuousBackupsDescription"
        ]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        yield f"{output} can be restored to a point in time", recovery == "ENABLED"
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        yield f"{output} forgets what is over", ttl.get("AttributeName") == "delete_after"


def notices(outputs: dict[str, str], session: Any) -> Iterator[tuple[str, bool]]:
    """Everyone who should get mail has confirmed, and alarms exist."""
    topic = outputs.get("MailTopicArn")
    if topic:
        pages_of = session.client("sns").get_paginator("list_subscriptions_by_topic")
        subscriptions = [
            one for page in pages_of.paginate(TopicArn=topic) for one in page["Subscriptions"]
        ]
        yield "somebody is subscribed to the mail topic", bool(subscriptions)
        for one in subscriptions:
            confirmed = one["SubscriptionArn"].startswith("arn:")
            yield f"{one['Endpoint']} has confirmed the subscription", confirmed
    machine = outputs["StateMachineArn"]
    described = session.client("stepfunctions").describe_state_machine(stateMachineArn=machine)
    logging = described["loggingConfiguration"]
    yield "executions are logged without their data", logging.get("includeExecutionData") is False


LOOKS: tuple[Look, ...] = (pages, roles, tables, notices)


def main(arguments: list[str]) -> int:
    if not arguments:
        print('name the stack: make smoke ARGUMENTS="STACK [REGION]"')
        return 2
    session = boto3.Session(region_name=arguments[1] if len(arguments) > 1 else None)
    stack = session.client("cloudformation").describe_stacks(StackName=arguments[0])["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    failed = 0
    for look in LOOKS:
        for sentence, is_so in look(outputs, session):
            print(f"{'ok  ' if is_so else 'FAIL'} {sentence}")
            failed += not is_so
    print(f"{failed} failed" if failed else "all as it should be")
    return 1 if failed else 0


def _status(url: str, *, method: str = "GET") -> int:
    request = urllib.request.Request(url, method=method, data=b"{}" if method == "POST" else None)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the stack's own address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _may(iam: Any, role: str, action: str, resource: str, context: dict[str, str]) -> bool:
    answer = iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for name, value in context.items()
        ],
    )
    return bool(answer["EvaluationResults"][0]["EvalDecision"] == "allowed")


def _role_of(session: Any, function: str) -> str:
    answer = session.client("lambda").get_function_configuration(FunctionName=function)
    return str(answer["Role"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
