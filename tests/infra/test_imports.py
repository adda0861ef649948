"""The arrows between rooms, and what importing a handler costs."""

import ast
import importlib.metadata
import json
import subprocess
import sys
import tomllib
from functools import cache

import pytest

from infra.page import ROOT
from infra.requirements import LAMBDAS, LOCKED

ENTRIES = [(room, "handler") for room in LAMBDAS] + [("chat", "continue_turn")]
SOURCES = sorted((ROOT / "functions").rglob("*.py"))


def named(distribution):
    return distribution.lower().replace("_", "-").replace(".", "-")


def pinned(room):
    lines = (LOCKED / f"{room}.txt").read_text().splitlines()
    return {named(line.partition("==")[0].partition("[")[0]) for line in lines if "==" in line}


@cache
def imports_of(file):
    """Every module a file names in an import, wherever in the file."""
    return frozenset(named_in(ast.parse(file.read_text())))


def named_in(module):
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def loaded_by(*modules):
    """The modules in memory after imports in a new interpreter whose environment is empty."""
    program = f"import json, sys, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={}, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout))


def group_of(name):
    """The requirements that a group of pyproject.toml names itself."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return [one for one in groups[name] if isinstance(one, str)]


def group_names(name):
    return {line.split("==")[0].strip() for line in group_of(name)}


@pytest.fixture(scope="module")
def carried_by_the_runtime():
    return loaded_by("boto3", "boto3.dynamodb.conditions", "botocore.httpsession")


@pytest.fixture(scope="module")
def owners():
    """The distributions that bring each module."""
    return importlib.metadata.packages_distributions()


@pytest.mark.parametrize(("room", "entry"), ENTRIES)
def test_a_handler_imports_only_its_own_group(room, entry, carried_by_the_runtime, owners):
    loaded = loaded_by(f"functions.{room}.{entry}") - carried_by_the_runtime
    tops = {module.partition(".")[0] for module in loaded} - {"boto3", "botocore"}
    used = {named(owner) for top in tops for owner in owners.get(top, ())}
    assert used <= pinned(room)


@pytest.mark.parametrize("room", sorted(set(LAMBDAS) - {"chat"}))
def test_the_model_s_client_is_carried_by_chat_alone(room):
    assert "openai" in pinned("chat")
    assert "openai" not in pinned(room)


READERS_OF_OTHER_LANGUAGES = {"pyyaml", "graphql-core", "uritemplate", "jsonschema"}
CHAT_ALONE = {"aws-bedrock-token-generator", "fastjsonschema", "openai"}
"""What chat's zip may hold beyond what every Lambda holds, with what these three need."""


def test_the_chat_s_package_does_not_grow_by_the_kinds_of_action():
    assert group_names("chat") == CHAT_ALONE
    for room in ("chat", "pages"):
        assert pinned(room).isdisjoint(READERS_OF_OTHER_LANGUAGES)


@pytest.mark.parametrize("room", sorted(set(LAMBDAS) - {"chat"}))
def test_what_signs_bedrock_s_tokens_is_carried_by_chat_alone(room):
    assert "aws-bedrock-token-generator" in pinned("chat")
    assert "aws-bedrock-token-generator" not in pinned(room)


@pytest.mark.parametrize("room", LAMBDAS)
def test_what_the_runtime_carries_is_in_no_package(room):
    assert pinned(room).isdisjoint({"boto3", "botocore"})


@pytest.mark.parametrize("room", sorted(set(LAMBDAS) - {"run_action"}))
def test_what_reads_queries_and_url_templates_is_carried_by_run_action_alone(room):
    assert {"graphql-core", "uritemplate"} <= pinned("run_action")
    assert pinned(room).isdisjoint({"graphql-core", "uritemplate"})


SANDBOX_ALONE = {
    "cloudpickle",
    "ipykernel",
    "ipython",
    "jupyter-client",
    "matplotlib",
    "numpy",
    "pandas",
    "pyzmq",
}


@pytest.mark.parametrize("room", sorted(set(LAMBDAS) - {"run_code"}))
def test_what_runs_python_is_carried_by_the_sandbox_alone(room):
    assert pinned("run_code") >= SANDBOX_ALONE
    assert pinned(room).isdisjoint(SANDBOX_ALONE)


def test_what_opens_a_snapshot_is_never_loaded_beside_the_handler():
    loaded = loaded_by("functions.run_code.handler", "functions.run_code.warden")
    assert loaded.isdisjoint({"cloudpickle", "IPython", "ipykernel", "pandas", "numpy"})


def test_the_model_s_client_is_imported_in_one_file_of_chat():
    importing = {
        str(file.relative_to(ROOT))
        for file in SOURCES
        if any(module.partition(".")[0] == "openai" for module in imports_of(file))
    }
    assert len(importing) == 1
    assert importing.pop().startswith("functions/chat/")


def test_no_lambda_s_group_carries_what_the_runtime_carries_or_the_build_needs():
    for room in LAMBDAS:
        assert pinned(room).isdisjoint({"boto3", "botocore", "aws-cdk-lib", "moto", "pytest"})


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_rooms_never_import_each_other_nor_the_build(file):
    room = file.relative_to(ROOT).parts[1]
    allowed = {"functions", "functions.shared"} | {f"functions.{room}"}
    for module in imports_of(file):
        top = module.partition(".")[0]
        assert top not in ("infra", "local", "tests", "cli", "aws_cdk", "constructs"), module
        if top == "functions":
            assert ".".join(module.split(".")[:2]) in allowed, module


SYNTHESIZES = ROOT / "benchmarks" / "cost" / "stack.py"
"""What it costs is counted in the template itself."""


@pytest.mark.parametrize("folder", ["functions", "local", "cli", "benchmarks"])
def test_the_cdk_is_imported_in_infra_alone_and_where_the_bill_is_counted(folder):
    for file in set((ROOT / folder).rglob("*.py")) - {SYNTHESIZES}:
        tops = {module.partition(".")[0] for module in imports_of(file)}
        assert tops.isdisjoint({"aws_cdk", "constructs", "jsii", "cdk_nag"}), file
