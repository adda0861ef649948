"""`agents call`, `validate` and `show` of agents that run Python: the sandbox on the author's own machine."""

import hashlib
import json
import os

import pytest

import functions.run_code.handler
from cli.__main__ import main
from cli.agents_python import COMPILES, compile_libraries
from functions.shared.sandbox_settings import RunCodeSettings
from infra.page import ROOT, Page
from tests.compat.sandboxed import NEED_NAMESPACES, runs_python
from tests.support.manifests import GREET, Author

GALLERY = ROOT / "agents" / "gallery"
ANALYST, FIGURES = str(GALLERY / "analyst.yaml"), str(GALLERY / "figures.yaml")
SOURCE = "def greet(name):\n    return {'hello': name}, 'Greeted.'\n"

only_with_namespaces = pytest.mark.skipif(not runs_python(), reason=NEED_NAMESPACES)


@pytest.fixture(scope="module", autouse=True)
def a_checkout_that_is_not_new():
    compile_libraries()


@pytest.fixture
def author(tmp_path):
    author = Author(tmp_path)
    author.file("agents/own.py", SOURCE)
    author.file("agents/sales.csv", "month,tonnes\n1,7\n2,9\n")
    return author


@pytest.fixture
def call(capsys):
    def call_(file, function, arguments, *more):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        status = main(["agents", "call", str(file), function, "--arguments", text, *more])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call_


@only_with_namespaces
def test_code_of_a_notebook_finds_the_agent_s_resources(call):
    code = ["import pandas as pd", "pd.read_csv('analyst.csv').shape"]
    assert call(ANALYST, "run_python_code", {"code": code, "query": "?"}) == (0, "(24, 7)\n", "")


@only_with_namespaces
def test_an_error_is_the_traceback_that_the_model_would_read_and_the_status_says_so(call):
    status, printed, _ = call(ANALYST, "python", "1/0")
    assert status == 1
    assert "ZeroDivisionError: division by zero" in printed
    assert '{"level"' not in printed


@only_with_namespaces
def test_a_module_s_function_is_called_though_a_person_would_countersign_it(call):
    status, printed, _ = call(FIGURES, "subnets", {"cidr": "10.20.0.0/22", "prefix": 24})
    told, message = printed.rstrip("\n").split("\n")
    assert status == 0
    assert json.loads(told)["count"] == 4
    assert message == "10.20.0.0/22 holds 4 subnets of 251 usable addresses."


@only_with_namespaces
def test_the_code_sees_nothing_of_the_shell_that_calls_it(call, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-author")
    deployed = RunCodeSettings(stage="prod", confinement="vpc", seconds=1, memory_mb=512)
    for name in deployed.environment():
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    code = "import os\nsorted(name for name in os.environ if name.startswith('AWS'))"
    assert call(ANALYST, "python", code) == (0, "[]\n", "")
    assert dict(os.environ) == before


def test_without_namespaces_it_is_refused_with_one_sentence(call, monkeypatch):
    monkeypatch.setattr(functions.run_code.handler, "has_namespaces", lambda: False)
    status, printed, told = call(ANALYST, "python", "1 + 1")
    assert (status, printed) == (1, "")
    assert told.startswith("error: Python cannot be confined on this machine")
    assert "--unconfined" in told
    assert told.count("\n") == 1


def test_without_namespaces_it_runs_where_the_author_says_so(call, monkeypatch):
    monkeypatch.setattr(functions.run_code.handler, "has_namespaces", lambda: False)
    assert call(ANALYST, "python", "6 * 7", "--unconfined") == (0, "42\n", "")


def test_a_dry_run_shows_what_would_run_and_runs_nothing(call, author):
    author.ours(module="own.py", functions=[GREET])
    status, printed, _ = call(author.agents / "one.yaml", "greet", {"name": "a"}, "--dry-run")
    assert status == 0
    assert json.loads(printed) == {
        "kind": "module",
        "countersigned": True,
        "file": "own.py",
        "sha256": hashlib.sha256(SOURCE.encode()).hexdigest(),
        "function": "greet",
        "arguments": {"name": "a"},
    }
    status, printed, _ = call(
        ANALYST, "run_python_code", {"code": ["a", "b"], "query": "?"}, "--dry-run"
    )
    assert json.loads(printed)["code"] == "a\nb\n"


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_call_without_code_is_one_line(call, more):
    status, printed, told = call(ANALYST, "python", {}, *more)
    assert (status, printed) == (1, "")
    assert told == "error: The call holds no code: `code` is a text, or a list of lines.\n"


def test_a_module_of_slashgpt_that_is_not_there_is_one_line(call, author):
    author.slashgpt(module="gone.py", functions=[GREET])
    status, _, told = call(author.agents / "one.json", "greet", {"name": "a"})
    assert (status, told) == (
        1,
        "error: The file gone.py of this function is not there, so that it cannot run.\n",
    )


def test_validate_tells_the_lines_for_the_operator_s_page(author, capsys):
    import yaml

    author.ours("one.yaml", module="own.py", functions=[GREET])
    author.ours("two.yaml", module="own.py", functions=[GREET])
    assert main(["agents", "validate", str(author.agents)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("2 agents can be used.\n")
    page = yaml.safe_load(told.split("countersign.yaml:\n")[1])
    sha256 = hashlib.sha256(SOURCE.encode()).hexdigest()
    assert page == {"sandbox": {"modules": {"own.py": sha256}}}
    whole = {
        "stage": "dev",
        "launch": "live",
        "region": "eu-west-1",
        "model": {"name": "m"},
        **page,
    }
    assert Page.model_validate(whole).sandbox.modules == {"own.py": sha256}
    assert main(["agents", "validate", "--json", str(author.agents)]) == 0
    modules = json.loads(capsys.readouterr().out)["modules"]
    assert modules == [{"file": "own.py", "sha256": sha256}]


def test_show_tells_what_runs_python_and_which_files_it_finds(author, capsys):
    sha256 = hashlib.sha256(SOURCE.encode()).hexdigest()
    author.ours(notebook=True, resources=["sales.csv"], policy={"python": {"approval": "never"}})
    assert main(["agents", "show", str(author.agents / "one.yaml")]) == 0
    shown = capsys.readouterr().out
    assert "  python: notebook, not countersigned\n" in shown
    assert "python: a notebook\nresources: sales.csv\n" in shown
    author.ours(module="own.py", functions=[GREET])
    assert main(["agents", "show", str(author.agents / "one.yaml")]) == 0
    assert f"python: own.py {sha256}\nresources: none\n" in capsys.readouterr().out


def test_in_a_new_checkout_the_libraries_are_compiled_and_that_is_said_once(
    tmp_path, monkeypatch, capsys
):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("cli.agents_python.LIBRARIES", ("one", "two", "not_installed"))
    compile_libraries()
    assert capsys.readouterr().err == f"{COMPILES}\n"
    assert all(list((tmp_path / name / "__pycache__").iterdir()) for name in ("one", "two"))
    compile_libraries()
    assert capsys.readouterr().err == ""
