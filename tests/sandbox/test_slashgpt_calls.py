"""SlashGPT's notebook and module cases in the sandbox itself; no agent leads there yet."""

import importlib.util
import json

import pytest

from functions.chat.model import RequestedCall
from functions.chat.tool_calls import check_calls
from tests.compat.adapter import CASES, agent_of, told
from tests.compat.loops import as_test_id, cases_in
from tests.sandbox.slashgpt_calls import run_in_sandbox

RECORDED = CASES / "cases.visible.jsonl"
RUN_PYTHON = ("notebook", "module")


def cases():
    found = cases_in(RECORDED) if RECORDED.exists() else []
    return [
        pytest.param(case, id=as_test_id(case))
        for case in found
        if case["action_type"] in RUN_PYTHON
    ]


@pytest.mark.skipif(
    not RECORDED.exists(), reason="SlashGPT's cases lie beside the project, in ../shared/slashgpt"
)
@pytest.mark.parametrize("case", cases())
def test_python_of_a_recorded_call_gives_what_slashgpt_gives(case):
    location = importlib.util.spec_from_file_location("slashgpt_s_judge", CASES / "compare.py")
    compare = importlib.util.module_from_spec(location)
    location.loader.exec_module(compare)
    agent, _ = agent_of(CASES, case["manifest_path"])
    written = case["arguments"]
    text = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
    requested = RequestedCall("call_1", case["function"], text)
    [call] = check_calls([requested], agent=agent, turn=1, used_ids=frozenset())
    result = run_in_sandbox(call, CASES)
    said = {"should_call_llm": True, "emit": None, "requests": [], "result_text": result.text}
    if result.status != "succeeded":
        said |= told(result.text)
    assert compare.judge(case, said) == ""
