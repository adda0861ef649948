"""The static shells, health, the API's description, the agents, and every address that has no route."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any

from functions.pages.description import Description
from functions.pages.static_files import asset, shell
from functions.shared.agent import Agents
from functions.shared.errors import NotFound, ProductError
from functions.shared.http import Request, Response, json_response, serve
from functions.shared.settings import PagesSettings


class MethodNotAllowed(ProductError):
    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"This address does not answer {method}.", headers={"Allow": allow})


@dataclass(frozen=True, slots=True)
class Deps:
    settings: PagesSettings
    agents: Agents
    description: Description


@cache
def deps() -> Deps:
    settings = PagesSettings.load(os.environ)
    return Deps(settings, Agents(settings.agents_file), Description())


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    return serve(event, context, ROUTES)


def start_page(request: Request) -> Response:
    return shell("chat.html", request)


def inbox_page(request: Request) -> Response:
    return shell("inbox.html", request)


def approval_page(request: Request) -> Response:
    """The same shell for every id: what it shows is fetched by whoever is signed in."""
    return shell("approval.html", request)


def asset_file(request: Request) -> Response:
    """By its name alone, or under the version a page names."""
    version, _, name = request.path.removeprefix("/assets/").rpartition("/")
    return asset(name, request, version)


def icon(request: Request) -> Response:
    """Where browsers look by themselves, on pages that are not ours too."""
    return asset("icon.svg", request)


def health(_: Request) -> Response:
    settings = deps().settings
    return json_response(
        {
            "status": "ok",
            "stage": settings.stage,
            "model": settings.model_label,
            "launch": settings.launch,
            "version": deps().description.version(),
        }
    )


def description(_: Request) -> Response:
    return Response(HTTPStatus.OK, deps().description.text(), {"Content-Type": "application/json"})


def agents(request: Request) -> Response:
    """Those the caller may talk to; prompts, functions and policies stay inside."""
    groups = request.signed_in().groups
    return json_response(
        {
            "agents": [
                {
                    "id": agent.id,
                    "title": agent.title,
                    "description": agent.description,
                    "name": agent.name,
                    "intro": list(agent.intro),
                    "samples": list(agent.samples),
                    "starts": agent.starts,
                    "python": agent.uses_python,
                }
                for agent in deps().agents.all()
                if agent.may_be_used_by(groups)
            ]
        }
    )


def elsewhere(request: Request) -> Response:
    """What the gateway has no route for: HEAD and OPTIONS of what exists, 405 with `Allow`, 404.

    A described method that comes here has no route because this stack lacks its room: notebooks without Python.
    """
    methods = deps().description.methods(request.path)
    if not methods:
        raise NotFound("There is no such address here.")
    route = PUBLIC.get(methods.route)
    if request.method == "GET" and route is not None:
        return route(request)
    if request.method == "HEAD" and route is not None:
        return replace(route(request), body="")
    if request.method == "OPTIONS":
        return Response(HTTPStatus.NO_CONTENT, headers={"Allow": methods.allow})
    if request.method in methods.names:
        raise NotFound("There is no such address here.")
    raise MethodNotAllowed(request.method[:16], methods.allow)


PUBLIC = {
    "/": start_page,
    "/inbox": inbox_page,
    "/a/{approval_id}": approval_page,
    "/assets/{name}": asset_file,
    "/assets/{version}/{name}": asset_file,
    "/healthz": health,
    "/openapi.json": description,
    "/favicon.ico": icon,
}
ROUTES = {
    **{f"GET {path}": route for path, route in PUBLIC.items()},
    "GET /agents": agents,
    "$default": elsewhere,
}
