"""The key of decision seals: one may make, one may verify; keys that were replaced verify on.

https://docs.aws.amazon.com/kms/latest/developerguide/hmac.html
"""

from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.deployment import Deployment
from infra.room import Room


class SealKey(Construct):
    """An HMAC key of its own: whoever holds the data's key cannot seal a decision with it."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self._key = kms.Key(
            self,
            "Key",
            description=f"{deployment.page.stack}: seals decisions.",
            key_spec=kms.KeySpec.HMAC_256,
            key_usage=kms.KeyUsage.GENERATE_VERIFY_MAC,
            removal_policy=deployment.stage.removal_policy,
        )
        self.current = self._key.key_arn
        self.trusted = (self.current, *deployment.page.retired_seal_keys)

    def allow_sealing(self, function: Room) -> None:
        """Make seals with the current key; no other Lambda may."""
        function.may(["kms:GenerateMac"], [self.current])

    def allow_checking(self, function: Room) -> None:
        """Verify seals with any trusted key, and make none."""
        function.may(["kms:VerifyMac"], list(self.trusted))
