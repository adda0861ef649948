"""The price of a request: AWS's list, or our dated table, or none, and the page can say which."""

from functions.shared.aws import client
from tests.support.launchable import IMAGE, make_image
from tests.support.preflight_desk import answering
from tests.support.price_list import tells_the_demo


def test_without_the_price_list_the_shipped_table_is_used_and_named(desk):
    assert desk.run()["price"] == {
        "currency": "USD",
        "hourly": "0.0175",
        "monthly": "12.76",
        "lease": "0.14",
        "source": "table",
        "as_of": "2026-11-21",
    }


def test_the_price_list_wins_and_carries_the_day(desk):
    tells_the_demo(desk.pricing)
    desk.clock.turn(24 * 3600)
    # 0.02 + 8 × 0.073 / 730 + 0.005
    assert desk.run()["price"] == {
        "currency": "USD",
        "hourly": "0.0258",
        "monthly": "18.83",
        "lease": "0.21",
        "source": "list",
        "as_of": "2026-11-22",
    }


def test_a_list_that_lacks_a_part_is_not_mixed_with_the_table(desk):
    tells_the_demo(desk.pricing)
    del desk.pricing.answers["gp3"]
    assert desk.run()["price"]["source"] == "table"


def test_neither_list_nor_table_means_no_price_and_that_is_told(desk):
    found = desk.run({"InstanceType": "m5.large"})
    assert found["price"] is None
    told = [fact["value"] for fact in found["facts"] if fact["key"] == "not_checked"]
    assert told == ["price: neither AWS's list nor our table tells it"]


def test_an_image_with_a_licence_is_not_priced_as_linux(desk):
    make_image("ami-0123456789abcdef0", platform="windows")
    found = desk.run({"ImageId": "ami-0123456789abcdef0"})
    assert found["price"] is None
    told = [fact["value"] for fact in found["facts"] if fact["key"] == "not_checked"]
    assert told == ["price: images of Windows cost more than Linux"]


def test_the_list_is_asked_once_a_day_for_linux_on_shared_hardware_in_this_region(desk):
    tells_the_demo(desk.pricing)
    desk.run()
    asked = [
        {one["Field"]: one["Value"] for one in request["Filters"]}
        for request in desk.pricing.requests
    ]
    assert asked[0] == {
        "regionCode": "us-east-1",
        "instanceType": "t2.micro",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    assert {one["regionCode"] for one in asked} == {"us-east-1"}
    assert len(asked) == 3
    desk.clock.turn(23 * 3600)
    desk.run()
    assert len(desk.pricing.requests) == 3
    desk.clock.turn(2 * 3600)
    desk.run()
    assert len(desk.pricing.requests) == 6


def test_a_disk_with_bought_speed_is_not_priced_by_its_size(desk):
    [image] = client("ec2").describe_images(ImageIds=[IMAGE])["Images"]
    image["BlockDeviceMappings"][0]["Ebs"]["Iops"] = 16_000
    desk.change(describe_images=answering(Images=[image]))
    found = desk.run()
    assert found["price"] is None
    told = [fact["value"] for fact in found["facts"] if fact["key"] == "not_checked"]
    assert told == ["price: the disks are paid for by more than their size"]
