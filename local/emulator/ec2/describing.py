"""Corrections of what EC2 tells: types that are offered, images and their age, instances by what they are found by."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.ec2.launching import DEMO_IMAGE, instance_types
from local.emulator.ec2.wire import (
    ACTIONS,
    Answer,
    Handler,
    Parameters,
    around_action,
    flat,
    refusal,
)
from local.emulator.patching import resolve, wrap

DEMO_IMAGE_MADE = "2025-11-18T02:10:21.000Z"
MATCHES = "ministack.services.ec2:_matches_filters"
DRAWN = "ministack.services.ec2:_instance_xml"
INSTANCES = "ministack.services.ec2:_instances"

Instance = Mapping[str, Any]


def offered_types_are_told() -> None:
    """Stock: no `DescribeInstanceTypeOfferings`. Here: every type that AWS knows is offered in
    every region, by the filter `instance-type` alone."""

    def offerings(parameters: Parameters) -> Answer:
        from ministack.core.responses import get_region
        from ministack.services import ec2

        asked = flat(parameters)
        named = {
            value for name, value in asked.items() if re.fullmatch(r"Filter\.\d+\.Value\.\d+", name)
        }
        items = "".join(
            f"<item><instanceType>{kind}</instanceType><locationType>region</locationType>"
            f"<location>{get_region()}</location></item>"
            for kind in sorted(instance_types() & named if named else instance_types())
        )
        answer: Answer = ec2._xml(
            200,
            "DescribeInstanceTypeOfferingsResponse",
            f"<instanceTypeOfferingSet>{items}</instanceTypeOfferingSet>",
        )
        return answer

    resolve(ACTIONS)["DescribeInstanceTypeOfferings"] = offerings


def unknown_images_are_an_error() -> None:
    """Stock: `DescribeImages` of an image that is not there answers an empty list. Here:
    `InvalidAMIID.NotFound`."""

    def strict(handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            answer = handler(parameters)
            told = set(re.findall(rb"<imageId>([^<]+)</imageId>", answer[2]))
            for name, value in flat(parameters).items():
                if re.fullmatch(r"ImageId\.\d+", name) and value.encode() not in told:
                    message = f"The image id '[{value}]' does not exist"
                    return refusal("InvalidAMIID.NotFound", message)
            return answer

        return handle

    around_action("DescribeImages", strict)


def the_demo_image_has_an_age() -> None:
    """Stock: no image tells when it was made. Here: the one of the demo's dialogue does."""
    pattern = rb"(<imageId>%s</imageId>.*?</imageState>)" % DEMO_IMAGE.encode()
    date = rb"\1<creationDate>%s</creationDate>" % DEMO_IMAGE_MADE.encode()

    def dated(handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            status, headers, body = handler(parameters)
            return status, headers, re.sub(pattern, date, body, flags=re.DOTALL)

        return handle

    around_action("DescribeImages", dated)


def instances_are_found_by_id_and_client_token() -> None:
    """Stock: `DescribeInstances` ignores the filters `instance-id` and `client-token` and answers
    every instance, none with its token. Here: those that are meant, with the token of their
    launch."""

    def remembering(handler: Handler) -> Handler:
        def handle(parameters: Parameters) -> Answer:
            answer = handler(parameters)
            for found in re.findall(rb"<instanceId>([^<]+)</instanceId>", answer[2]):
                instance = resolve(INSTANCES).get(found.decode())
                if instance is not None:
                    instance["ClientToken"] = flat(parameters).get("ClientToken", "")
            return answer

        return handle

    def meant(
        matches: Callable[[Instance, Mapping[str, list[str]]], bool],
    ) -> Callable[[Instance, Mapping[str, list[str]]], bool]:
        def is_meant(instance: Instance, filters: Mapping[str, list[str]]) -> bool:
            known = {
                "instance-id": instance["InstanceId"],
                "client-token": instance.get("ClientToken", ""),
            }
            asked = (name for name in known if name in filters)
            return all(known[name] in filters[name] for name in asked) and matches(
                instance, filters
            )

        return is_meant

    def with_token(drawn: Callable[[Instance], str]) -> Callable[[Instance], str]:
        def draw(instance: Instance) -> str:
            token = f"<clientToken>{instance.get('ClientToken', '')}</clientToken>"
            return drawn(instance).replace("<amiLaunchIndex>", f"{token}<amiLaunchIndex>", 1)

        return draw

    around_action("RunInstances", remembering)
    wrap(MATCHES, meant)
    wrap(DRAWN, with_token)
