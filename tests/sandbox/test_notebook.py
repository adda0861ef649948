"""A conversation's notebook: what its cells give, and that it is the same notebook the next time."""

import base64

import nbformat
import pytest

CSV = "county,state,range\nKing,WA,215\nKitsap,WA,93\nClark,NV,238\n"
FRAME = "import pandas as pd\ndf = pd.read_csv('data/cars.csv')\ndf.head()"


@pytest.fixture
def notebook(confined):
    return confined


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("3**20", "3486784401"),
        ("print('hello')", "hello\n"),
        ("print('x')\n40 + 2", "42"),
        ("'quoted'", "quoted"),
        ("0", "0"),
        ("x = 1", "Done"),
        ("None", "Done"),
        ("''", "Done"),
        ("3;", "Done"),
        ("'é漢😀'", "é漢😀"),
    ],
)
def test_the_model_reads_the_value_else_what_was_printed_else_done(notebook, code, text):
    answer = notebook.run(code)
    assert (answer["status"], answer["text"]) == ("succeeded", text)


def test_a_table_of_a_given_file_is_text_for_the_model_and_a_table_in_the_notebook(notebook):
    notebook.files = [_packed(CSV)]
    answer = notebook.run(FRAME)
    assert answer["text"].splitlines()[0].split() == ["county", "state", "range"]
    assert answer["text"].splitlines()[2].split() == ["1", "Kitsap", "WA", "93"]
    assert "<table" in answer["outputs"][0]["data"]["text/html"]


def test_a_later_call_knows_what_an_earlier_one_loaded(notebook):
    notebook.files = [_packed(CSV)]
    notebook.run(FRAME)
    answer = notebook.run("df.shape")
    assert (answer["text"], answer["replayed"], answer["diverged"]) == ("(3, 3)", 1, [])
    assert answer["outputs"][0]["execution_count"] == 2


def test_cells_that_run_again_are_not_heard_again(notebook):
    notebook.run("print('once')\nx = 2")
    assert notebook.run("x")["outputs"] == [
        {
            "output_type": "execute_result",
            "metadata": {},
            "data": {"text/plain": "2"},
            "execution_count": 2,
        }
    ]


def test_an_error_is_told_with_what_was_printed_and_its_traceback(notebook):
    answer = notebook.run("print('before')\nd = {}\nd['missing']")
    assert answer["status"] == "failed"
    assert answer["code"] == "python_error"
    assert answer["text"].startswith("before\n")
    assert "Traceback" in answer["text"]
    assert answer["text"].endswith("KeyError: 'missing'\n")
    assert "\x1b" not in answer["text"]


def test_a_cell_that_failed_then_runs_again_and_what_it_did_before_is_there(notebook):
    notebook.run("kept = 5\n1/0")
    answer = notebook.run("kept")
    assert (answer["text"], answer["diverged"]) == ("5", [])


def test_a_cell_that_ends_otherwise_the_second_time_is_told(notebook):
    notebook.cells = [{"source": "import absent_today", "outputs": []}, {"source": "a = 1"}]
    answer = notebook.run("a")
    assert answer["diverged"] == [1]
    assert answer["text"].startswith("1\n[")


def test_a_syntax_error_is_told_by_its_class(notebook):
    assert "SyntaxError" in notebook.text("for")


def test_a_plot_is_a_picture_in_the_notebook_and_a_word_for_the_model(notebook):
    answer = notebook.run("import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()")
    assert answer["text"] == "Done: 1 picture is shown."
    [shown] = answer["outputs"]
    assert base64.b64decode(shown["data"]["image/png"]).startswith(b"\x89PNG")


def test_a_figure_is_shown_at_the_end_of_its_cell_without_being_asked_for(notebook):
    answer = notebook.run("import pandas as pd\npd.DataFrame({'a': [1, 3]}).plot();")
    assert [*answer["outputs"][-1]["data"]][0] == "image/png"


