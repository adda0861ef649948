"""Services of which the rooms use one or two calls."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Fail = Callable[..., Any]


@dataclass
class Kms:
    """HMAC keys by ARN: each has its own secret, nobody reads it."""

    def sdk(self, operation: str, parameters: dict[str, Any], fail: Fail) -> Any:
        key = parameters["KeyId"]
        mac = hmac.digest(f"secret of {key}".encode(), parameters["Message"], hashlib.sha256)
        if operation == "GenerateMac":
            return {"KeyId": key, "Mac": mac, "MacAlgorithm": parameters["MacAlgorithm"]}
        if operation == "VerifyMac":
            if not hmac.compare_digest(mac, bytes(parameters["Mac"])):
                fail("KMSInvalidMacException")
            return {"KeyId": key, "MacValid": True}
        raise NotImplementedError(f"kms.{operation}")


@dataclass
class Parameters:
    """Parameters of Systems Manager by name; one that nobody wrote says that nothing is frozen."""

    values: dict[str, str] = field(default_factory=dict)

    def sdk(self, operation: str, parameters: dict[str, Any], fail: Fail) -> Any:
        name = parameters["Name"]
        if operation == "GetParameter":
            return {"Parameter": {"Name": name, "Value": self.values.get(name, _THAWED)}}
        if operation == "PutParameter":
            self.values[name] = parameters["Value"]
            return {"Version": 1}
        raise NotImplementedError(f"ssm.{operation}")


@dataclass
class Facts:
    """What preflight reads outside EC2: no alias, a quota, and a price list that tells nothing."""

    def sdk(self, operation: str, parameters: dict[str, Any], fail: Fail) -> Any:
        return {
            "ListAccountAliases": {"AccountAliases": ["payments-test"], "IsTruncated": False},
            "GetServiceQuota": {"Quota": {"Value": 64.0}},
            "GetProducts": {"PriceList": []},
        }[operation]


_THAWED = json.dumps({"frozen": False})
