"""Facts: what AWS tells of images, in words that cannot deceive."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.preflight.facts import VISIBLE_CHARACTERS, Found, visible
from functions.preflight.image import image_facts, system_of, volumes_of
from functions.shared.price import Volume
from functions.shared.run_instances import BadArguments, check

ACCOUNT = "123456789012"
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
IMAGE = {
    "ImageId": "ami-012261b9035f8f938",
    "Name": "al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64",
    "State": "available",
    "OwnerId": "137112412989",
    "ImageOwnerAlias": "amazon",
    "CreationDate": "2026-10-18T21:35:56.000Z",
    "Architecture": "x86_64",
    "PlatformDetails": "Linux/UNIX",
    "RootDeviceName": "/dev/xvda",
    "BlockDeviceMappings": [
        {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 8, "VolumeType": "gp3", "Iops": 3000}}
    ],
}


def facts_of(**changes):
    found = Found()
    image_facts(found, {**IMAGE, **changes}, account=ACCOUNT, now=NOW)
    assert not found.complaints
    return {fact.key: (fact.value, fact.level) for fact in found.facts}


def test_an_image_is_told_by_owner_name_age_and_disk():
    assert facts_of() == {
        "image_name": ("al2023-ami-2023.9.20251117.1-kernel-6.1-x86_64", "plain"),
        "image_owner": ("137112412989 (amazon)", "plain"),
        "image_age": ("33 days, made on 2026-10-18", "plain"),
        "root_volume": ("8 GiB gp3", "plain"),
    }


@pytest.mark.parametrize(
    ("changes", "value", "level"),
    [
        ({"OwnerId": ACCOUNT, "ImageOwnerAlias": "self"}, f"{ACCOUNT} (this account)", "plain"),
        ({"OwnerId": ACCOUNT, "ImageOwnerAlias": None}, f"{ACCOUNT} (this account)", "plain"),
        (
            {"OwnerId": "666666666666", "ImageOwnerAlias": ""},
            "666666666666 (another account)",
            "warning",
        ),
        (
            {"OwnerId": "679593333241", "ImageOwnerAlias": "aws-marketplace"},
            "679593333241 (aws-marketplace, another account)",
            "warning",
        ),
        (
            {"OwnerId": "666666666666", "ImageOwnerAlias": "self"},
            "666666666666 (self, another account)",
            "warning",
        ),
    ],
)
def test_b10_who_owns_the_image_is_told_by_its_account_not_by_its_name(changes, value, level):
    facts = facts_of(Name="al2023-ami-official-by-amazon", **changes)
    assert facts["image_owner"] == (value, level)


def test_b10_the_name_is_labelled_as_its_owner_s_choice():
    found = Found()
    image_facts(found, IMAGE, account=ACCOUNT, now=NOW)
    [name] = [fact for fact in found.facts if fact.key == "image_name"]
    assert name.label == "Image name (chosen by its owner)"


@pytest.mark.parametrize(
    ("created", "value", "level"),
    [
        ("2026-11-21T02:00:00.000Z", "0 days, made on 2026-11-21", "plain"),
        ("2026-11-19T03:00:00.000Z", "2 days, made on 2026-11-19", "plain"),
        ("2024-11-21T03:00:00.000Z", "730 days, made on 2024-11-21", "plain"),
        ("2024-11-20T02:00:00.000Z", "731 days, made on 2024-11-20", "warning"),
        ("2026-11-22T00:00:00.000Z", "0 days, made on 2026-11-22", "plain"),
    ],
)
def test_an_image_of_more_than_two_years_is_a_warning(created, value, level):
    assert facts_of(CreationDate=created)["image_age"] == (value, level)


def test_an_image_is_deprecated_from_its_time_on():
    assert facts_of(DeprecationTime="2026-11-21T03:00:00.000Z")["image_deprecated"] == (
        "since 2026-11-21",
        "warning",
    )
    assert "image_deprecated" not in facts_of(DeprecationTime="2028-01-01T00:00:00.000Z")


@pytest.mark.parametrize("created", [None, "", "yesterday"])
def test_a_date_that_cannot_be_read_is_told_as_not_checked(created):
    assert facts_of(CreationDate=created)["not_checked"] == (
        "age of the image: AWS does not tell when it was made",
        "warning",
    )


def test_an_image_that_is_not_available_is_a_complaint():
    found = Found()
    image_facts(found, {**IMAGE, "State": "disabled"}, account=ACCOUNT, now=NOW)
    assert [one.code for one in found.complaints] == ["InvalidAMIID.Unavailable"]
    assert "disabled" in found.complaints[0].text


def test_a_second_disk_is_told_and_is_a_warning():
    second = {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": 16384, "VolumeType": "gp3"}}
    mappings = [second, *IMAGE["BlockDeviceMappings"], {"DeviceName": "x", "VirtualName": "y"}]
    facts = facts_of(BlockDeviceMappings=mappings)
    assert facts["root_volume"] == ("8 GiB gp3 + 16384 GiB gp3", "warning")


@pytest.mark.parametrize(
    ("disk", "is_paid_by_size"),
    [
        ({"VolumeType": "gp2", "Iops": 9000}, True),
        ({"VolumeType": "gp3", "Iops": 3000, "Throughput": 125}, True),
        ({"VolumeType": "gp3", "Iops": 3001}, False),
        ({"VolumeType": "gp3", "Throughput": 126}, False),
        ({"VolumeType": "io2", "Iops": 100}, False),
        ({"VolumeType": "standard"}, False),
    ],
)
def test_a_disk_with_extra_pay_is_known_as_such(disk, is_paid_by_size):
    image = {"BlockDeviceMappings": [{"DeviceName": "x", "Ebs": {"VolumeSize": 8, **disk}}]}
    assert volumes_of(image) == (Volume(disk["VolumeType"], 8, is_paid_by_size),)


def test_a_disk_without_a_size_makes_the_disks_unknown():
    assert volumes_of({"BlockDeviceMappings": [{"Ebs": {"VolumeType": "gp3"}}]}) is None


@pytest.mark.parametrize(
    ("image", "system"),
    [
        ({}, "Linux/UNIX"),
        ({"Platform": "windows"}, "Windows"),
        ({"Platform": "windows", "PlatformDetails": "Windows with SQL Server"},
         "Windows with SQL Server"),
        ({"PlatformDetails": "Red Hat Enterprise Linux"}, "Red Hat Enterprise Linux"),
    ],
)  # fmt: skip
def test_a_licence_is_seen(image, system):
    assert system_of(image) == system


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("al2023", "al2023"),
        ("日本語 ok", "日本語 ok"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("pay\u200bment\u2060", "pay\\u200bment\\u2060"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("vs\ufe0f", "vs\\ufe0f"),
        ("\u3164", "\\u3164"),
        ("line\r\nbreak\x00\x1b[31m", "line\\u000d\\u000abreak\\u0000\\u001b[31m"),
        ("\ud800", "\\ud800"),
        (r"a\u202eb", r"a\\u202eb"),
        ("e\u0301", "e\\u0301"),
        ("<b>&", "<b>&"),
    ],
)
def test_what_hides_or_reorders_is_written_as_its_escape(text, shown):
    assert visible(text) == shown


def test_a_long_text_is_cut_where_it_can_be_seen():
    assert visible("x" * 128) == "x" * 128
    assert visible("x" * 129) == "x" * 127 + "…"
    assert len(visible("\u202e" * 1_000)) == VISIBLE_CHARACTERS


@given(st.text())
def test_no_text_hides_breaks_the_line_or_grows(text):
    shown = visible(text)
    assert shown.isprintable()
    assert len(shown) <= VISIBLE_CHARACTERS


def test_an_image_s_name_cannot_forge_a_row():
    name = "x\nImage owner: 137112412989 (amazon)\u202e" + "y" * 200
    value, _ = facts_of(Name=name, OwnerId="666666666666", ImageOwnerAlias=None)["image_name"]
    assert value.startswith("x\\u000aImage owner: 137112412989 (amazon)\\u202ey")
    assert len(value) == VISIBLE_CHARACTERS


@pytest.mark.parametrize(
    "image_id",
    [
        "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023",
        "resolve:ssm:arn:aws:ssm:us-east-1:666666666666:parameter/x",
        "$IMAGE",
        "${ssm:/x}",
        "{{resolve:ssm:/x}}",
        "аmi-012261b9035f8f938",
        "ami-012261b9035f8f938\n",
        "ami-012261B9035F8F938",
    ],
)
def test_b9_an_image_that_something_else_resolves_is_refused(image_id):
    with pytest.raises(BadArguments, match="image_id must be an AMI id"):
        check({"image_id": image_id, "instance_type": "t3.micro", "key_name": "kondo"})
