"""What people can choose from: the operator's images, the region's key pairs, the types that may be launched."""

import json
import threading
from dataclasses import replace

import pytest

import functions.catalogue.handler as room
from functions.catalogue.listings import LISTINGS, TEXT_BYTES, Image
from functions.shared.aws import client
from functions.shared.operations import READS
from functions.shared.readings import Readings
from functions.shared.target_settings import CatalogueSettings
from tests.support.account import REGION, TARGETS
from tests.support.clock import Clock
from tests.support.fake_model import INSTANCE
from tests.support.fake_states import client_error
from tests.support.gateway import LambdaContext
from tests.support.launchable import make_image
from tests.support.preflight_desk import Changed, answering, failing
from tests.support.price_list import FakePricing, tells_the_demo

NEWEST = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
IMAGES = [
    {"name": "Small Linux", "description": "Amazon Linux 2023", "parameter": NEWEST},
    {"name": "Our web server", "image_id": "ami-0aaaaaaaaaaaaaaa0"},
]


class FakeParameters:
    """AWS's public parameters; counts how many it was asked for at once."""

    def __init__(self, **values):
        self.values = values
        self.asked = []

    def can_paginate(self, _):
        return False

    def get_parameters(self, *, Names):
        self.asked.append(Names)
        known = [
            {"Name": name, "Value": self.values[name]} for name in Names if name in self.values
        ]
        return {"Parameters": known, "InvalidParameters": []}


class Desk:
    """The room over moto's EC2, composed from its environment as in AWS."""

    def __init__(self, patch):
        settings = CatalogueSettings(
            stage="dev",
            targets=TARGETS,
            images=json.dumps({"": IMAGES}),
            instance_types="t2.micro,t3.small",
        )
        room.deps.cache_clear()
        with pytest.MonkeyPatch.context() as environment:
            for name, value in settings.environment().items():
                environment.setenv(name, value)
            composed = room.deps()
        room.deps.cache_clear()
        self.ssm = FakeParameters(**{NEWEST: INSTANCE["image_id"]})
        pricing = FakePricing()
        tells_the_demo(pricing)
        self.clients = {"ec2": client("ec2"), "ssm": self.ssm, "pricing": pricing}
        self.deps = replace(
            composed,
            readings=lambda _, seconds: Readings(self.clients, seconds=seconds),
            clock=Clock(),
        )
        patch.setattr(room, "deps", lambda: self.deps)

    def change(self, service, **operations):
        self.clients[service] = Changed(self.clients[service], **operations)

    def ask(self, *operations, seconds=10.0):
        calls = [
            {"id": f"call_{number}", "function": one, "operation": one, "arguments": {}}
            for number, one in enumerate(operations, 1)
        ]
        event = {"v": 1, "agent": "ec2", "manifest": "m", "seconds": seconds, "calls": calls}
        answer = room.handler(event, LambdaContext())
        assert answer["v"] == 1
        assert [one["id"] for one in answer["results"]] == [call["id"] for call in calls]
        return answer["results"]

    def value(self, operation):
        [result] = self.ask(operation)
        assert result["status"] == "succeeded", result
        return json.loads(result["text"])


@pytest.fixture
def desk(account, monkeypatch):
    return Desk(monkeypatch)


def test_every_read_of_the_table_has_its_listing():
    assert LISTINGS.keys() == READS


def test_an_image_is_the_one_that_its_parameter_or_its_id_names(desk):
    make_image("ami-0aaaaaaaaaaaaaaa0", architecture="arm64")
    assert desk.value("list_images") == {
        "region": REGION,
        "images": [
            {
                "name": "Small Linux",
                "description": "Amazon Linux 2023",
                "image_id": INSTANCE["image_id"],
                "architecture": "x86_64",
            },
            {
                "name": "Our web server",
                "description": "",
                "image_id": "ami-0aaaaaaaaaaaaaaa0",
                "architecture": "arm64",
            },
        ],
    }
    client("ec2").deregister_image(ImageId="ami-0aaaaaaaaaaaaaaa0")


def test_an_image_that_is_not_there_has_no_id_to_launch(desk):
    [_, gone] = desk.value("list_images")["images"]
    assert gone["problem"] == "this image is not there now; choose another"
    assert "image_id" not in gone


def test_a_parameter_that_aws_does_not_know_hides_no_other_image(desk):
    desk.ssm.values.clear()
    unknown, _ = desk.value("list_images")["images"]
    assert "problem" in unknown


def test_an_empty_catalogue_says_what_to_do(desk):
    desk.deps = replace(desk.deps, images={"": ()})
    value = desk.value("list_images")
    assert value["images"] == []
    assert "ask the person for an AMI id" in value["note"]
    assert desk.ssm.asked == []


