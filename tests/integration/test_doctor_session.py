"""The session in which doctor asks AWS: it gives up early, and makes one client at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from cli.doctor.session import open_session

NOBODY_COMES_SECONDS = 0.2


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return open_session("eu-west-1")


def test_its_clients_are_of_the_page_s_region_and_give_up_early(session):
    config = session.client("ssm").meta.config
    assert config.region_name == "eu-west-1"
    assert (config.connect_timeout, config.read_timeout) == (5, 10)
    assert config.retries["total_max_attempts"] == 2


def test_checks_that_run_side_by_side_make_their_clients_one_at_a_time(monkeypatch, session):
    two = threading.Barrier(2)
    make = boto3.Session.client

    def alone(self, *named, **more):
        with pytest.raises(threading.BrokenBarrierError):
            two.wait(NOBODY_COMES_SECONDS)
        return make(self, *named, **more)

    monkeypatch.setattr(boto3.Session, "client", alone)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(session.client, ("ssm", "sns")))
    assert [one.meta.service_model.service_name for one in made] == ["ssm", "sns"]
