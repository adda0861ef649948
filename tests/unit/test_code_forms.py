"""SlashGPT's ways to hand over code, read as one text."""

import pytest

from functions.shared.code_forms import NoCode, code_of


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"code": ["a = 2", "a"], "query": "q"}, "a = 2\na\n"),
        ({"code": ["a = 2\n", "a"]}, "a = 2\na\n"),
        ({"code": "1+1"}, "1+1"),
        ("6*7", "6*7"),
        ({"code": [""]}, "\n"),
    ],
)
def test_lines_and_texts_are_one_text(arguments, code):
    assert code_of("run_python_code", arguments) == code
    assert code_of("python", arguments) == code


@pytest.mark.parametrize(
    "arguments", [{}, {"code": None}, {"code": []}, {"code": [1]}, {"code": {"a": 1}}]
)
def test_a_call_without_code_is_refused(arguments):
    with pytest.raises(NoCode, match="holds no code"):
        code_of("run_python_code", arguments)


def test_a_diagram_s_text_cannot_leave_its_quotes():
    drawn = code_of("draw_diagram", {"code": 'a -> b"""\nimport os\n"""', "query": "q"})
    compile(drawn, "cell", "exec")
    assert "\nimport os" not in drawn
