"""What AWS's errors mean for a call: send the same again, or tell the truth and stop.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from functions.shared.approval import Outcome
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.fixed_parameters import hidden

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a refusal is told: `AWS refused the launch: … Nothing was started.`"""

    what: str
    nothing: str
    known: Mapping[str, str]
    """Sentences of ours by AWS's codes."""
    without: Callable[[str], str] = str
    """Takes out of AWS's own words what the model must not read, before they are cut short."""


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
        "the account has no default VPC in this region; ask your operator to set subnet_ids under targets in "
        "countersign.yaml"
    ),
    "InvalidSubnetID.NotFound": (
        "the subnet that the operator fixed does not exist; subnet_ids under targets in countersign.yaml is wrong"
    ),
    "InvalidGroup.NotFound": (
        "a security group that the operator fixed does not exist; security_group_ids under targets in "
        "countersign.yaml is wrong"
    ),
    "Unsupported": "this combination of AMI and instance type is not supported",
}


LAUNCH = Words(what="the launch", nothing="Nothing was started.", known=_SENTENCES)
CAPACITY_TRIES = 3


def launch_words(call: Mapping[str, Any]) -> Words:
    """`LAUNCH` for one planned call: AWS's words may name what the operator fixed for it."""
    return replace(LAUNCH, without=partial(hidden, parameters=call.get("parameters") or {}))


class NoCapacity(Exception):
    """AWS has no capacity right now: the workflow sends the same request a bounded number of times."""


class LaunchAmbiguous(Exception):
    """EC2 gave no clear answer: the workflow sends the same request with the same client token again."""


def is_capacity(code: str) -> bool:
    """Whether the refusal may pass by itself; the same request with the same token may be sent again."""
    return code.startswith("Insufficient") and code.endswith("Capacity")


def judge(code: str, message: str, http_status: int, words: Words = LAUNCH) -> Outcome:
    """The outcome of a final error; raises `TemporarilyUnavailable` or `LaunchAmbiguous` for the others."""
    if code in NOT_TAKEN:
        raise TemporarilyUnavailable(code)
    is_answered = code in words.known or code.startswith("Insufficient")
    if code in PERHAPS_TAKEN or (http_status >= 500 and not is_answered):
        raise LaunchAmbiguous(code)
    if code == MISMATCH:
        return Outcome(
            "unknown",
            f"AWS already knows {words.what} with other parameters ({code}); an operator must look. "
            "This request did nothing more.",
        )
    return Outcome("failed", refusal_sentence(code, message, words))


def judged(error: ClientError, words: Words = LAUNCH) -> Outcome:
    """The same for an error as the client raised it."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return judge(error_code(error), message, status, words)


def refusal_sentence(code: str, message: str, words: Words = LAUNCH) -> str:
    """A refusal for model and person; an encoded authorization message is never part of it."""
    told = would_refuse(code, message, words, "AWS refused")
    return f"{told} {words.nothing}"


def would_refuse(
    code: str, message: str, words: Words = LAUNCH, beginning: str = "AWS would refuse"
) -> str:
    """The same before anything was sent."""
    return f"{beginning} {words.what}: {_sentence(code, message, words)} ({code})."


def _sentence(code: str, message: str, words: Words) -> str:
    """Our own words where we have them; else AWS's first sentence, quoted and short."""
    known = words.known.get(code)
    if known is not None:
        return known
    return f'"{one_line(words.without(message))}"'


def one_line(text: str) -> str:
    """Somebody else's words on one line, short."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:MESSAGE_CHARACTERS]