def test_parameters_are_asked_for_ten_at_a_time(desk):
    images = tuple(Image(name=f"n{n}", parameter=f"/aws/service/{n:02}") for n in range(23))
    desk.deps = replace(desk.deps, images={"": images})
    desk.value("list_images")
    assert sorted(len(names) for names in desk.ssm.asked) == [3, 10, 10]


def test_key_pairs_are_listed_by_name(desk):
    names = [{"KeyName": "zulu", "KeyType": "rsa"}, {"KeyName": "alpha", "KeyType": "ed25519"}]
    desk.change("ec2", describe_key_pairs=answering(KeyPairs=names))
    assert desk.value("list_key_pairs") == {
        "region": REGION,
        "key_pairs": [{"name": "alpha", "type": "ed25519"}, {"name": "zulu", "type": "rsa"}],
    }


def test_a_key_pair_s_name_that_no_launch_may_use_is_left_out_and_counted(desk):
    names = ["good", "bad\nname", "\u202egood", " good", "x" * 256]
    pairs = [{"KeyName": name, "KeyType": "rsa"} for name in names]
    desk.change("ec2", describe_key_pairs=answering(KeyPairs=pairs))
    value = desk.value("list_key_pairs")
    assert [pair["name"] for pair in value["key_pairs"]] == ["good"]
    assert value["left_out"] == 4


def test_a_long_list_ends_early_and_says_how_much_is_missing(desk):
    pairs = [{"KeyName": f"{number:0250}", "KeyType": "rsa"} for number in range(500)]
    desk.change("ec2", describe_key_pairs=answering(KeyPairs=pairs))
    [result] = desk.ask("list_key_pairs")
    assert TEXT_BYTES - 400 < len(result["text"].encode()) <= TEXT_BYTES
    value = json.loads(result["text"])
    assert len(value["key_pairs"]) + value["left_out"] == 500


def test_types_have_size_and_price(desk):
    micro, small = desk.value("list_instance_types")["instance_types"]
    assert (micro["type"], micro["vcpus"], micro["memory_gib"]) == ("t2.micro", 1, 1.0)
    assert "x86_64" in micro["architecture"]
    assert (micro["usd_per_hour"], micro["price_source"]) == ("0.0200", "list")
    assert (small["type"], small["price_source"][:6]) == ("t3.small", "table ")


def test_where_the_price_list_is_silent_the_shipped_table_tells_its_date(desk):
    desk.change("pricing", get_products=failing(client_error("AccessDeniedException")))
    [micro, _] = desk.value("list_instance_types")["instance_types"]
    assert (micro["usd_per_hour"], micro["price_source"][:6]) == ("0.0116", "table ")


def test_types_are_listed_without_sizes_where_aws_does_not_tell_them(desk):
    desk.change("ec2", describe_instance_types=failing(client_error("UnauthorizedOperation")))
    [micro, _] = desk.value("list_instance_types")["instance_types"]
    assert micro["type"] == "t2.micro"
    assert "vcpus" not in micro


def test_without_a_type_that_may_be_launched_none_is_asked_for(desk):
    desk.deps = replace(desk.deps, instance_types=())
    desk.change("ec2", describe_instance_types=failing(RuntimeError("asked")))
    assert desk.value("list_instance_types")["instance_types"] == []


def test_one_listing_that_fails_leaves_the_others_alone(desk):
    desk.change("ec2", describe_key_pairs=failing(client_error("RequestLimitExceeded")))
    images, pairs, types = desk.ask("list_images", "list_key_pairs", "list_instance_types")
    assert [one["status"] for one in (images, pairs, types)] == ["succeeded", "failed", "succeeded"]
    assert "try again" in json.loads(pairs["text"])["error"]


def test_what_no_listing_is_named_after_fails_and_asks_nothing(desk):
    [result] = desk.ask("terminate_instances")
    assert result["status"] == "failed"


def test_listings_of_one_answer_are_asked_at_once(desk):
    meeting = threading.Barrier(2, timeout=5)

    def meets(answer):
        def method(**_):
            meeting.wait()
            return answer

        return method

    desk.change(
        "ec2",
        describe_key_pairs=meets({"KeyPairs": []}),
        describe_instance_types=meets({"InstanceTypes": []}),
    )
    results = desk.ask("list_key_pairs", "list_instance_types")
    assert {one["status"] for one in results} == {"succeeded"}


def test_it_gives_up_before_chat_does(desk):
    waiting = threading.Event()
    desk.change("ec2", describe_key_pairs=lambda **_: waiting.wait(5) or {})
    try:
        [result] = desk.ask("list_key_pairs", seconds=0.6)
    finally:
        waiting.set()
    assert "in time" in json.loads(result["text"])["error"]
