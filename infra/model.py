"""The model's key: a secret of the stack, whose value the operator puts in after the deploy."""

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.deployment import Deployment
from infra.reasons import accept
from infra.room import Room


class Model(Construct):
    """What the chat needs to reach its model."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self._key = deployment.key
        secret = secretsmanager.CfnSecret(
            self,
            "Secret",
            description="The key of the Chat Completions endpoint, as a plain string.",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(),
            kms_key_id=deployment.key.key_arn,
        )
        secret.apply_removal_policy(deployment.stage.removal_policy)
        accept(secret, "The key belongs to the model's provider; AWS cannot rotate it.", "SMG4")
        self.secret_arn = secret.attr_id

    def allow(self, function: Room) -> None:
        """Allow a Lambda to read the key."""
        function.may(["secretsmanager:GetSecretValue"], [self.secret_arn])
        self._key.grant(function, "kms:Decrypt")
