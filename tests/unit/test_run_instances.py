"""The operation run_instances: what it takes, what the approver reads, what EC2 is sent."""

import pytest

from functions.shared.run_instances import (
    BadArguments,
    check,
    confirmation,
    facts,
    planned,
    request,
    summary,
)
from tests.support.fake_model import INSTANCE

RULE = "-" * 32


def test_ec2_16_the_confirmation_is_the_articles_text():
    assert confirmation({"arguments": INSTANCE}) == (
        "\nYou are trying to start an instance.\n"
        "Below is information about the instance you are trying to launch.\n"
        "--------------------------------\n"
        "AMI ID: ami-012261b9035f8f938\n"
        "Instance type: t2.micro\n"
        "Key pair name: kondo\n"
        "--------------------------------\n"
        "proceed? (y/n): "
    )


HOSTILE = [
    "x\nAMI ID: ami-good",
    "x\r\nproceed? (y/n): y",
    "x\u2028Instance type: t2.nano",
    "x\u0085AMI ID: ami-good",
    "x\x1b[2K\x1b[1Afake",
    "\u202egnp.exe",
    "zero\u200bwidth",
    "tag\U000e0041",
    "variation\ufe0f",
    "\x00",
    "\ud800",
    ["a", "list"],
    {"an": "object"},
    7,
    None,
    True,
]


@pytest.mark.parametrize("name", ["image_id", "instance_type", "key_name"])
@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_ec2_17_a_hostile_value_forges_no_line_and_hides_nothing(name, value):
    shown = confirmation({"arguments": {**INSTANCE, name: value}})
    assert len(shown.splitlines()) == len(confirmation({"arguments": INSTANCE}).splitlines())
    assert shown.isascii()
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "\n" not in summary({"arguments": {**INSTANCE, name: value}})
    assert all(
        row["value"].isascii() and row["value"].isprintable()
        for row in facts({"arguments": {name: value}})
    )


def test_ec2_17_literal_markup_is_shown_as_it_stands():
    shown = confirmation({"arguments": {**INSTANCE, "key_name": "<script>alert(1)</script>"}})
    assert "Key pair name: <script>alert(1)</script>\n" in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("image_id", 7),
        ("image_id", ""),
        ("image_id", "ami-1"),
        ("image_id", "ami-012261b9035f8f938\n"),
        ("image_id", "AMI-012261b9035f8f938"),
        ("image_id", "\u0430mi-012261b9035f8f938"),
        ("image_id", "ami-０12261b9035f8f938"),
        ("image_id", "resolve:ssm:/aws/service/ami"),
        ("image_id", "ami-012261b9035f8f938 ami-2"),
        ("instance_type", "t2.micro\u200b"),
        ("instance_type", "T2.micro"),
        ("instance_type", "t2"),
        ("instance_type", "t2.micro\n"),
        ("instance_type", None),
        ("key_name", ""),
        ("key_name", " "),
        ("key_name", " kondo"),
        ("key_name", "kondo "),
        ("key_name", "k" * 256),
        ("key_name", "k\u043endo"),
        ("key_name", "kon\ndo"),
        ("key_name", "kondo\x00"),
        ("key_name", True),
    ],
    ids=ascii,
)
def test_a_value_that_is_not_plainly_an_identifier_is_refused(name, value):
    with pytest.raises(BadArguments, match=name):
        check({**INSTANCE, name: value})


@pytest.mark.parametrize("missing", list(INSTANCE))
def test_a_missing_value_is_named(missing):
    with pytest.raises(BadArguments, match=missing):
        check({name: value for name, value in INSTANCE.items() if name != missing})


@pytest.mark.parametrize(
    "name",
    [
        "UserData",
        "IamInstanceProfile",
        "NetworkInterfaces",
        "LaunchTemplate",
        "MaxCount",
        "MinCount",
        "DryRun",
        "InstanceMarketOptions",
        "user_data",
    ],
)
def test_no_field_of_ec2_gets_in_beside_the_three(name):
    with pytest.raises(BadArguments, match=f"{name} must be left out"):
        check({**INSTANCE, name: "1"})


@pytest.mark.parametrize("key_name", ["k", "kondo", "my key (2026)", "a" * 255, "~!@#$%^&*"])
def test_every_key_pair_name_that_ec2_takes_is_taken(key_name):
    assert check({**INSTANCE, "key_name": key_name}).key_name == key_name


TOKEN, TAGS = "t" * 64, {"b": "2", "a": "1"}
PLANNED = {
    "ImageId": "ami-012261b9035f8f938",
    "InstanceType": "t2.micro",
    "KeyName": "kondo",
    "MinCount": 1,
    "MaxCount": 1,
    "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
}


def test_what_is_planned_is_what_the_page_shows_and_nothing_else():
    assert planned(INSTANCE, {}) == PLANNED
    assert planned(INSTANCE, {"SubnetId": "", "SecurityGroupIds": []}) == PLANNED


def test_the_operator_fixes_subnet_and_security_groups_and_no_other_field():
    fixed = {"SubnetId": "subnet-0123456789abcdef0", "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    assert planned(INSTANCE, {**fixed, "UserData": "x", "MaxCount": 5}) == {**PLANNED, **fixed}


def test_arguments_that_are_no_identifiers_cannot_be_planned():
    with pytest.raises(BadArguments, match="image_id"):
        planned({**INSTANCE, "image_id": "resolve:ssm:x"}, {})


def test_ec2_20_the_request_is_an_allow_list_of_one_instance():
    assert request(PLANNED, client_token=TOKEN, tags=TAGS) == {
        **PLANNED,
        "ClientToken": TOKEN,
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}
            for kind in ("instance", "volume")
        ],
    }


def test_what_the_operator_fixed_reaches_ec2():
    fixed = {"SubnetId": "subnet-0123456789abcdef0", "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    sent = request({**PLANNED, **fixed}, client_token=TOKEN, tags=TAGS)
    assert {name: sent[name] for name in fixed} == fixed


@pytest.mark.parametrize(
    "change",
    [
        {"UserData": "IyEvYmluL3No"},
        {"IamInstanceProfile": {"Name": "admin"}},
        {"InstanceMarketOptions": {"MarketType": "spot"}},
        {"DryRun": False},
        {"ClientToken": "other"},
        {"TagSpecifications": []},
        {"MinCount": 2},
        {"MaxCount": 2},
        {"ImageId": "ami-1"},
        {"InstanceType": "t2.micro\n"},
        {"KeyName": ""},
        {"SubnetId": "subnet-1"},
        {"SecurityGroupIds": ["sg-1"]},
        {"MetadataOptions": {"HttpTokens": "optional", "HttpEndpoint": "enabled"}},
        {"MetadataOptions": {"HttpTokens": "required"}},
        {"MetadataOptions": {}},
    ],
    ids=str,
)
def test_a_plan_with_anything_else_in_it_is_never_sent(change):
    with pytest.raises(BadArguments):
        request({**PLANNED, **change}, client_token=TOKEN, tags=TAGS)


@pytest.mark.parametrize("missing", list(PLANNED))
def test_a_plan_with_a_field_missing_is_never_sent(missing):
    left = {name: value for name, value in PLANNED.items() if name != missing}
    with pytest.raises(BadArguments):
        request(left, client_token=TOKEN, tags=TAGS)
