"""Figures about networks and hours that models get wrong by themselves. Pure Python, without a network."""

import ipaddress
from itertools import islice
from typing import Any

HOURS_OF_A_MONTH = 730
MOST_SUBNETS = 32


def subnets(cidr: str, prefix: int) -> tuple[dict[str, Any], str | None]:
    """Divide a network into subnets of one size, with what AWS leaves for instances in each."""
    network = ipaddress.ip_network(cidr)
    if network.version != 4 or not 16 <= prefix <= 28:
        return {"error": "A subnet in AWS is an IPv4 block between /16 and /28."}, None
    if prefix < network.prefixlen:
        return {"error": f"{cidr} is smaller than a /{prefix}."}, None
    count = 2 ** (prefix - network.prefixlen)
    first = [str(one) for one in islice(network.subnets(new_prefix=prefix), MOST_SUBNETS)]
    usable = 2 ** (32 - prefix) - 5
    told = {"count": count, "first": first, "usable_addresses_each": usable}
    return told, f"{cidr} holds {count} subnets of {usable} usable addresses."


def monthly_cost(
    usd_per_hour: float, instances: int, hours_per_day: float = 24
) -> dict[str, float]:
    """What instances cost in a month of 730 hours, in US dollars."""
    hours = HOURS_OF_A_MONTH * hours_per_day / 24
    cost = round(usd_per_hour * instances * hours, 2)
    return {"usd_per_month": cost, "hours_each": round(hours, 1)}
