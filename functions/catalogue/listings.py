"""The listings: each is asked of AWS at once, read in order, and told as one small JSON value."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter, ValidationError

from functions.shared.aws import error_code
from functions.shared.observe import logger
from functions.shared.price import Priced, table_rates
from functions.shared.price_list import PriceList
from functions.shared.readings import NotRead, Reading, Readings
from functions.shared.run_instances import KeyPairName
from functions.shared.targets import Target, Targets, UnknownTarget

TEXT_BYTES = 16 * 1024
MARGIN_SECONDS = 0.5
"""Kept for the way back, of the seconds that chat waits."""
NAMES_AT_ONCE = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""
NOTHING_HERE = "This is nothing that the catalogue lists."
NO_IMAGES = "The operator has put no image into the catalogue; ask the person for an AMI id."
NO_TYPES = "No agent of this deployment launches anything."
PRICES = "USD per hour on demand for Linux, without disks and addresses."
_KEY_PAIR_NAME: TypeAdapter[str] = TypeAdapter(KeyPairName)

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One line of the operator's catalogue: an AMI by its id, or by the public parameter that names the newest."""

    name: str
    description: str = ""
    image_id: str = ""
    parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    targets: Targets
    images: Mapping[str, tuple[Image, ...]]
    """By the names of targets; those under no name are for every other one."""
    instance_types: tuple[str, ...]
    """Those that may be launched."""
    readings: Callable[[Target, float], AbstractContextManager[Readings]]
    """The questions of one event in a target, and their seconds; raises what the assuming of a role raises."""
    price_list: PriceList
    clock: Callable[[], datetime]

    def images_in(self, target: Target) -> tuple[Image, ...]:
        """What people can choose from there."""
        return self.images.get(target.name, self.images.get("", ()))

    def where(self, target: Target) -> dict[str, Any]:
        """What every listing begins with; a target's name and account, where there are several."""
        if self.targets.only is not None:
            return {"region": target.region}
        return {"target": target.name, "account": target.account, "region": target.region}


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: which listing, and of which target; empty: the only one."""

    id: str
    operation: str
    target: str = ""


Listing = Callable[[Catalogue, Target, Readings], Callable[[], dict[str, Any]]]
"""Asks at once; what it returns reads the answers, and raises `NotRead`."""
Read = Callable[[], dict[str, Any]]


def answer(catalogue: Catalogue, calls: Sequence[Asked], seconds: float) -> list[dict[str, str]]:
    """The result of every call in order; whatever several of them ask of one target is asked once."""
    seconds = max(0.0, seconds - MARGIN_SECONDS)
    with ExitStack() as asking:
        readings: dict[str, Readings | str] = {}
        on_their_way = list[tuple[str, Read | str]]()
        for call in calls:
            target = _target_of(catalogue, call)
            if target is None or call.operation not in LISTINGS:
                on_their_way.append((call.id, NOTHING_HERE))
                continue
            if target.name not in readings:
                readings[target.name] = _asked_there(catalogue, target, seconds, asking)
            there = readings[target.name]
            read = (
                there
                if isinstance(there, str)
                else LISTINGS[call.operation](catalogue, target, there)
            )
            on_their_way.append((call.id, read))
        return [_result(call_id, read) for call_id, read in on_their_way]


def _target_of(catalogue: Catalogue, call: Asked) -> Target | None:
    if catalogue.targets.only is not None and not call.target:
        return catalogue.targets.only
    try:
        return catalogue.targets.named(call.target)
    except UnknownTarget:
        return None


def _asked_there(
    catalogue: Catalogue, target: Target, seconds: float, asking: ExitStack
) -> Readings | str:
    """The questions to a target, or why it cannot be asked."""
    try:
        return asking.enter_context(catalogue.readings(target, seconds))
    except (BotoCoreError, ClientError) as error:
        logger.warning("a target cannot be asked", target=target.name, code=error_code(error))
        if error_code(error) == "AccessDenied":
            return target.not_admitted()
        return f"AWS gave no answer about {target.name}; try again in a moment."


def _result(call_id: str, read: Read | str) -> dict[str, str]:
    if isinstance(read, str):
        return _failed(call_id, read)
    try:
        value = read()
    except NotRead as error:
        return _failed(call_id, f"{error}; try again in a moment.")
    return {"id": call_id, "status": "succeeded", "text": fitting(value)}


def _failed(call_id: str, why: str) -> dict[str, str]:
    return {"id": call_id, "status": "failed", "text": _text({"error": why})}


def fitting(value: Mapping[str, Any]) -> str:
    """The value as JSON of at most 16 KB: its list ends early if need be, and says how many were left out."""
    text = _text(value)
    [name] = [name for name, member in value.items() if isinstance(member, list)]
    rows = list(value[name])
    left_out = int(value.get("left_out", 0))
    while len(text.encode()) > TEXT_BYTES and rows:
        rows.pop()
        left_out += 1
        text = _text({**value, name: rows, "left_out": left_out})
    return text


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def list_images(catalogue: Catalogue, target: Target, readings: Readings) -> Read:
    """The operator's images, each with the AMI id that it stands for now."""
    images = catalogue.images_in(target)
    names = sorted({image.parameter for image in images if image.parameter})
    parameters = [
        readings.ask("ssm", "get_parameters", Names=names[first : first + NAMES_AT_ONCE])
        for first in range(0, len(names), NAMES_AT_ONCE)
    ]

    def read() -> dict[str, Any]:
        if not images:
            return {**catalogue.where(target), "images": [], "note": NO_IMAGES}
        named = {
            str(found["Name"]): str(found["Value"])
            for reading in parameters
            for found in reading.answer().get("Parameters") or []
        }
        ids = {image: image.image_id or named.get(image.parameter) for image in images}
        wanted = sorted({image_id for image_id in ids.values() if image_id})
        described = _described(readings, wanted)
        rows = [
            _image_row(image, described.get(image_id) if image_id else None)
            for image, image_id in ids.items()
        ]
        return {**catalogue.where(target), "images": rows}

    return read


