"""Where people may come from: asked of every request before anything else of it is looked at."""

import os
from dataclasses import dataclass
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from functions.shared.errors import NotAllowed
from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontSettings(Settings):
    """What every room has that answers people."""

    allowed_cidrs: str
    """Networks, separated by commas; empty: people may come from everywhere."""


class AddressNotAllowed(NotAllowed):
    code = "address_not_allowed"

    def __init__(self, source_ip: str) -> None:
        super().__init__(
            f"Countersign does not answer the address {source_ip[:45]}: "
            "come from a network that your operator allows."
        )


def admit(source_ip: str) -> None:
    """Raises `AddressNotAllowed` for an address, as the gateway saw it, outside the operator's networks."""
    allowed = FrontSettings.load(os.environ).allowed_cidrs
    if allowed and not is_inside(source_ip, allowed):
        raise AddressNotAllowed(source_ip)


def is_inside(source_ip: str, networks: str) -> bool:
    """Whether the address lies in one of the networks; what is no address lies in none."""
    try:
        address = plain(ip_address(source_ip))
    except ValueError:
        return False
    return any(address in network for network in networks_of(networks))


def plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4 address that came in IPv6's form, as itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@cache
def networks_of(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of the setting."""
    return tuple(ip_network(one) for one in text.split(","))
