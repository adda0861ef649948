"""The whole API in this process: the backend's rooms and those that need no table, behind one gateway."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import botocore.client
import pytest

import functions.pages.handler as pages
import functions.session.handler as session
from functions.pages.description import Description
from functions.session.cookies import Cookies
from functions.session.token_endpoint import TokenEndpoint
from functions.shared.agent import Agents
from functions.shared.settings import PagesSettings, SessionSettings
from tests.support.account import ORIGIN
from tests.support.api_gateway import ApiGateway
from tests.support.backend import Backend

SIGN_IN = "https://sign-in.example.com"
NOBODY_LISTENS = "http://127.0.0.1:9"
WRITES = ("Put", "Update", "Delete", "BatchWrite", "TransactWrite")


def gateway_of(patch: pytest.MonkeyPatch, backend: Backend, agents_file: Path) -> ApiGateway:
    """A gateway where a person's name in the backend is their access token."""
    _compose_pages(patch, agents_file)
    _compose_session(patch)
    handlers = {
        room: lambda event, context, room=room: _handler(room)(event, context)
        for room in (
            "chat",
            "conversations",
            "approvals",
            "decide_approval",
            "freeze",
            "notebooks",
            "session",
            "pages",
        )
    }
    known = backend.account.humans
    return ApiGateway(handlers, lambda token: backend.claims(token) if token in known else None)


def _handler(room: str):
    return __import__(f"functions.{room}.handler", fromlist=["handler"]).handler


def _compose_pages(patch: pytest.MonkeyPatch, agents_file: Path) -> None:
    settings = PagesSettings(
        stage="dev",
        agents_file=str(agents_file),
        model_label="a model",
        launch="live",
        self_confirm=False,
    )
    composed = pages.Deps(settings, Agents(str(agents_file)), Description())
    patch.setattr(pages, "deps", lambda: composed)


def _compose_session(patch: pytest.MonkeyPatch) -> None:
    settings = SessionSettings(
        origin=ORIGIN,
        login_url=SIGN_IN,
        token_url=NOBODY_LISTENS,
        client_id="web",
        terminal_client_id="terminal",
    )
    tokens = TokenEndpoint(
        token_url=NOBODY_LISTENS, client_id="web", redirect_uri=ORIGIN + session.CALLBACK
    )
    composed = session.Deps(settings=settings, cookies=Cookies.at(ORIGIN), tokens=tokens)
    patch.setattr(session, "deps", lambda: composed)


@contextlib.contextmanager
def writes() -> Iterator[list[str]]:
    """Every request that writes into a table, sends a mail or answers a workflow, until the end."""
    seen: list[str] = []
    ask = botocore.client.BaseClient._make_api_call

    def asked(self, operation, parameters):
        service = self.meta.service_model.service_name
        if service != "dynamodb" or operation.startswith(WRITES):
            seen.append(f"{service}:{operation}")
        return ask(self, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", asked)
        yield seen
