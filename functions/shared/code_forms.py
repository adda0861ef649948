"""SlashGPT's ways to hand over code: `run_python_code`, `python`, `draw_diagram`, as lines or as one text."""

from collections.abc import Mapping, Sequence
from typing import Any

RUN, PYTHON, DRAW = "run_python_code", "python", "draw_diagram"
_NO_CODE = "The call holds no code: `code` is a text, or a list of lines."
_DIAGRAM = """\
from IPython.display import display
diagram = {diagram!r}
print("Here is the diagram")
display({{"text/vnd.graphviz": diagram, "text/plain": diagram}}, raw=True)
"""


class NoCode(ValueError):
    """A call that holds nothing to run; its text is a sentence for the model."""


def code_of(function: str, arguments: Mapping[str, Any] | str) -> str:
    """The code that a call stands for; raises `NoCode`."""
    text = text_of(arguments)
    return _DIAGRAM.format(diagram=text) if function == DRAW else text


def text_of(arguments: Mapping[str, Any] | str) -> str:
    """What the call hands over as one text: Python, or a diagram to be drawn; raises `NoCode`."""
    given = arguments if isinstance(arguments, str) else arguments.get("code")
    if isinstance(given, str):
        return given
    if isinstance(given, Sequence) and given and all(isinstance(line, str) for line in given):
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in given)
    raise NoCode(_NO_CODE)
