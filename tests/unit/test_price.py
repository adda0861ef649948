"""What an instance costs: summed exactly, rounded once, from one source, or not at all."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest

from functions.shared.price import TABLE, Priced, Rates, Volume, price_of, table_rates
from functions.shared.price_list import GIB_MONTHS, HOURS, one_price
from tests.support.price_list import product

RATES = Rates(
    instance_hour=Decimal("0.0104"),
    gib_month={"gp3": Decimal("0.08")},
    public_address_hour=Decimal("0.005"),
    source="list",
    as_of="2026-11-21",
)
T3_MICRO = Priced(instance_type="t3.micro", volumes=(Volume("gp3", 8),), has_public_address=True)


def test_a_price_is_the_instance_its_disks_and_its_public_address():
    # 0.0104 + 8 × 0.08 / 730 + 0.005 = 0.016276712…
    assert price_of(T3_MICRO, RATES, lease_hours=8) == {
        "currency": "USD",
        "hourly": "0.0163",
        "monthly": "11.88",
        "lease": "0.13",
        "source": "list",
        "as_of": "2026-11-21",
    }


def test_without_a_public_address_none_is_paid_for():
    private = Priced(instance_type="t3.micro", volumes=T3_MICRO.volumes, has_public_address=False)
    assert price_of(private, RATES, lease_hours=72)["hourly"] == "0.0113"
    assert price_of(private, RATES, lease_hours=72)["lease"] == "0.81"


def test_every_disk_is_paid_for():
    big = Priced(
        instance_type="t3.micro",
        volumes=(Volume("gp3", 8), Volume("gp3", 16_384)),
        has_public_address=False,
    )
    assert price_of(big, RATES, lease_hours=8)["monthly"] == "1318.95"


@pytest.mark.parametrize(
    ("hour", "hourly", "monthly"),
    [
        ("0.00005", "0.0001", "0.04"),
        ("0.00015", "0.0002", "0.11"),
        ("0.00004999", "0.0000", "0.04"),
        ("1234.56785", "1234.5679", "901234.53"),
    ],
)
def test_halves_are_rounded_up_and_only_at_the_end(hour, hourly, monthly):
    rates = Rates(
        instance_hour=Decimal(hour),
        gib_month={},
        public_address_hour=Decimal(0),
        source="list",
        as_of="2026-11-21",
    )
    bare = Priced(instance_type="any", volumes=(), has_public_address=False)
    price = price_of(bare, rates, lease_hours=1)
    assert (price["hourly"], price["monthly"]) == (hourly, monthly)


def test_money_is_text_without_exponents():
    for value in price_of(T3_MICRO, RATES, lease_hours=720).values():
        assert isinstance(value, str)
        assert "e" not in value.lower().replace("list", "")


def test_the_shipped_table_prices_the_demo_with_its_own_date():
    rates = table_rates(T3_MICRO, "ap-northeast-1")
    price = price_of(T3_MICRO, rates, lease_hours=8)
    assert (price["source"], price["hourly"]) == ("table", "0.0197")
    assert price["as_of"] == json.loads(TABLE.read_text())["as_of"]


@pytest.mark.parametrize(
    ("region", "instance_type", "volume_type"),
    [
        ("mars-north-1", "t3.micro", "gp3"),
        ("us-east-1", "p5.48xlarge", "gp3"),
        ("us-east-1", "t3.micro", "io2"),
    ],
)
def test_the_table_tells_nothing_where_it_lacks_one_part(region, instance_type, volume_type):
    priced = Priced(
        instance_type=instance_type, volumes=(Volume(volume_type, 8),), has_public_address=True
    )
    assert table_rates(priced, region) is None


def test_the_table_is_whole_dated_and_names_its_source():
    table = json.loads(TABLE.read_text())
    assert date.fromisoformat(table["as_of"])
    assert "https://aws.amazon.com/ec2/pricing/on-demand/" in table["source"]
    assert {"us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1",
            "ap-northeast-1", "ap-southeast-1"} <= table["regions"].keys()  # fmt: skip
    for prices in table["regions"].values():
        assert {"t2.micro", "t2.small", "t3.micro", "t3.small"} <= prices["instance_hour"].keys()
        assert prices["gib_month"].keys() == {"gp2", "gp3"}
        for price in [*prices["instance_hour"].values(), *prices["gib_month"].values()]:
            assert re.fullmatch(r"0\.\d{2,4}", price), price


def test_the_list_s_price_is_read_from_its_strings_of_json():
    answer = {"PriceList": [product("0.0104000000", unit="Hrs")]}
    assert one_price(answer, units=HOURS) == Decimal("0.0104")


def test_reserved_capacity_and_free_tiers_are_listed_with_zero_and_not_meant():
    answer = {"PriceList": [product("0.0000000000"), product("0.0104"), product("0.0104")]}
    assert one_price(answer, units=HOURS) == Decimal("0.0104")


def test_two_different_prices_are_no_price():
    answer = {"PriceList": [product("0.0104"), product("0.0208")]}
    assert one_price(answer, units=HOURS) is None


def test_only_the_unit_that_was_asked_for_counts():
    answer = {"PriceList": [product("0.005", unit="IOPS-Mo"), product("0.08", unit="GB-Mo")]}
    assert one_price(answer, units=GIB_MONTHS) == Decimal("0.08")


def test_an_idle_address_is_not_one_in_use():
    idle = product("0.009", usagetype="APN1-PublicIPv4:IdleAddress")
    used = product("0.005", usagetype="APN1-PublicIPv4:InUseAddress")
    answer = {"PriceList": [idle, used]}
    assert one_price(answer, units=HOURS, usage="PublicIPv4:InUseAddress") == Decimal("0.005")


@pytest.mark.parametrize(
    "listed",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"product": 1, "terms": []}',
        '{"terms": {"OnDemand": {"a": {"priceDimensions": null}}}}',
        '{"terms": {"OnDemand": {"a": {"priceDimensions": {"b": 5}}}}}',
        '{"terms": {"OnDemand": {"a": 7}}}',
        product("NaN"),
        product("Infinity"),
        product("-1"),
        product("free"),
        product(None),
        None,
        17,
    ],
)
def test_whatever_else_the_list_says_is_no_price(listed):
    assert one_price({"PriceList": [listed]}, units=HOURS) is None
    beside = {"PriceList": [listed, product("0.0104")]}
    assert one_price(beside, units=HOURS) == Decimal("0.0104")


@pytest.mark.parametrize("answer", [{}, {"PriceList": None}, {"PriceList": []}])
def test_an_empty_list_is_no_price(answer):
    assert one_price(answer, units=HOURS) is None
