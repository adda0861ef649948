"""Whole conversations and fenced answers: our own, and SlashGPT's recorded ones where they are at hand."""

import pytest

from infra.page import ROOT
from tests.compat.loops import as_test_id, cases_in, judge, judge_code_block, needs_python
from tests.compat.test_cases import leave_out_without_namespaces
from tests.support.exhaustive import marked

OWN = ROOT / "tests" / "fixtures" / "compat"
RECORDED = ROOT.parent / "shared" / "slashgpt"


def cases(folder, name):
    """Every case; those that start a Python are tried in `make test-all`."""
    files = sorted(folder.glob(f"{name}*.jsonl"))
    found = [case for file in files for case in cases_in(file)]
    given = [(case, pytest.param(case, id=as_test_id(case))) for case in found]
    return [
        marked(one) if "manifest_path" in case and needs_python(case, folder) else one
        for case, one in given
    ]


def there_is(name):
    return pytest.mark.skipif(
        not any(RECORDED.glob(f"{name}*.jsonl")),
        reason=f"SlashGPT's {name} lie beside the project, in ../shared/slashgpt",
    )


@pytest.mark.parametrize("case", cases(OWN, "loops"))
def test_a_conversation_goes_as_slashgpt_would_hold_it(case):
    leave_out_without_namespaces(case, OWN)
    assert judge(case, OWN) == ""


@there_is("loops")
@pytest.mark.parametrize("case", cases(RECORDED, "loops"))
def test_a_recorded_conversation_goes_as_it_went(case):
    leave_out_without_namespaces(case, RECORDED)
    assert judge(case, RECORDED) == ""


@pytest.mark.parametrize("case", cases(OWN, "codeblocks"))
def test_a_fenced_answer_is_read_as_slashgpt_would_read_it(case):
    assert judge_code_block(case) == ""


@there_is("codeblocks")
@pytest.mark.parametrize("case", cases(RECORDED, "codeblocks"))
def test_a_recorded_fenced_answer_is_read_as_it_was(case):
    assert judge_code_block(case) == ""
