"""What EC2's errors mean for a launch."""

import pytest

from functions.launch_instance.ec2_errors import (
    LaunchAmbiguous,
    is_capacity,
    judge,
    launch_words,
    refusal_sentence,
)
from functions.shared.errors import TemporarilyUnavailable


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InvalidAMIID.NotFound", "the AMI does not exist"),
        ("InvalidAMIID.Malformed", "not well-formed"),
        ("InvalidKeyPair.NotFound", "the key pair does not exist"),
        ("UnauthorizedOperation", "does not allow this launch"),
        ("UnauthorizedOperation", "agents/"),
        ("VPCIdNotSpecified", "subnet_ids under targets"),
        ("InvalidSubnetID.NotFound", "subnet_ids under targets"),
        ("InvalidGroup.NotFound", "security_group_ids under targets"),
        ("VcpuLimitExceeded", "limit of vCPUs"),
        ("InsufficientInstanceCapacity", "no capacity"),
        ("Unsupported", "not supported"),
        ("SomethingNew", '"a message"'),
    ],
)
def test_ec2_25_a_refusal_of_aws_is_told_in_one_sentence_with_its_code(code, words):
    status = 500 if code.startswith("Insufficient") else 400
    outcome = judge(code, "a\nmessage", status)
    assert outcome.status == "failed"
    assert words in outcome.text
    assert f"({code})" in outcome.text
    assert outcome.text.endswith("Nothing was started.")


def test_words_of_aws_are_quoted_short_and_on_one_line():
    outcome = judge("SomethingNew", "x\n\u202e" * 5000, 400)
    assert len(outcome.text) < 500
    assert outcome.text.isprintable()


@pytest.mark.parametrize("before", [0, 260, 280, 290, 299, 300])
def test_what_the_operator_fixed_is_taken_out_before_the_words_are_cut(before):
    fixed = {"SubnetId": "subnet-0123456789abcdef0"}
    said = f"{'x' * before} subnet-0123456789abcdef0"
    told = judge("SomethingNew", said, 400, launch_words({"parameters": fixed})).text
    assert "subnet-" not in told
    assert "x" * before in told


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "Throttling", "ServiceUnavailable"])
def test_what_ec2_did_not_take_is_sent_again(code):
    with pytest.raises(TemporarilyUnavailable):
        judge(code, "", 503)


@pytest.mark.parametrize(
    "code", ["InternalError", "Unavailable", "500", "502", "504", "NeverHeardOf", ""]
)
def test_a_server_error_that_is_no_clear_answer_is_ambiguous(code):
    with pytest.raises(LaunchAmbiguous):
        judge(code, "", 500)


def test_a_token_that_aws_knows_with_other_parameters_is_an_unknown_outcome():
    assert judge("IdempotentParameterMismatch", "", 400).status == "unknown"


ENCODED = "Encoded authorization failure message: 4Vzj-canary_0123456789"


def test_the_encoded_authorization_message_is_told_to_nobody():
    refusal = f"You are not authorized to perform this operation. {ENCODED}"
    assert "canary" not in judge("UnauthorizedOperation", refusal, 403).text
    assert "canary" not in refusal_sentence("UnauthorizedOperation", refusal)


@pytest.mark.parametrize(
    ("code", "may_pass"),
    [
        ("InsufficientInstanceCapacity", True),
        ("InsufficientHostCapacity", True),
        ("InsufficientReservedInstanceCapacity", True),
        ("InsufficientFreeAddressesInSubnet", False),
        ("InstanceLimitExceeded", False),
        ("RequestLimitExceeded", False),
        ("", False),
    ],
)
def test_only_missing_capacity_may_pass_by_itself(code, may_pass):
    assert is_capacity(code) is may_pass
