"""The same code elsewhere: written into an answer instead of a call, and opened in Jupyter."""

import nbformat
import pytest
from nbclient import NotebookClient

from functions.chat.fenced_code import fenced_call
from functions.shared.code_forms import code_of


@pytest.mark.parametrize(
    ("reply", "contained"),
    [
        ("Let me see.\n```Python\nimport os\nprint(1)\n```", "1\n"),
        ("```python\nimport absent_today", "ModuleNotFoundError"),
        ("```Python\n!echo installed\n\n```", "installed\n"),
    ],
)
def test_code_that_a_model_writes_into_its_answer_runs_as_its_call_would(
    confined, reply, contained
):
    call = fenced_call(reply, "Q", native=False)
    assert contained in confined.text(code_of(call["name"], call["arguments"]))


def test_a_diagram_is_shown_as_its_own_text(confined):
    answer = confined.run(code_of("draw_diagram", {"code": "digraph { a -> b }", "query": "q"}))
    assert answer["text"] == "Here is the diagram\n"
    assert answer["outputs"][1]["data"]["text/vnd.graphviz"] == "digraph { a -> b }"


def test_the_notebook_gives_the_same_outputs_in_jupyter_s_own_client(confined, tmp_path):
    for code in (
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\ndf",
        "print(df.shape)",
        "'q'",
    ):
        confined.run(code)
    cells = [
        nbformat.v4.new_code_cell(
            one["source"], outputs=[nbformat.from_dict(o) for o in one["outputs"]]
        )
        for one in confined.cells
    ]
    recorded = nbformat.v4.new_notebook(cells=cells)
    again = nbformat.from_dict(recorded)
    NotebookClient(again, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [cell["outputs"] for cell in again["cells"]] == [cell["outputs"] for cell in cells]