def test_ten_megabytes_of_a_file_are_read(notebook):
    rows = "".join(f"{number},name {number},{number / 7:.6f}\n" for number in range(310_000))
    notebook.files = [_packed(f"id,name,value\n{rows}")]
    assert 9_000_000 < len(rows) < 10 * 1024 * 1024
    assert notebook.text(f"{FRAME}\nlen(df)") == "310000"
    answer = notebook.run("df.describe()")
    assert answer["status"] == "succeeded"
    assert "<table" in answer["outputs"][0]["data"]["text/html"]


def test_an_install_that_cannot_be_ends_at_once(notebook):
    answer = notebook.run("%pip install absent-package-of-nobody", seconds=12)
    assert "No matching distribution" in answer["text"] or "No module named pip" in answer["text"]


def test_the_outputs_make_a_valid_notebook(notebook):
    for code in ("print('a')", "1 + 1", "1/0"):
        notebook.run(code)
    cells = [
        nbformat.v4.new_code_cell(one["source"], outputs=one["outputs"]) for one in notebook.cells
    ]
    nbformat.validate(nbformat.v4.new_notebook(cells=cells))


def test_what_other_processes_print_belongs_to_the_cell(notebook):
    assert notebook.text("import subprocess\nsubprocess.run(['echo', 'out']);") == "out\n"
    assert notebook.text("!echo shell") == "shell\n"
    forked = (
        "import os\nif os.fork() == 0:\n    print('child', flush=True)\n    os._exit(0)\nos.wait();"
    )
    assert notebook.text(forked) == "child\n"


def test_a_pool_of_processes_works(notebook):
    code = """
import multiprocessing
with multiprocessing.Pool(2) as pool:
    found = pool.map(len, ['a', 'bc'])
found
"""
    assert notebook.text(code) == "[1, 2]"


def test_nobody_answers_a_question_of_the_code(notebook):
    assert "StdinNotImplementedError" in notebook.text("input('who?')")


def test_a_long_text_is_cut_and_its_length_told(notebook):
    text = notebook.text("'x' * 100_000")
    assert len(text) <= 16 * 1024
    assert text.endswith("[cut: 100000 bytes in all]")


def test_dear_cells_are_kept_as_a_snapshot_and_not_run_again(notebook):
    first = notebook.run(
        "import time\ntime.sleep(3.2)\ndef double(x):\n    return x * factor\nfactor = 2"
    )
    taken = first["snapshot"]
    assert taken["cells"] == 1
    notebook.cells[0]["source"] = "raise SystemError('run again')"
    answer = notebook.run("double(21)", snapshot=taken)
    assert (answer["text"], answer["replayed"]) == ("42", 0)
    assert answer["outputs"][0]["execution_count"] == 2


MEGABYTE_FRAME = """
import time
import numpy as np, pandas as pd
time.sleep(3.2)
df = pd.DataFrame(np.arange(128_000.0).reshape(16_000, 8))
"""


def test_a_frame_of_a_megabyte_is_kept_as_a_snapshot(notebook):
    taken = notebook.run(MEGABYTE_FRAME)["snapshot"]
    assert 1_000_000 < len(taken["content"]) < 4 * 1024 * 1024
    answer = notebook.run("float(df[7].max())", snapshot=taken)
    assert (answer["text"], answer["replayed"]) == ("127999.0", 0)


@pytest.mark.parametrize(
    "made",
    [
        "kept = open('left.txt', 'w')\nkept.close()\ndel kept",
        "kept = bytes(4 * 1024 * 1024)",
        "kept = (n for n in ())",
    ],
    ids=["a file left behind", "too large", "not to be written"],
)
def test_what_no_snapshot_can_hold_is_run_again(notebook, made):
    answer = notebook.run(f"import time\ntime.sleep(3.2)\n{made}")
    assert (answer["status"], "snapshot" in answer) == ("succeeded", False)


def _packed(text):
    from tests.sandbox.asking import packed

    return packed("data/cars.csv", text)
