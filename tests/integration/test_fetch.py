"""The one way out against real sockets: attack cases F3 and F4."""

import threading

import pytest

from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import Fetcher, Outgoing
from tests.support.certificates import proving, trusting
from tests.support.egress import (
    GET,
    GET_PATH,
    HOST,
    OTHER,
    POST,
    Network,
    allowance,
    fetch,
    redirecting,
    refused,
)
from tests.support.stub_service import answered, stub_service

PUBLIC = "93.184.216.34"


@pytest.fixture
def service():
    with stub_service() as service:
        yield service


def test_a_manifest_s_header_stands_in_the_place_of_ours(service):
    headers = {"accept": "text/csv", "USER-AGENT": "Ours"}
    fetch(service, Outgoing("GET", GET.url, headers))
    [seen] = service.requests
    assert (seen.headers["accept"], seen.headers["user-agent"]) == ("text/csv", "Ours")
    assert len(seen.headers) == 5


def test_a_request_arrives_as_it_was_made_and_asks_for_nothing_encoded(service):
    answer = fetch(service)
    assert (answer.status, answer.body) == (200, b"hello")
    [seen] = service.requests
    assert (seen.method, seen.path) == ("GET", "/start?q=1")
    assert seen.headers["host"] == HOST
    assert seen.headers["authorization"] == "key k3y"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["connection"] == "close"


def test_proxies_of_the_environment_are_not_used(service, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(service).status == 200


@pytest.mark.parametrize(
    "location",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://[::1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://localhost/",
        "https://[bad/",
        "https://a]b/",
        "https://evil.example/",
        "http://api.example.com/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "gopher://api.example.com:70/",
        "ftp://api.example.com/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "//evil.example/",
        "https://api.example.com@evil.example/",
        "https://api.example.com:8443/",
        "\\\\evil.example\\",
    ],
)
def test_f3_a_redirect_anywhere_else_is_not_followed(service, location):
    service.answers = lambda seen: redirecting(location) if seen.path == GET_PATH else answered()
    if location.startswith("\\"):
        assert fetch(service).status == 200
        assert [seen.headers["host"] for seen in service.requests] == [HOST, HOST]
        return
    failed = refused(service)
    assert failed.code == "redirect_refused"
    assert "302" in str(failed)
    assert len(service.requests) == 1


def test_f3_a_redirect_at_home_is_followed_with_the_secret(service):
    service.answers = lambda seen: (
        redirecting("/änd?b=ü c") if seen.path == GET_PATH else answered("end")
    )
    assert fetch(service).body == b"end"
    assert service.requests[1].headers["authorization"] == "key k3y"
    assert service.requests[1].path == "/%C3%A4nd?b=%C3%BC%20c"


def test_f3_a_secret_never_goes_to_another_host_not_even_on_the_way_back(service):
    ways = {
        GET_PATH: f"https://{OTHER}/two",
        "/two": f"https://{HOST}/three",
    }
    service.answers = lambda seen: (
        redirecting(ways[seen.path]) if seen.path in ways else answered("end")
    )
    assert fetch(service).body == b"end"
    hosts = [seen.headers["host"] for seen in service.requests]
    assert hosts == [HOST, OTHER, HOST]
    assert "k3y" not in str(service.requests[1].headers)


@pytest.mark.parametrize("written", ["k3y", "%6b3y", "k%33y"])
def test_f3_a_redirect_that_holds_the_secret_is_not_followed_to_another_host(service, written):
    service.answers = lambda seen: redirecting(f"https://{OTHER}/?token={written}")
    assert refused(service).code == "redirect_refused"
    assert len(service.requests) == 1


def test_f3_redirects_are_counted_and_may_be_off(service):
    service.answers = lambda seen: redirecting("/again")
    assert refused(service).code == "too_many_redirects"
    assert len(service.requests) == 4
    assert fetch(service, redirects=0).status == 302


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_f3_what_changes_something_is_never_redirected(service, status):
    service.answers = lambda seen: redirecting("/elsewhere", status)
    assert fetch(service, POST).status == int(status[:3])
    assert len(service.requests) == 1


def test_f4_a_host_is_resolved_once_and_that_address_is_connected_to():
    with stub_service(proving(HOST)) as service:
        network = Network(service, [PUBLIC], ["127.0.0.1"])
        assert network.fetcher()(GET, allowance()).body == b"hello"
    assert network.asked == [HOST]
    assert network.connected == [(PUBLIC, 443)]


def test_f4_the_next_hop_is_resolved_and_checked_again():
    with stub_service(proving(HOST)) as service:
        service.answers = lambda seen: redirecting("/again")
        network = Network(service, [PUBLIC], ["169.254.169.254"])
        with pytest.raises(ActionFailed) as failed:
            network.fetcher()(GET, allowance())
    assert failed.value.code == "address_refused"
    assert network.connected == [(PUBLIC, 443)]


@pytest.mark.parametrize(
    "addresses",
    [
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC, "::1"],
        [PUBLIC, "64:ff9b::a9fe:a9fe"],
        ["2600:1f18::1", "fe80::1%1"],
    ],
)
def test_f4_one_private_address_among_public_ones_refuses_them_all(service, addresses):
    network = Network(service, addresses)
    with pytest.raises(ActionFailed) as failed:
        network.fetcher()(GET, allowance())
    assert (failed.value.code, network.connected) == ("address_refused", [])


def test_an_address_that_is_not_there_leaves_the_next_one():
    with stub_service(proving(HOST)) as service:
        network = Network(service, ["2600:1f18::1", PUBLIC])

        def connect(address, *rest, **named):
            if ":" in address:
                raise OSError(101, "Network is unreachable")
            return network.connect(address, *rest, **named)

        fetcher = Fetcher(resolve=network.resolve, connect=connect, tls=trusting())
        assert fetcher(GET, allowance()).status == 200


@pytest.mark.parametrize("proof", [("evil.example", 1), (HOST, -1)])
def test_a_host_that_does_not_prove_its_name_is_sent_nothing(proof):
    with stub_service(proving(proof[0], days=proof[1])) as service:
        network = Network(service, [PUBLIC])
        with pytest.raises(ActionFailed) as failed:
            network.fetcher()(GET, allowance())
    assert failed.value.code == "tls_failed"
    assert not failed.value.was_sent
    assert service.requests == []


def test_a_name_that_cannot_be_resolved_or_has_no_address_is_said(service):
    def unknown(host, port):
        raise OSError(-2, "Name or service not known")

    for resolve in (unknown, lambda *_: []):
        with pytest.raises(ActionFailed) as failed:
            Fetcher(resolve=resolve)(GET, allowance())
        assert failed.value.code == "host_unknown"


def test_a_resolver_that_hangs_is_left_when_the_time_is_over():
    over = threading.Event()

    def hangs(host, port):
        over.wait()
        return []

    with pytest.raises(ActionFailed) as failed:
        Fetcher(resolve=hangs)(GET, allowance(seconds=0.05))
    over.set()
    assert failed.value.code == "timed_out"


def test_a_host_that_listens_nowhere_is_told_and_nothing_was_sent():
    with stub_service() as service:
        pins = {HOST: service.pin}
    with pytest.raises(ActionFailed) as failed:
        Fetcher(pins=pins)(GET, allowance())
    assert (failed.value.code, failed.value.was_sent) == ("no_connection", False)
