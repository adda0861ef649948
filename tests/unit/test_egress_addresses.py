"""Attack cases F1 and F2: no spelling of an address inside leads there, whoever allowed it."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as some

from functions.run_action.addresses import may_be_reached
from functions.run_action.deadline import Deadline
from functions.run_action.endpoint import endpoint_of
from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import Allowance, Fetcher, Outgoing

INSIDE = (
    "169.254.169.254",  # metadata of EC2
    "169.254.170.2",  # credentials of ECS
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
)
OTHERS = (
    "localhost",
    "LOCALHOST",
    "localhost.localdomain.",
    "[::1]",
    "::1",
    "::",
    "[::]",
    "fd00:ec2::254",
    "[fd00:ec2::254]",
    "fd00:ec2::23",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "[fe80::1%25eth0]",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "3fff::1",
    "3ffe::1",
    "5f00::1",
    "4000::1",
    "192.0.0.170",
    "192.0.2.7",
    "192.88.99.1",
    "198.51.100.9",
    "203.0.113.9",
    "240.0.0.1",
    "168.63.129.16",
    "１６９.254.169.254",
    "169。254。169。254",
    "①⑥⑨.254.169.254",
    "user@169.254.169.254",
    "api.example.com@169.254.169.254",
    "169.254.169.254:80",
    "127.0.0.1:9001",
    "metadata",
    "127.1.",
    "0",
    "0x",
    "%31%36%39.254.169.254",
    "169.254.169.254%00.example.com",
    "169.254.169.254\\.example.com",
    "169.254.169.254#.example.com",
    "169.254.169.254?.example.com",
    "",
)


def spellings(dotted):
    """Ways to write one IPv4 address that some resolver, library or network takes for it."""
    address = ipaddress.IPv4Address(dotted)
    number = int(address)
    parts = dotted.split(".")
    upper, lower = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    inverted = 0xFFFFFFFF ^ number
    yield dotted
    yield dotted + "."
    yield str(number)
    yield hex(number)
    yield hex(number).upper()
    yield f"0{number:o}"
    yield f"0x{number:010x}"
    yield ".".join(hex(int(part)) for part in parts)
    yield ".".join(f"0{int(part):o}" for part in parts)
    yield ".".join(f"000{int(part):o}" for part in parts)
    yield ".".join([hex(int(parts[0])), *parts[1:]])
    yield f"{parts[0]}.{number & 0xFFFFFF}"
    yield f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"
    yield f"0x{int(parts[0]):x}.{number & 0xFFFFFF}"
    for prefix in ("::ffff:", "::ffff:0:", "::", "64:ff9b::", "64:ff9b:1::", "2002:7f00:1::"):
        yield f"{prefix}{upper}:{lower}"
        yield f"[{prefix}{upper}:{lower}]"
    yield f"::ffff:{dotted}"
    yield f"0:0:0:0:0:ffff:{upper}:{lower}"
    yield f"64:ff9b::{dotted}"
    yield f"64:ff9b:1:fffe::{upper}:{lower}"
    yield f"2002:{upper}:{lower}::"
    yield f"2002:{upper}:{lower}::1"
    yield f"2001:0:4136:e378:8000:63bf:{inverted >> 16:x}:{inverted & 0xFFFF:x}"
    yield f"2600:1f18::5efe:{upper}:{lower}"
    yield f"2600:1f18::200:5efe:{upper}:{lower}"
    yield f"fe80::5efe:{upper}:{lower}"


FORBIDDEN = sorted({spelling for dotted in INSIDE for spelling in spellings(dotted)} | set(OTHERS))


def as_resolved(host):
    """What the C library makes of it: getaddrinfo turns numbers into addresses without asking anybody."""
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except (OSError, UnicodeError):
        return [host.strip("[]")]


def fetched(url, hosts, resolve):
    connections = []

    def connect(address, port, **_):
        connections.append(address)
        raise OSError

    fetcher = Fetcher(resolve=resolve, connect=connect)
    allowance = Allowance(hosts=hosts, deadline=Deadline.after(5), bytes=100)
    with pytest.raises(ActionFailed) as refused:
        fetcher(Outgoing("GET", url, {}), allowance)
    return refused.value.code, connections


def test_at_least_two_hundred_spellings_are_tried():
    assert len(FORBIDDEN) >= 200


@pytest.mark.parametrize("spelling", FORBIDDEN)
def test_a_forbidden_address_is_reached_by_no_spelling(spelling):
    as_host, first = fetched(
        f"https://{spelling}/latest",
        {spelling, spelling.lower()},
        lambda host, _: as_resolved(host),
    )
    by_name, second = fetched(
        "https://api.example.com/latest", {"api.example.com"}, lambda *_: as_resolved(spelling)
    )
    assert (first, second) == ([], [])
    assert as_host in ("url_refused", "host_refused", "host_not_allowed")
    assert by_name == "address_refused"


def test_a_host_is_named_even_where_its_address_is_public():
    code, connections = fetched("https://1.1.1.1/", {"1.1.1.1"}, lambda host, _: [host])
    assert (code, connections) == ("host_refused", [])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "52.94.236.248", "2600:1f18::1", "2a00:1450:4001:81b::200e"]
)
def test_public_addresses_may_be_reached(address):
    assert may_be_reached(address)


@given(some.ip_addresses(v=4))
def test_no_ipv4_address_that_is_not_public_may_be_reached(address):
    if may_be_reached(str(address)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(some.ip_addresses(v=4), some.sampled_from(range(14, 40)))
def test_no_ipv6_address_carries_an_ipv4_address_anywhere(address, form):
    for carrying in list(spellings(str(address)))[form : form + 1]:
        assert not may_be_reached(carrying.strip("[]"))


@given(some.ip_addresses(v=6))
def test_only_global_unicast_of_ipv6_may_be_reached(address):
    if may_be_reached(str(address)):
        assert address in ipaddress.IPv6Network("2000::/3")
        assert address.sixtofour is None
        assert address.teredo is None


@given(some.text(min_size=1, max_size=60))
def test_whatever_stands_in_a_url_it_leads_to_an_allowed_name_or_nowhere(text):
    for url in (f"https://{text}/", f"https://api.example.com{text}", text):
        try:
            endpoint = endpoint_of(url, {"api.example.com"})
        except ActionFailed:
            continue
        assert (endpoint.host, endpoint.port) == ("api.example.com", 443)
        assert endpoint.path.isascii()
        assert not set(endpoint.path) & set(" \r\n\t#\\")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/",
        "file:///etc/passwd",
        "gopher://api.example.com/",
        "ftp://api.example.com/",
        "//api.example.com/",
        "https:api.example.com",
        "https:/api.example.com/",
        "https:///api.example.com/",
        "https://api.example.com:80/",
        "https://api.example.com:0443/",
        "https://api.example.com.:443/",
        "https://api.example.com./",
        "https://API.EXAMPLE.COM.evil.example/",
        "https://api.example.com\\@evil.example/",
        "https://evil.example\\.api.example.com/",
        "https://api.example.com@evil.example/",
        "https://user:word@api.example.com/",
        "https://api.example.com%2f@evil.example/",
        "https://api.example.com\t.evil.example/",
        "https://api.example.com\n/",
        " https://api.example.com/",
        "https://аpi.example.com/",
        "https://api.example。com/",
        "https://api_.example.com/",
        "https://-api.example.com/",
        "https://api.example.com/%zz",
        "https://api.example.com/ä",
        "https://api.example.com:99999/",
        "https://api..example.com/",
        "",
    ],
)
def test_what_is_no_plain_https_url_of_an_allowed_host_is_refused(url):
    with pytest.raises(ActionFailed):
        endpoint_of(url, {"api.example.com"})


def test_case_does_not_matter_and_another_port_is_another_host():
    assert endpoint_of("HTTPS://API.example.com", {"api.example.com"}).path == "/"
    assert endpoint_of("https://a.example.com:8443/x?y", {"a.example.com:8443"}).port == 8443
    with pytest.raises(ActionFailed):
        endpoint_of("https://a.example.com:8443/", {"a.example.com"})
