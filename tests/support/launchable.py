"""What a launch names, in moto's EC2: the demo's image with a disk of today's kind, and its key pair."""

from typing import Any

import moto.ec2.models.amis as amis
import pytest
from moto.ec2.models import ec2_backends

from functions.shared.aws import client
from tests.support.account import ACCOUNT_ID, REGION
from tests.support.clock import START
from tests.support.fake_model import INSTANCE

AMAZON = "137112412989"
IMAGE = INSTANCE["image_id"]
KEY_PAIR = INSTANCE["key_name"]


def disks_are_gp3(patch: pytest.MonkeyPatch) -> None:
    """moto gives every image 15 GiB of the type that came before gp2."""

    def mappings(self: Any) -> list[dict[str, Any]]:
        ebs = {"SnapshotId": self.ebs_snapshot.id, "VolumeSize": 8, "VolumeType": "gp3"}
        return [{"DeviceName": self.root_device_name, "Ebs": ebs}]

    patch.setattr(amis.Ami, "block_device_mappings", property(mappings))


def make_launchable() -> None:
    """The demo's image, and a key pair of its name."""
    make_image()
    client("ec2").create_key_pair(KeyName=KEY_PAIR, KeyType="ed25519")


def make_image(image_id: str = IMAGE, **changes: Any) -> None:
    """An image of Amazon's, a month old; as it is, or changed."""
    told: dict[str, Any] = {
        "name": "al2023-ami-2023.9.20261020.0-kernel-6.1-x86_64",
        "owner_id": AMAZON,
        "owner_alias": "amazon",
        "public": True,
        "architecture": "x86_64",
        "creation_date": START.replace(month=10, day=20),
        "root_device_type": "ebs",
        "root_device_name": "/dev/xvda",
    }
    backend = ec2_backends[ACCOUNT_ID][REGION]
    backend.amis[image_id] = amis.Ami(backend, image_id, **{**told, **changes})
