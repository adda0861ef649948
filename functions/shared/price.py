"""What an instance costs: by the hour, by the month, to the end of its lease. Decimal all the way, text at the end."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

HOURS_A_MONTH = 730
TABLE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk that starts with the instance."""

    type: str
    gib: int
    is_paid_by_size: bool = True
    """Whether type and size are all that is paid for: no extra operations or throughput."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What is paid for."""

    instance_type: str
    volumes: tuple[Volume, ...]
    has_public_address: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices of the parts, in USD, all of one source and day; `source` is `list` or `table`."""

    instance_hour: Decimal
    gib_month: Mapping[str, Decimal]
    public_address_hour: Decimal
    source: str
    as_of: str


def price_of(priced: Priced, rates: Rates, *, lease_hours: int) -> dict[str, Any]:
    """The price as plan and page carry it."""
    disks = sum(
        (volume.gib * rates.gib_month[volume.type] for volume in priced.volumes), Decimal(0)
    )
    hourly = rates.instance_hour + disks / HOURS_A_MONTH
    if priced.has_public_address:
        hourly += rates.public_address_hour
    return {
        "currency": "USD",
        "hourly": _rounded(hourly, "0.0001"),
        "monthly": _rounded(hourly * HOURS_A_MONTH, "0.01"),
        "lease": _rounded(hourly * lease_hours, "0.01"),
        "source": rates.source,
        "as_of": rates.as_of,
    }


def table_rates(priced: Priced, region: str) -> Rates | None:
    """The shipped table's rates, if it knows every part."""
    table = _table()
    prices = table["regions"].get(region)
    types = {volume.type for volume in priced.volumes}
    if prices is None or priced.instance_type not in prices["instance_hour"]:
        return None
    if not types <= prices["gib_month"].keys():
        return None
    return Rates(
        instance_hour=Decimal(prices["instance_hour"][priced.instance_type]),
        gib_month={type: Decimal(prices["gib_month"][type]) for type in types},
        public_address_hour=Decimal(table["public_address_hour"]),
        source="table",
        as_of=table["as_of"],
    )


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def _rounded(amount: Decimal, step: str) -> str:
    return f"{amount.quantize(Decimal(step), rounding=ROUND_HALF_UP):f}"
