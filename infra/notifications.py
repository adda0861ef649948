"""How people are told: one topic with a filtered subscription per recipient, or SES."""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.deployment import Deployment
from infra.room import Room


class Notifications(Construct):
    """The channel of the operator's page, and the grant to use it."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self._deployment = deployment
        self._mail = deployment.page.mail
        self.topic = self._topic() if self._mail.channel == "sns" else None

    @property
    def channel(self) -> str:
        """`sns` or `ses`."""
        return self._mail.channel

    @property
    def topic_arn(self) -> str:
        """Empty when the channel is `ses`."""
        return self.topic.topic_arn if self.topic else ""

    @property
    def mail_from(self) -> str:
        """Empty when the channel is `sns`."""
        return self._mail.sender if self.channel == "ses" else ""

    def allow(self, function: Room) -> None:
        """Allow a Lambda to send."""
        if self.topic:
            function.may(["sns:Publish"], [self.topic.topic_arn])
            self._deployment.key.grant(function, "kms:Decrypt", "kms:GenerateDataKey")
        else:
            function.may(["ses:SendEmail"], self._identities())

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Topic",
            display_name="Countersign",
            master_key=self._deployment.key,
            enforce_ssl=True,
        )
        recipients = self._mail.recipients if self._deployment.stage.subscribes_mail else ()
        for recipient in recipients:
            topic.add_subscription(
                subscriptions.EmailSubscription(
                    recipient,
                    dead_letter_queue=self._deployment.dead_letters,
                    filter_policy={
                        "recipient": sns.SubscriptionFilter.string_filter(allowlist=[recipient])
                    },
                )
            )
        return topic

    def _identities(self) -> list[str]:
        """The sender's address and its domain: either may be what was verified with SES."""
        return [
            self._deployment.stack.format_arn(
                service="ses", resource="identity", resource_name=identity
            )
            for identity in (self.mail_from, self.mail_from.partition("@")[2])
        ]
