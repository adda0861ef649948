"""Fetching from a stub: by a stand-in for its hosts, or over a made-up Internet."""

import itertools

import pytest

from functions.run_action.deadline import Deadline
from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import Allowance, Fetcher, Outgoing
from functions.run_action.wire import connected
from tests.support.certificates import trusting
from tests.support.stub_service import answered

HOST, OTHER = "api.example.com", "other.example.com"
ALLOWED = frozenset({HOST, OTHER})
GET_PATH = "/start?q=1"
GET = Outgoing("GET", f"https://{HOST}{GET_PATH}", {"Authorization": "key k3y"}, secrets=("k3y",))
POST = Outgoing("POST", f"https://{HOST}/orders", {}, b"{}")


def allowance(*, seconds=5.0, size=1000, redirects=3, hosts=ALLOWED):
    return Allowance(hosts=hosts, deadline=Deadline.after(seconds), bytes=size, redirects=redirects)


def fetch(service, outgoing=GET, **limits):
    pins = dict.fromkeys(ALLOWED, service.pin)
    return Fetcher(pins=pins, resolve=never_asked)(outgoing, allowance(**limits))


def never_asked(host, port):
    raise AssertionError(f"{host} was resolved")


def refused(service, outgoing=GET, **limits):
    with pytest.raises(ActionFailed) as failed:
        fetch(service, outgoing, **limits)
    return failed.value


def redirecting(location, status="302 Found"):
    return answered(status=status, headers={"Location": location})


class Network:
    """Names and connections of a made-up Internet; every connection ends at the service."""

    def __init__(self, service, *answers):
        self.asked, self.connected = [], []
        self._service = service
        self._answers = itertools.chain(answers, itertools.repeat(answers[-1]))

    def resolve(self, host, port):
        self.asked.append(host)
        return next(self._answers)

    def connect(self, address, port, *, name, tls, deadline):
        self.connected.append((address, port))
        return connected(*self._service.pin, name=name, tls=tls, deadline=deadline)

    def fetcher(self):
        return Fetcher(resolve=self.resolve, connect=self.connect, tls=trusting())
