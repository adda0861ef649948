"""Which addresses may be reached: those of the public Internet, under no other spelling of one that is not.

IPv6 by what is allowed (global unicast) less what carries an IPv4 address or belongs to nobody; IPv4 by what is not
public. The lists stand here because `ipaddress` calls some of these global, and says so differently in each release.
https://www.iana.org/assignments/iana-ipv4-special-registry
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback; Lambda's runtime API listens there
        "169.254.0.0/16",  # link-local: metadata and credentials of EC2 and ECS
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocols
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "168.63.129.16/32",  # another cloud's metadata, at a public address
    )
)
GLOBAL_6 = IPv6Network("2000::/3")
"""Global unicast. Beyond it: loopback, mapped and translated IPv4, NAT64, unique local, link-local, multicast."""
NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocols, among them Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)
ISATAP = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface identifier that ends in an IPv4 address: https://www.rfc-editor.org/rfc/rfc5214"""


def may_be_reached(address: str) -> bool:
    """Whether this numeric address, as a resolver writes it, is one of the public Internet."""
    try:
        return _is_public_4(IPv4Address(address))
    except AddressValueError:
        pass
    try:
        return _is_public_6(IPv6Address(address))
    except AddressValueError:
        return False


def _is_public_4(address: IPv4Address) -> bool:
    return address.is_global and not any(address in network for network in NOT_PUBLIC_4)


def _is_public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in GLOBAL_6:
        return False
    if (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        return False
    return address.is_global and not any(address in network for network in NOT_PUBLIC_6)
