"""Clients that look around in targets for somebody who waits: they give up early."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, partial
from typing import Any

import boto3
from botocore.config import Config

from functions.shared.price_list import SERVED_IN
from functions.shared.target_clients import TargetClients
from functions.shared.targets import Target

QUICK = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
)


class Looking:
    """What a room asks of a target, by service; the price list has a home of its own, and is for every account."""

    def __init__(self, *services: str, session_name: str, clock: Callable[[], datetime]) -> None:
        self._services = services
        self._there = TargetClients(
            partial(_quick, "sts"),
            role_of=lambda target: target.look_role,
            session_name=session_name,
            config=QUICK,
            clock=clock,
        )

    def clients(self, target: Target) -> dict[str, Any]:
        """Raises what the assuming of the target's role raises."""
        there = {service: self._there.client(service, target) for service in self._services}
        return there | {"pricing": self._price_list}

    @cached_property
    def _price_list(self) -> Any:
        return _quick("pricing", SERVED_IN)


def _quick(service: str, region: str | None = None) -> Any:
    make: Any = boto3.client
    return make(service, region_name=region, config=QUICK)
