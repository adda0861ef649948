"""AWS's Price List, each price remembered for a day in this process.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from functions.shared.readings import NotRead, Readings

SERVED_IN = "us-east-1"
"""The API has few homes; this one knows every region's prices."""
KEPT = timedelta(days=1)
HOURS = frozenset({"Hrs", "Hours", "hours"})
GIB_MONTHS = frozenset({"GB-Mo", "GB-month"})

Quote = Callable[[], Decimal | None]
"""A price that is on its way; None where the list does not tell exactly one."""


class PriceList:
    """Asks only for what it has not heard within a day."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[datetime, Decimal]] = {}

    def instance_hour(
        self, readings: Readings, now: datetime, region: str, instance_type: str
    ) -> Quote:
        filters = {
            "instanceType": instance_type,
            "operatingSystem": "Linux",
            "tenancy": "Shared",
            "preInstalledSw": "NA",
            "capacitystatus": "Used",
        }
        return self._quote(readings, now, ("AmazonEC2", region), filters, units=HOURS)

    def gib_month(self, readings: Readings, now: datetime, region: str, volume_type: str) -> Quote:
        filters = {"productFamily": "Storage", "volumeApiName": volume_type}
        return self._quote(readings, now, ("AmazonEC2", region), filters, units=GIB_MONTHS)

    def public_address_hour(self, readings: Readings, now: datetime, region: str) -> Quote:
        filters = {"group": "VPCPublicIPv4Address"}
        return self._quote(
            readings,
            now,
            ("AmazonVPC", region),
            filters,
            units=HOURS,
            usage="PublicIPv4:InUseAddress",
        )

    def _quote(
        self,
        readings: Readings,
        now: datetime,
        of: tuple[str, str],
        filters: Mapping[str, str],
        *,
        units: frozenset[str],
        usage: str = "",
    ) -> Quote:
        key = (*of, *filters.values())
        at, known = self._known.get(key, (None, None))
        if at is not None and now - at < KEPT:
            return lambda: known
        service, region = of
        wanted = {"regionCode": region, **filters}
        reading = readings.ask(
            "pricing",
            "get_products",
            ServiceCode=service,
            Filters=[
                {"Type": "TERM_MATCH", "Field": field, "Value": value}
                for field, value in wanted.items()
            ],
        )

        def read() -> Decimal | None:
            try:
                price = one_price(reading.answer(), units=units, usage=usage)
            except NotRead:
                return None
            if price is not None:
                self._known[key] = (now, price)
            return price

        return read


def one_price(
    answer: Mapping[str, Any], *, units: frozenset[str], usage: str = ""
) -> Decimal | None:
    """The one price per unit on demand; None where there is none, or more than one."""
    found = {
        price
        for product in map(_product, answer.get("PriceList") or [])
        if _at(product, "product", "attributes").get("usagetype", "").endswith(usage)
        for dimension in _dimensions(product)
        if dimension.get("unit") in units and (price := _dollars(dimension)) is not None
    }
    return found.pop() if len(found) == 1 else None


def _product(listed: object) -> Mapping[str, Any]:
    """A product: the API sends each one as a string of JSON."""
    try:
        value = json.loads(listed) if isinstance(listed, str) else listed
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _dimensions(product: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for term in _at(product, "terms", "OnDemand").values():
        dimensions = _at({"term": term}, "term", "priceDimensions").values()
        yield from (one for one in dimensions if isinstance(one, dict))


def _dollars(dimension: Mapping[str, Any]) -> Decimal | None:
    """A price above zero; free tiers and reserved capacity are listed with zero."""
    try:
        price = Decimal(str(_at(dimension, "pricePerUnit").get("USD")))
    except InvalidOperation:
        return None
    return price if price.is_finite() and price > 0 else None


def _at(value: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The object at a path; an empty one where something else stands."""
    found: object = value
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
