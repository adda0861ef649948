"""An operator's commands in this process: a page, a stack's outputs, and services that a test makes up or moto's."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.__main__ import main
from cli.operator import Deployment
from functions.shared.aws import client
from infra.page import Page
from tests.support.account import ACCOUNT_ID, REGION

LEAST = {"stage": "dev", "launch": "live", "region": REGION, "account": ACCOUNT_ID}


@dataclass
class Services:
    """AWS as the operator's credentials reach it: what is named here is made up, the rest is moto's."""

    made_up: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, **_: Any) -> Any:
        return self.made_up.get(service) or client(service)


@dataclass
class Operator:
    """Somebody with a deployment and a shell."""

    deployment: Deployment
    services: Services
    read: Callable[[], Any]

    def runs(self, *arguments: str) -> tuple[int, str, str]:
        """One command: exit status, and what it put out and beside."""
        self.read()
        status = main(arguments)
        said = self.read()
        return status, said.out, said.err


def operate(
    patch: pytest.MonkeyPatch,
    read: Callable[[], Any],
    *,
    outputs: dict[str, str],
    model: dict[str, Any],
    commands: tuple[str, ...],
) -> Operator:
    """An operator of a stack with these outputs; `commands` are the modules that look for a deployment."""
    services = Services()
    page = Page.model_validate({**LEAST, "model": model})
    deployment = Deployment(page, Path("/nowhere"), ACCOUNT_ID, outputs, services)
    for module in commands:
        patch.setattr(f"{module}.deployment_of", lambda _: deployment)
    return Operator(deployment, services, read)
