"""What the demo needs beside the stack: people, a key pair, the model's key, a mail queue for
each person."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.agents import Compiled
from local.model_choice import ModelChoice
from local.people import PASSWORD, PEOPLE, Person, groups_in
from local.programs import REGION

KEY_PAIR = "kondo"


class Emulated:
    """Clients of the emulator's services, for whoever owns it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
            region_name=REGION,
        )

    def client(self, service: str) -> Any:  # noqa: ANN401
        """A boto3 client that can reach nothing but the emulator."""
        settings = Config(retries={"total_max_attempts": 2})
        return self._session.client(service, endpoint_url=self.endpoint, config=settings)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the seed made that others need."""

    tokens: Mapping[str, str]
    """Access tokens by e-mail, good for a day."""
    mail_queues: Mapping[str, str]
    """Queue addresses by e-mail; empty when mails go by SES."""


def seed(
    emulated: Emulated,
    outputs: Mapping[str, str],
    *,
    model: ModelChoice,
    sender: str,
    agents: Compiled,
) -> Seeded:
    """Make the demo; what is there already stays."""
    emulated.client("secretsmanager").put_secret_value(
        SecretId=outputs["ModelSecretArn"], SecretString=model.key
    )
    _make_key_pair(emulated)
    _verify_sender(emulated, sender)
    topic = outputs.get("MailTopicArn", "")
    return Seeded(
        tokens={person.email: _make_person(emulated, outputs, person, agents) for person in PEOPLE},
        mail_queues={person.email: _mail_queue(emulated, topic, person.email) for person in PEOPLE}
        if topic
        else {},
    )


def seed_secrets(
    emulated: Emulated,
    outputs: Mapping[str, str],
    *,
    names: Iterable[str],
    environment: Mapping[str, str],
) -> list[str]:
    """Give each secret of the page the value of the variable of its name; the names without one."""
    missing = []
    for name in names:
        value = environment.get(name, "")
        arn = outputs.get(f"{''.join(part.title() for part in name.split('_'))}SecretArn", "")
        if value and arn:
            emulated.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=value)
        else:
            missing.append(name)
    return missing


def _make_key_pair(emulated: Emulated) -> None:
    try:
        emulated.client("ec2").create_key_pair(KeyName=KEY_PAIR)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidKeyPair.Duplicate":
            raise


def _verify_sender(emulated: Emulated, sender: str) -> None:
    mail = emulated.client("sesv2")
    try:
        mail.create_email_identity(EmailIdentity=sender)
    except mail.exceptions.AlreadyExistsException:
        return


def join_groups(
    emulated: Emulated, outputs: Mapping[str, str], person: Person, agents: Compiled
) -> None:
    """Put a person into the groups that these agents call for; who is in one already stays in it."""
    users = emulated.client("cognito-idp")
    for group in groups_in(person, agents):
        users.admin_add_user_to_group(
            UserPoolId=outputs["UserPoolId"], Username=person.email, GroupName=group
        )


def _make_person(
    emulated: Emulated, outputs: Mapping[str, str], person: Person, agents: Compiled
) -> str:
    pool, users = outputs["UserPoolId"], emulated.client("cognito-idp")
    users.admin_create_user(
        UserPoolId=pool,
        Username=person.email,
        MessageAction="SUPPRESS",
        TemporaryPassword=PASSWORD,
        UserAttributes=[
            {"Name": "email", "Value": person.email},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "name", "Value": person.name.capitalize()},
        ],
    )
    users.admin_set_user_password(
        UserPoolId=pool, Username=person.email, Password=PASSWORD, Permanent=True
    )
    join_groups(emulated, outputs, person, agents)
    signed_in = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=outputs["UserPoolClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.email, "PASSWORD": PASSWORD},
    )
    token: str = signed_in["AuthenticationResult"]["AccessToken"]
    return token


def _mail_queue(emulated: Emulated, topic: str, email: str) -> str:
    """A queue that gets what an e-mail subscription of this person would get."""
    queues = emulated.client("sqs")
    name = f"{topic.rpartition(':')[2]}-{email.partition('@')[0]}"[-80:]
    url: str = queues.create_queue(QueueName=name)["QueueUrl"]
    asked = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = asked["Attributes"]["QueueArn"]
    admitted = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = {"Version": "2012-10-17", "Statement": [admitted]}
    queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    emulated.client("sns").subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"FilterPolicy": json.dumps({"recipient": [email]})},
    )
    return url
