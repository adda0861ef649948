"""Whole conversations and fenced answers: our own, and SlashGPT's recorded ones where they are at hand."""

import pytest

from infra.page import ROOT
from tests.compat.loops import judge, judge_code_block
from tests.compat.test_cases import cases, leave_out_without_namespaces

OWN = ROOT / "tests" / "fixtures" / "compat"
RECORDED = ROOT.parent / "shared" / "slashgpt"


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