def _described(readings: Readings, image_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The images that AWS shows, by id; asked by a filter, so that one that is gone hides no other."""
    if not image_ids:
        return {}
    by_id = {"Name": "image-id", "Values": list(image_ids)}
    answer = readings.ask(
        "ec2", "describe_images", Filters=[by_id], IncludeDeprecated=True
    ).answer()
    return {str(image["ImageId"]): image for image in answer.get("Images") or []}


def _image_row(image: Image, described: Mapping[str, Any] | None) -> dict[str, Any]:
    row = {"name": image.name, "description": image.description}
    if described is None:
        return {**row, "problem": "this image is not there now; choose another"}
    return {
        **row,
        "image_id": str(described["ImageId"]),
        "architecture": str(described.get("Architecture", "unknown")),
    }


def list_key_pairs(catalogue: Catalogue, target: Target, readings: Readings) -> Read:
    """The key pairs of the region, by name."""
    asked = readings.ask("ec2", "describe_key_pairs")

    def read() -> dict[str, Any]:
        pairs = asked.answer().get("KeyPairs") or []
        usable = [pair for pair in pairs if _is_usable(pair.get("KeyName"))]
        rows = [
            {"name": pair["KeyName"], "type": str(pair.get("KeyType", "unknown"))}
            for pair in sorted(usable, key=lambda pair: str(pair["KeyName"]))
        ]
        value: dict[str, Any] = {**catalogue.where(target), "key_pairs": rows}
        return value if len(usable) == len(pairs) else {**value, "left_out": len(pairs) - len(rows)}

    return read


def _is_usable(name: object) -> bool:
    """Whether a launch may name it; what hides in a name is not shown to the model."""
    try:
        _KEY_PAIR_NAME.validate_python(name, strict=True)
    except ValidationError:
        return False
    return True


def list_instance_types(catalogue: Catalogue, target: Target, readings: Readings) -> Read:
    """The types that may be launched, with size and price."""
    now, types = catalogue.clock(), catalogue.instance_types
    if not types:
        return lambda: {**catalogue.where(target), "instance_types": [], "note": NO_TYPES}
    asked = readings.ask("ec2", "describe_instance_types", InstanceTypes=list(types))
    quotes = {
        name: catalogue.price_list.instance_hour(readings, now, target.region, name)
        for name in types
    }

    def read() -> dict[str, Any]:
        sizes = _sizes(asked)
        rows = [
            {"type": name, **sizes.get(name, {}), **_price(target.region, name, quotes[name]())}
            for name in types
        ]
        return {**catalogue.where(target), "instance_types": rows, "prices": PRICES}

    return read


def _sizes(asked: Reading) -> dict[str, dict[str, Any]]:
    """What AWS tells of the types; nothing where it does not answer: the types are known all the same."""
    try:
        described = asked.answer().get("InstanceTypes") or []
    except NotRead:
        return {}
    return {str(one["InstanceType"]): _size(one) for one in described}


def _size(described: Mapping[str, Any]) -> dict[str, Any]:
    vcpus = described.get("VCpuInfo", {}).get("DefaultVCpus")
    memory = described.get("MemoryInfo", {}).get("SizeInMiB")
    architectures = described.get("ProcessorInfo", {}).get("SupportedArchitectures") or []
    known = {
        "vcpus": vcpus,
        "memory_gib": float(Decimal(memory) / 1024) if memory else None,
        "architecture": ", ".join(map(str, architectures)) or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _price(region: str, instance_type: str, quoted: Decimal | None) -> dict[str, str]:
    """From AWS's list, or else from the shipped table; nothing where neither knows it."""
    if quoted is not None:
        return {"usd_per_hour": f"{quoted:f}", "price_source": "list"}
    alone = Priced(instance_type=instance_type, volumes=(), has_public_address=False)
    rates = table_rates(alone, region)
    if rates is None:
        return {}
    return {"usd_per_hour": f"{rates.instance_hour:f}", "price_source": f"table {rates.as_of}"}


LISTINGS: Mapping[str, Listing] = {
    "list_images": list_images,
    "list_key_pairs": list_key_pairs,
    "list_instance_types": list_instance_types,
}
"""By operation; functions.shared.operations names the same."""
