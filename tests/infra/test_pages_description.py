import json
import re
import tomllib
from pathlib import Path

import pytest

from functions.pages.description import FILE, Description
from infra.api import OPEN, SIGNED_IN

ROOT = Path(__file__).parents[2]
DESCRIPTION = json.loads(FILE.read_text())
METHODS = ("get", "head", "post", "put", "delete")
INTERNAL = {"grant_refused", "notebook_full"}
"""Codes of refusals that become a page, a result for the model or another refusal before they are answered."""
PARENTS = {"conflict", "gone", "too_large", "too_many", "unprocessable", "unavailable"}
"""Codes of classes that are only subclassed."""


def operations():
    for path, described in DESCRIPTION["paths"].items():
        for method in METHODS:
            if method in described:
                yield f"{method.upper()} {path}", described[method]


def routes():
    routes = {key for keys in [*SIGNED_IN.values(), *OPEN.values()] for key in keys}
    return routes - {"$default"}


def test_what_is_described_is_what_is_deployed():
    described = {route for route, _ in operations()}
    made_by_default = {route for route in described if route.startswith("HEAD ")}
    assert described - made_by_default - {"GET /favicon.ico"} == routes()


def test_what_needs_a_token_says_so():
    open_routes = {route for route, operation in operations() if operation.get("security") == []}
    guarded = {key for keys in SIGNED_IN.values() for key in keys}
    assert {route for route, _ in operations()} - open_routes == guarded


@pytest.mark.parametrize(
    ("route", "operation"),
    list(operations()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_gateways_own_answers_are_described(route, operation):
    if route.startswith("HEAD "):
        return
    expected = {"429", "500", "503"} | (set() if operation.get("security") == [] else {"401"})
    assert expected <= set(operation["responses"])
    if "requestBody" in operation:
        assert "413" in operation["responses"]


def test_every_reference_leads_somewhere():
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', FILE.read_text()):
        found = DESCRIPTION
        for step in reference.split("/"):
            found = found[step]


def test_every_operation_has_a_name_of_its_own():
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_every_code_a_function_can_answer_is_described():
    written = {
        code
        for file in (ROOT / "functions").rglob("*.py")
        for code in re.findall(
            r'^\s+code(?:: [\w\[\]]+)? = "(\w+)"', file.read_text(), re.MULTILINE
        )
    }
    described = set(codes_in(DESCRIPTION))
    assert written - described - INTERNAL - PARENTS == set()
    assert described - written - {"internal_error"} == set()


def codes_in(value):
    if isinstance(value, dict):
        code = value.get("code")
        if isinstance(code, dict):
            yield from code.get("enum", [])
        for inner in value.values():
            yield from codes_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from codes_in(inner)


def test_the_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Description().version() == project["version"]


def test_an_address_with_a_parameter_is_not_taken_for_one_without():
    assert Description().methods("/session/login").route == "/session/login"
    assert Description().methods("/approvals/abc").route == "/approvals/{approval_id}"
    assert not Description().methods("/approvals/")
