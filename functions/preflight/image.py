"""Facts about an image: who owns it comes first, its name is only a hint."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from functions.preflight.facts import Found, visible
from functions.shared.price import Volume

OLD_DAYS = 730
_PAID_BY_SIZE = ("gp2", "st1", "sc1")
# What a gp3 disk does without extra pay.
_INCLUDED = {"Iops": 3000, "Throughput": 125}


def image_facts(found: Found, image: Mapping[str, Any], *, account: str, now: datetime) -> None:
    """Name, owner, age and disks; a complaint where it cannot be started."""
    if image.get("State", "available") != "available":
        found.complain(
            "InvalidAMIID.Unavailable",
            f"The image {image['ImageId']} is {visible(image['State'])}, not available: "
            "name another AMI id.",
        )
    found.tell(
        "image_name", "Image name (chosen by its owner)", visible(image.get("Name") or "none")
    )
    _owner(found, image, account)
    _age(found, image, now)
    _disks(found, image)


def volumes_of(image: Mapping[str, Any]) -> tuple[Volume, ...] | None:
    """The disks that start with an instance of it; None where a size is not told."""
    disks = [one["Ebs"] for one in image.get("BlockDeviceMappings") or [] if "Ebs" in one]
    if not all("VolumeSize" in disk for disk in disks):
        return None
    return tuple(
        Volume(str(disk.get("VolumeType")), int(disk["VolumeSize"]), _is_paid_by_size(disk))
        for disk in sorted(disks, key=lambda disk: disk is not _root_disk(image))
    )


def _is_paid_by_size(disk: Mapping[str, Any]) -> bool:
    if disk.get("VolumeType") == "gp3":
        return all(int(disk.get(name) or 0) <= most for name, most in _INCLUDED.items())
    return disk.get("VolumeType") in _PAID_BY_SIZE


def system_of(image: Mapping[str, Any]) -> str:
    """What the image's licence is priced as; `Linux/UNIX` is the plain one."""
    told = image.get("PlatformDetails") or image.get("Platform") or "Linux/UNIX"
    return "Windows" if str(told).lower() == "windows" else str(told)


def _owner(found: Found, image: Mapping[str, Any], account: str) -> None:
    owner = visible(image.get("OwnerId", "unknown"))
    alias = visible(image.get("ImageOwnerAlias", ""))
    if owner == account:
        found.tell("image_owner", "Image owner", f"{owner} (this account)")
    elif alias == "amazon":
        found.tell("image_owner", "Image owner", f"{owner} (amazon)")
    else:
        named = f"{alias}, another account" if alias else "another account"
        found.warn("image_owner", "Image owner", f"{owner} ({named})")


def _age(found: Found, image: Mapping[str, Any], now: datetime) -> None:
    created = _moment(image.get("CreationDate"))
    if created is None:
        found.not_checked("age of the image", "AWS does not tell when it was made")
    else:
        days = max(0, (now - created).days)
        value = f"{days} {'day' if days == 1 else 'days'}, made on {created:%Y-%m-%d}"
        (found.warn if days > OLD_DAYS else found.tell)("image_age", "Image age", value)
    deprecated = _moment(image.get("DeprecationTime"))
    if deprecated is not None and deprecated <= now:
        found.warn("image_deprecated", "Image deprecated", f"since {deprecated:%Y-%m-%d}")


def _disks(found: Found, image: Mapping[str, Any]) -> None:
    volumes = volumes_of(image)
    if volumes is None:
        found.not_checked("root volume", "AWS does not tell its size")
    elif not volumes:
        found.tell("root_volume", "Root volume", "in the instance, no disk of its own")
    else:
        value = " + ".join(f"{one.gib} GiB {visible(one.type)}" for one in volumes)
        (found.tell if len(volumes) == 1 else found.warn)(
            "root_volume", "Root volume" if len(volumes) == 1 else "Volumes", value
        )


def _root_disk(image: Mapping[str, Any]) -> Any:
    name = image.get("RootDeviceName")
    disks = image.get("BlockDeviceMappings") or []
    return next((one.get("Ebs") for one in disks if one.get("DeviceName") == name), None)


def _moment(text: object) -> datetime | None:
    """EC2's dates: ISO 8601 in UTC; None where nothing readable stands."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
