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
    "UnauthorizedOperation": "the launch role may not start this; ask your operator",
    "InsufficientInstanceCapacity": "AWS has no capacity for this instance type right now",
    "InstanceLimitExceeded": "the account's limit of instances is reached",
    "VcpuLimitExceeded": "the account's limit of vCPUs is reached",
    "VPCIdNotSpecified": "the account has no default VPC in this region; ask your operator",
    "Unsupported": "this combination of AMI and instance type is not supported",
}


class LaunchAmbiguous(Exception):
    """EC2 gave no clear answer: the workflow sends the same request with the same client token again."""


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
    return Outcome(
        "failed",
        f"AWS refused the launch: {_sentence(code, message)} ({code}). Nothing was started.",
    )


def _sentence(code: str, message: str) -> str:
    """Our own words where we have them; else AWS's first sentence, quoted and short."""
    known = _SENTENCES.get(code)
    if known is not None:
        return known
    line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return f'"{line[:MESSAGE_CHARACTERS]}"'
