"""A deployed stack as `countersign users` reaches it: the rooms of a backend behind AWS's clients."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import functions.chat.continue_turn
from cli.operator import Deployment
from functions.shared.aws import client
from infra.page import Page
from tests.support.account import ACCOUNT_ID, APPROVALS, ORIGIN, REGION
from tests.support.backend import Backend
from tests.support.gateway import LambdaContext

PAGE = {
    "stage": "dev",
    "region": REGION,
    "launch": "live",
    "model": {"name": "test-model", "base_url": "https://model.example.com/v1"},
}


def deployment_with(backend: Backend, **more: Any) -> Deployment:
    """With these lines on the page beside the least; `outputs` changes the stack's."""
    cognito, pool = client("cognito-idp"), backend.account.pool
    made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]
    outputs = {
        "UserPoolId": pool,
        "UserPoolClientId": made["ClientId"],
        "MailTopicArn": backend.account.topic_arn,
        "ApprovalsTable": APPROVALS,
        "ContinueTurnFunction": "continue-turn",
        "Origin": ORIGIN,
    }
    changed: Mapping[str, str] = more.pop("outputs", {})
    page = Page.model_validate({**PAGE, **more})
    return Deployment(
        page,
        Path("/home/operator"),
        ACCOUNT_ID,
        {name: value for name, value in {**outputs, **changed}.items() if value},
        Operated(backend),
    )


@dataclass
class Operated:
    """boto3's session: moto's clients, but for Lambda and for who has confirmed a subscription."""

    backend: Backend
    confirmed: set[str] = field(default_factory=set)
    """Addresses whose owners pressed the link in AWS's mail."""
    asked: list[str] = field(default_factory=list)
    """Addresses that AWS asked by mail whether they want the topic's mails, once for each request."""
    calls: list[str] = field(default_factory=list)
    """Commands that the chat was invoked with."""

    def client(self, service: str) -> Any:
        if service == "lambda":
            return ChatRoom(self)
        return MailTopic(self, client("sns")) if service == "sns" else client(service)


@dataclass
class ChatRoom:
    """continue_turn behind Lambda's API, with the workflow that it starts."""

    operated: Operated

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert (FunctionName, InvocationType) == ("continue-turn", "RequestResponse")
        backend, command = self.operated.backend, json.loads(Payload)
        self.operated.calls.append(command["command"])
        said = functions.chat.continue_turn.handler(command, LambdaContext(300_000))
        assert said is not None
        approval_id = said["approval_id"]
        backend.preflight(approval_id)
        backend.rehearse(approval_id)
        try:
            backend.request(approval_id)
        except Exception:  # noqa: BLE001 - what the workflow catches, the record tells
            backend.settle(approval_id)
        return {"Payload": io.BytesIO(json.dumps(said).encode())}


@dataclass
class MailTopic:
    """SNS, which gives an e-mail subscription no name before its owner has confirmed it."""

    operated: Operated
    sns: Any

    def subscribe(self, **request: Any) -> dict[str, str]:
        self.operated.asked.append(request["Endpoint"])
        made: dict[str, str] = self.sns.subscribe(**request)
        return made

    def unsubscribe(self, **request: Any) -> None:
        self.sns.unsubscribe(**request)

    def get_subscription_attributes(self, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.sns.get_subscription_attributes(**request)
        return answer

    def get_paginator(self, name: str) -> "MailTopic":
        assert name == "list_subscriptions_by_topic"
        return self

    def paginate(self, *, TopicArn: str) -> Iterator[dict[str, Any]]:
        pages = self.sns.get_paginator("list_subscriptions_by_topic")
        for page in pages.paginate(TopicArn=TopicArn):
            yield {**page, "Subscriptions": [self._named(one) for one in page["Subscriptions"]]}

    def _named(self, subscription: dict[str, str]) -> dict[str, str]:
        is_mail = subscription["Protocol"] == "email"
        if is_mail and subscription["Endpoint"] not in self.operated.confirmed:
            return {**subscription, "SubscriptionArn": "PendingConfirmation"}
        return subscription


def forget_subscriptions(topic_arn: str) -> None:
    """Take the e-mail subscriptions that a test made off the topic."""
    sns = client("sns")
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn):
        for one in page["Subscriptions"]:
            if one["Protocol"] == "email":
                sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
