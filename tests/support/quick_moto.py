"""What moto and botocore do again for every call although it never changes: thousands of tests wait for it."""

from functools import cache
from typing import Any

import botocore.useragent
import moto.cognitoidp.models
import moto.core.responses
import moto.core.serialize
import pytest


def quicken(patch: pytest.MonkeyPatch) -> None:
    """The same answers with less work."""
    read_signing_keys_once(patch)
    read_plain_answers_plainly(patch)
    for module, name in (
        (moto.core.responses, "method_names_from_class"),
        (botocore.useragent, "sanitize_user_agent_string_component"),
    ):
        patch.setattr(module, name, cache(getattr(module, name)))


def read_signing_keys_once(patch: pytest.MonkeyPatch) -> None:
    """moto reads its signing key anew for every pool, which takes longer than everything else."""
    read = moto.cognitoidp.models.jwk.RSAKey.import_key
    keys: dict[str, Any] = {}

    class OneKey:
        @staticmethod
        def import_key(value: Any) -> Any:
            return keys.setdefault("key", keys.get("key") or read(value))

    patch.setattr(moto.cognitoidp.models.jwk, "RSAKey", OneKey)


def read_plain_answers_plainly(patch: pytest.MonkeyPatch) -> None:
    """moto looks for every member that an answer may have, in every spelling; DynamoDB's answers are dicts that say
    what they have: one of ten for each attribute."""
    serializer = moto.core.serialize.ResponseSerializer
    serialize = serializer._serialize_type_structure

    def serialized(self: Any, into: Any, value: Any, shape: Any, key: str) -> None:
        if type(value) is not dict or self.operation_model.service_model.service_name != "dynamodb":
            serialize(self, into, value, shape, key)
            return
        members, whole = shape.members, self.MAP_TYPE() if key else into
        for name, one in value.items():
            if one is not None and name in members:
                self._serialize(whole, one, members[name], name)
        if key:
            self._default_serialize(into, whole, shape, key)

    patch.setattr(serializer, "_serialize_type_structure", serialized)
