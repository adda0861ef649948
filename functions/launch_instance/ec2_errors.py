"""What EC2's errors mean for a launch: send the same again, or tell the truth and stop.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from functions.shared.approval import Outcome
from functions.shared.errors import TemporarilyUnavailable

MESSAGE_CHARACTERS = 300
NOT_TAKEN = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceUnavailable",
    }
)
"""EC2 did not take the request; the same one may be sent again."""
PERHAPS_TAKEN = frozenset({"InternalError", "InternalFailure", "Unavailable", "RequestTimeout"})
"""Something may have started; only the same client token may be sent again."""
MISMATCH = "IdempotentParameterMismatch"

_SENTENCES = {
    "InvalidAMIID.NotFound": "the AMI does not exist in this region",
    "InvalidAMIID.Malformed": "the AMI id is not well-formed",
    "InvalidAMIID.Unavailable": "the AMI is not available",
    "InvalidKeyPair.NotFound": "the key pair does not exist in this region",
    "UnauthorizedOperation": (
        "the launch role, or a policy of the organization, does not allow this launch: its instance type or its "
        "tags; ask your operator to compare agents/ and the account's tag policies with it"
    ),
    "InsufficientInstanceCapacity": "AWS has no capacity for this instance type right now",
    "InstanceLimitExceeded": "the account's limit of instances is reached",
    "VcpuLimitExceeded": "the account's limit of vCPUs is reached",
    "VPCIdNotSpecified": (
        "the account has no default VPC in this region; ask your operator to set target.subnet_id in "
        "countersign.yaml"
    ),
    "InvalidSubnetID.NotFound": (
        "the subnet that the operator fixed does not exist; target.subnet_id in countersign.yaml is wrong"
    ),
    "InvalidGroup.NotFound": (
        "a security group that the operator fixed does not exist; target.security_group_ids in "
        "countersign.yaml is wrong"
    ),
    "Unsupported": "this combination of AMI and instance type is not supported",
}


CAPACITY_TRIES = 3


class NoCapacity(Exception):
    """AWS has no capacity right now: the workflow sends the same request a bounded number of times."""


class LaunchAmbiguous(Exception):
    """EC2 gave no clear answer: the workflow sends the same request with the same client token again."""


def is_capacity(code: str) -> bool:
    """Whether the refusal may pass by itself; the same request with the same token may be sent again."""
    return code.startswith("Insufficient") and code.endswith("Capacity")


def judge(code: str, message: str, http_status: int) -> Outcome:
    """The outcome of a final error; raises `TemporarilyUnavailable` or `LaunchAmbiguous` for the others."""
    if code in NOT_TAKEN:
        raise TemporarilyUnavailable(code)
    is_answered = code in _SENTENCES or code.startswith("Insufficient")
    if code in PERHAPS_TAKEN or (http_status >= 500 and not is_answered):
        raise LaunchAmbiguous(code)
    if code == MISMATCH:
        return Outcome(
            "unknown",
            f"AWS already knows this launch with other parameters ({code}); an operator must look. "
            "Nothing else was started.",
        )
    return Outcome("failed", refusal_sentence(code, message))


def refusal_sentence(code: str, message: str) -> str:
    """A refusal for model and person; an encoded authorization message is never part of it."""
    return f"{would_refuse(code, message, 'AWS refused the launch')} Nothing was started."


def would_refuse(code: str, message: str, beginning: str = "AWS would refuse the launch") -> str:
    """The same before anything was sent."""
    return f"{beginning}: {_sentence(code, message)} ({code})."


def _sentence(code: str, message: str) -> str:
    """Our own words where we have them; else AWS's first sentence, quoted and short."""
    known = _SENTENCES.get(code)
    if known is not None:
        return known
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return f'"{line[:MESSAGE_CHARACTERS]}"'
