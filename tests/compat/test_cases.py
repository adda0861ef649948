"""Single calls of manifests in SlashGPT's format: our own cases, and its recorded ones where they are at hand."""

import importlib.util
import json

import pytest

from infra.page import ROOT
from tests.compat.adapter import CASES, run
from tests.compat.cases import judge
from tests.compat.loops import as_test_id, cases_in, needs_python
from tests.compat.sandboxed import NEED_NAMESPACES, runs_python
from tests.support.exhaustive import marked

OWN = ROOT / "tests" / "fixtures" / "compat"


def cases(folder, name="cases"):
    """Every case; those that start a Python are tried in `make test-all`."""
    files = sorted(folder.glob(f"{name}*.jsonl"))
    found = [case for file in files for case in cases_in(file)]
    given = [(case, pytest.param(case, id=as_test_id(case))) for case in found]
    return [marked(one) if needs_python(case, folder) else one for case, one in given]


def leave_out_without_namespaces(case, root):
    if needs_python(case, root) and not runs_python():
        pytest.skip(NEED_NAMESPACES)


@pytest.mark.parametrize("case", cases(OWN))
def test_a_call_does_what_its_manifest_says(case):
    leave_out_without_namespaces(case, OWN)
    assert judge(case, OWN) == ""


@pytest.fixture(scope="module")
def slashgpt_s_judge():
    location = importlib.util.spec_from_file_location("slashgpt_s_judge", CASES / "compare.py")
    module = importlib.util.module_from_spec(location)
    location.loader.exec_module(module)
    return module.judge


@pytest.mark.skipif(
    not any(CASES.glob("cases*.jsonl")),
    reason="SlashGPT's cases lie beside the project, in ../shared/slashgpt",
)
@pytest.mark.parametrize("case", cases(CASES))
def test_a_recorded_call_does_what_slashgpt_does_or_better(case, slashgpt_s_judge, monkeypatch):
    monkeypatch.delenv("COMPAT_DIRECTORY", raising=False)
    leave_out_without_namespaces(case, CASES)
    written = case["arguments"]
    arguments = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
    said = run(
        case["manifest_path"],
        case["function"],
        arguments,
        case["env"],
        case["stub_reply"],
        "the user question",
    )
    assert slashgpt_s_judge(case, said) == ""
