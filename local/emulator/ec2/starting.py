"""Corrections of what an instance starts with: its interface, its disks."""

import re
from collections.abc import Mapping

from local.emulator.ec2.wire import Answer, Handler, Parameters, around_action, flat
from local.emulator.patching import resolve

INSTANCES = "ministack.services.ec2:_instances"
VOLUMES = "ministack.services.ec2:_volumes"
INTERFACE = "NetworkInterface.1."
DISK = re.compile(r"BlockDeviceMapping\.(\d+)\.DeviceName")


def an_instance_starts_as_it_was_asked_for() -> None:
    """Stock: `NetworkInterface` and `BlockDeviceMapping` of a launch are ignored. Here: the subnet and
    the groups of the first interface are the instance's, it has a public address only if it may, and
    disks that are asked to be encrypted are."""

    def started(handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            asked = flat(parameters)
            answer = handler({**parameters, **_beside_the_call(asked)})
            for found in re.findall(rb"<instanceId>([^<]+)</instanceId>", answer[2]):
                _finish(found.decode(), asked)
            return answer

        return handle

    around_action("RunInstances", started)


def encrypted_devices(asked: Mapping[str, str]) -> dict[str, bool]:
    """By the name of each disk that a launch describes, whether it is encrypted."""
    return {
        asked[name]: asked.get(f"BlockDeviceMapping.{found[1]}.Ebs.Encrypted", "") == "true"
        for name in asked
        if (found := DISK.fullmatch(name))
    }


def subnet_of(asked: Mapping[str, str]) -> str:
    """The subnet of a launch, however it is named; empty where none is."""
    return asked.get("SubnetId") or asked.get(f"{INTERFACE}SubnetId", "")


def groups_of(asked: Mapping[str, str]) -> list[str]:
    """The security groups of a launch, however they are named."""
    named = re.compile(r"(?:NetworkInterface\.1\.)?SecurityGroupId\.\d+")
    return [value for name, value in asked.items() if named.fullmatch(name)]


def _beside_the_call(asked: Mapping[str, str]) -> dict[str, list[str]]:
    """What stands in the interface, as stock reads it."""
    if not any(name.startswith(INTERFACE) for name in asked):
        return {}
    groups = {f"SecurityGroupId.{n}": [one] for n, one in enumerate(groups_of(asked), start=1)}
    subnet = subnet_of(asked)
    return groups | ({"SubnetId": [subnet]} if subnet else {})


def _finish(instance_id: str, asked: Mapping[str, str]) -> None:
    instance = resolve(INSTANCES).get(instance_id)
    if instance is None:
        return
    if asked.get(f"{INTERFACE}AssociatePublicIpAddress") == "false":
        instance["PublicIpAddress"] = instance["PublicDnsName"] = ""
    encrypted = encrypted_devices(asked)
    for disk in instance["BlockDeviceMappings"]:
        volume = resolve(VOLUMES).get(disk["Ebs"].get("VolumeId"))
        if volume is not None and encrypted.get(disk["DeviceName"]):
            volume["Encrypted"] = True
