"""KMS's HMAC keys as seals use them: a mac is made with one key, and refused by an error where it does not fit."""

import hashlib
import hmac
from dataclasses import dataclass, field


class KMSInvalidMacException(Exception):
    pass


class _Exceptions:
    KMSInvalidMacException = KMSInvalidMacException


@dataclass
class FakeKms:
    """`asked` holds the operations with their keys, in order."""

    exceptions = _Exceptions
    asked: list[tuple[str, str]] = field(default_factory=list)

    def generate_mac(self, *, KeyId: str, MacAlgorithm: str, Message: bytes) -> dict[str, bytes]:
        self.asked.append(("generate_mac", KeyId))
        return {"Mac": self._mac(KeyId, MacAlgorithm, Message)}

    def verify_mac(
        self, *, KeyId: str, MacAlgorithm: str, Message: bytes, Mac: bytes
    ) -> dict[str, bool]:
        self.asked.append(("verify_mac", KeyId))
        if not hmac.compare_digest(Mac, self._mac(KeyId, MacAlgorithm, Message)):
            raise KMSInvalidMacException
        return {"MacValid": True}

    def _mac(self, key: str, algorithm: str, message: bytes) -> bytes:
        assert algorithm == "HMAC_SHA_256"
        assert 1 <= len(message) <= 4096
        return hmac.digest(f"secret of {key}".encode(), message, hashlib.sha256)
