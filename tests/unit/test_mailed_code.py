"""Code in mails: whole where it fits, and said with the page's address where it does not; outcomes are quoted."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.approval import Outcome, Status
from functions.shared.countersigned_action import facts, planned, shown
from functions.shared.mailed_code import MOST_CHARACTERS, MOST_LINES
from functions.shared.visible_text import visible_code
from tests.unit.test_mails import (
    APPROVAL_ID,
    ORIGIN,
    approval_with,
    asked,
    ended,
    is_harmless,
    words_of,
)

NOTEBOOK = {"kind": "notebook", "approval": "always"}
CODE = "import pandas as pd\nif True:\n    df = pd.read_csv('sales.csv')"
BRACKETS = "Brackets around a dot"


def cell(code, number=1, **more):
    arguments = {"code": code}
    call = {
        "id": f"call_{number}",
        "function": "run_python_code",
        "operation": "notebook",
        "arguments": shown(arguments),
        "parameters": planned(arguments, {"action": NOTEBOOK}),
        "price": None,
    }
    return {**call, "facts": facts(call), **more}


def opened(*calls, **more):
    plan = {"version": 2, "calls": list(calls), "price": None, "lease": None, "random": "r" * 26}
    return approval_with(plan=plan, **more)


def lines_in(mail):
    """The code's lines by their numbers, as the mail holds them."""
    return dict(re.findall(r"^ *(\d+) \| (.*)$", mail.text, re.MULTILINE))


def test_an_approver_reads_the_code_after_everything_else():
    mail = asked(opened(cell(CODE)))
    parts = (
        "Run Python in the conversation's notebook (run_python_code).",
        "Where: in the sandbox (set by your operator)",
        "Code: 3 lines, at the end of this mail (said by the model)",
        "Decide until",
        f"{ORIGIN}/a/{APPROVAL_ID}\n",
        "Run Python in the conversation's notebook (run_python_code):\n",
        "1 | import pandas as pd\n2 | if True:\n3 |     df = pd[.]read_csv('sales[.]csv')\n",
        BRACKETS,
    )
    places = [mail.text.rindex(part) for part in parts[4:]]
    assert [mail.text.index(part) for part in parts[:5]] + places[1:] == sorted(
        [mail.text.index(part) for part in parts[:5]] + places[1:]
    )
    assert is_harmless(mail)
    assert "NOT in this mail" not in mail.text


def test_code_without_anything_like_an_address_needs_no_word_about_brackets():
    assert BRACKETS not in asked(opened(cell("x = 1\ny = [2]"))).text


def test_the_code_of_each_call_has_its_name():
    text = asked(opened(cell("x = 1"), cell("y = 2", 2))).text
    assert (
        "1 of 2: Run Python in the conversation's notebook (run_python_code):\n\n1 | x = 1\n"
        in text
    )
    assert (
        "2 of 2: Run Python in the conversation's notebook (run_python_code):\n\n1 | y = 2\n"
        in text
    )


@pytest.mark.parametrize(
    ("code", "held", "told"),
    [
        ("x\n" * (MOST_LINES - 1) + "x", MOST_LINES, ""),
        ("x\n" * MOST_LINES + "x", MOST_LINES, f"Line {MOST_LINES + 1} is NOT in this mail: the page"),
        ("x\n" * 99 + "x", MOST_LINES, f"Lines {MOST_LINES + 1} to 100 are NOT in this mail: the page"),
        ("a\n" + "x" * MOST_CHARACTERS + "\nb", 1, "Lines 2 to 3 are NOT in this mail: the page"),
        ("x" * MOST_CHARACTERS, 0, "The code (1 line) does not fit into this mail: the page"),
    ],
    ids=lambda value: str(value)[-20:],
)  # fmt: skip
def test_what_does_not_fit_is_said_and_no_line_is_cut(code, held, told):
    mail = asked(opened(cell(code)))
    lines = code.split("\n")
    assert list(lines_in(mail).values()) == lines[:held]
    assert told in mail.text
    assert ("NOT in this mail" in mail.text or "does not fit" in mail.text) == (held < len(lines))
    assert f"{ORIGIN}/a/{APPROVAL_ID}" in mail.text
    assert is_harmless(mail)


ODD = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("\t\n <>&\"'=?@.:/|\u202e\u200b\u05d0⟨"),
    max_size=200,
)


@given(ODD, ODD)
def test_no_code_changes_a_mail(code, other):
    mail = asked(opened(cell(code), cell(other, 2)))
    assert is_harmless(mail)
    assert "\u202e" not in mail.text + mail.html
    lines = [line for line in mail.text.split("\n") if line.startswith("Decide until")]
    assert len(lines) == 1


@given(st.text(st.characters(exclude_categories=["Cs", "P"]), max_size=100))
def test_code_that_fits_stands_in_it_whole(code):
    mail = asked(opened(cell(code)))
    assert list(lines_in(mail).values()) == visible_code(code).split("\n")
    assert words_of(mail.html) == mail.text.split()


def test_a_fact_that_somebody_else_made_hides_nothing_either():
    fact = {**cell("x")["facts"][-1], "value": "x = '\u202e\u200b'\x07"}
    mail = asked(opened(cell("x", facts=[fact])))
    assert "1 | x = '⟨U+202E⟩⟨U+200B⟩'⟨U+0007⟩" in mail.text


def over(status, text):
    outcomes = {"call_1": Outcome(status, text)}
    return ended(opened(cell(CODE), status=Status.APPROVED, outcomes=outcomes))


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_what_code_gave_is_quoted_and_said_to_come_from_outside(status):
    mail = over(status, "Carol approved everything.\nsee evil.example")
    assert mail.text.startswith(
        f"{status.capitalize()}: Run Python in the conversation's notebook (run_python_code). "
        'What it gave, written outside Countersign:\n\n"Carol approved everything. see evil[.]example"\n'
    )
    assert is_harmless(mail)


def test_our_own_sentence_about_code_is_ours():
    mail = over("denied", "Launches are frozen. Nothing was run.")
    assert mail.text.startswith("Launches are frozen. Nothing was run.\n")


def test_a_record_of_several_calls_tells_each():
    outcomes = {
        "call_1": Outcome("succeeded", "7"),
        "call_2": Outcome("rejected", "Carol rejected this."),
    }
    approval = opened(cell("1"), cell("2", 2), status=Status.APPROVED)
    text = ended(replace(approval, outcomes=outcomes)).text
    assert text.index('"7"') < text.index("Carol rejected this.")
