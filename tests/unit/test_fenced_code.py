"""Which fenced code of an answer is a call."""

import pytest

from functions.chat.fenced_code import fenced_call


def code_of(reply, *, native):
    call = fenced_call(reply, "Q", native=native)
    if call is None:
        return None
    assert call["name"] == "run_python_code"
    assert call["arguments"]["query"] == "Q"
    return call["arguments"]["code"]


@pytest.mark.parametrize(
    ("reply", "native", "other"),
    [
        ("no code at all", None, None),
        ("", None, None),
        ("```", None, None),
        ("```\n```", None, None),
        (
            "```Python\nimport os\nprint(1)\n```",
            ["import os", "print(1)"],
            ["import os", "print(1)"],
        ),
        ("words\n```python\nfrom x import y\n```", ["from x import y"], ["from x import y"]),
        ("```\n!pip install a\n\n```", ["!pip install a", ""], ["!pip install a", ""]),
        ("```python\nimport x", ["import x"], ["import x"]),
        ("a\n```python\nx=1\n```\nb\n```python\ny=2\n```", None, ["x=1"]),
        ("```python\nprint(1)\n```", None, ["print(1)"]),
        ("  ```python\nimport x\n```", None, None),
    ],
)
def test_code_is_read_between_two_marks(reply, native, other):
    assert code_of(reply, native=True) == native
    assert code_of(reply, native=False) == other
