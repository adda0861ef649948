"""The seal of a decision: a KMS HMAC that only decide_approval can make and the launch function can only verify.

So a row edited by hand, by whomever, cannot launch anything. The key's ARN stands in the seal; keys that were
replaced stay in the list of trusted ones, where they can verify and not make.
https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateMac.html
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from functions.shared.approval import Decision, Seal
from functions.shared.plan import canonical

ALGORITHM = "HMAC_SHA_256"
VERSION = 1


def sealed_message(approval_id: str, decision: Decision) -> bytes:
    """What is sealed: SHA-256 of the canonical decision, everything but the seal; it fits KMS's 4,096 bytes."""
    value = {
        "version": VERSION,
        "approval": approval_id,
        "decision": decision.decision.value,
        "calls": {call_id: verdict.value for call_id, verdict in decision.calls.items()},
        "digest": decision.digest,
        "by": {"sub": decision.by.sub, "email": decision.by.email, "name": decision.by.name},
        "at": decision.at,
        "reason": decision.reason,
        "self_confirmed": decision.self_confirmed,
    }
    return hashlib.sha256(canonical(value).encode("utf-8")).digest()


class Sealer:
    """Makes seals with the current key."""

    def __init__(self, kms: Any, key_arn: str) -> None:
        self._client = kms
        self._key = key_arn

    def seal(self, approval_id: str, decision: Decision) -> Seal:
        """The decision's seal; raises what the client raises."""
        answer = self._client.generate_mac(
            KeyId=self._key,
            MacAlgorithm=ALGORITHM,
            Message=sealed_message(approval_id, decision),
        )
        return Seal(self._key, base64.b64encode(answer["Mac"]).decode("ascii"))


class SealCheck:
    """Verifies seals with any trusted key, and no other."""

    def __init__(self, kms: Any, trusted_keys: Iterable[str]) -> None:
        self._client = kms
        self._trusted = frozenset(trusted_keys)

    def is_genuine(self, approval_id: str, decision: Decision) -> bool:
        """Whether decide_approval made this seal over exactly this decision; raises where KMS cannot say."""
        seal = decision.seal
        if seal is None or seal.key not in self._trusted:
            return False
        try:
            answer = self._client.verify_mac(
                KeyId=seal.key,
                MacAlgorithm=ALGORITHM,
                Message=sealed_message(approval_id, decision),
                Mac=base64.b64decode(seal.mac, validate=True),
            )
        except (ValueError, self._client.exceptions.KMSInvalidMacException):
            return False
        return bool(answer["MacValid"])
