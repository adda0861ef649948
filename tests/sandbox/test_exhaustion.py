"""What uses everything, or does not want to end: it is stopped, nothing of it is left, and the next call works."""

import time

import pytest

from functions.run_code import sandbox
from tests.sandbox.asking import is_gone, leaving, mark_of
from tests.sandbox.conftest import deployed


def test_a_loop_without_end_is_stopped_when_its_time_is_over(anywhere):
    began = time.monotonic()
    answer = anywhere.run("print('begun', flush=True)\nwhile True: pass", seconds=2)
    assert (answer["status"], answer["code"]) == ("timed_out", "time_limit")
    assert answer["text"] == "begun\nThe code was stopped after 2 seconds."
    assert time.monotonic() - began < 20
    assert anywhere.works()


def test_earlier_cells_count_towards_the_time_and_are_told_as_what_was_stopped(confined):
    confined.cells = [{"source": "import time\ntime.sleep(60)", "outputs": []}]
    answer = confined.run("print('new')", seconds=1)
    assert (answer["status"], answer["code"], answer["replaying"]) == (
        "timed_out",
        "time_limit",
        True,
    )
    assert answer["text"].startswith(
        "The code was stopped after 1 seconds. The new code did not begin"
    )
    assert (answer["replayed"], answer["outputs"]) == (0, [])
    confined.cells.clear()
    assert confined.works()


def test_an_earlier_cell_that_ends_python_this_time_is_told_as_such(confined):
    confined.cells = [{"source": "x = 1"}, {"source": "import os\nos._exit(1)", "outputs": []}]
    answer = confined.run("1")
    assert (answer["code"], answer["replaying"], answer["replayed"]) == ("ended_early", True, 1)
    assert "new code did not begin" in answer["text"]
    assert confined.run("while True: pass", cells=[], seconds=1)["replaying"] is False


def test_python_that_does_not_start_in_time_is_not_told_as_code_that_was_stopped(
    monkeypatch, namespaces
):
    asked = deployed(monkeypatch, "namespaces")
    with monkeypatch.context() as slow:
        slow.setattr("functions.run_code.handler.SHORT_START_SECONDS", 0.3)
        program = sandbox._PROGRAM.replace("main()", "import time; time.sleep(60)")
        slow.setattr(sandbox, "_PROGRAM", program)
        for answer in (asked.run("1", seconds=5), asked.call("def f(): pass", "f", seconds=5)):
            assert (answer["status"], answer["code"]) == ("failed", "no_start")
    assert asked.works()


def test_each_cell_may_write_a_megabyte_whatever_those_before_it_wrote(confined):
    confined.cells = [{"source": "print('y' * 700_000)", "outputs": []}] * 3
    answer = confined.run("print('y' * 700_000)")
    assert (answer["status"], answer["diverged"]) == ("succeeded", [])


def test_the_operator_s_seconds_are_the_most(monkeypatch, namespaces):
    asked = deployed(monkeypatch, "namespaces", seconds=1)
    assert asked.run("import time\ntime.sleep(60)", seconds=900)["status"] == "timed_out"


DEAF = """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True: pass
    except BaseException: pass
"""


def test_a_loop_that_ignores_signals_is_stopped_too(anywhere):
    assert anywhere.run(DEAF, seconds=1)["status"] == "timed_out"
    assert anywhere.works()


def test_eight_gigabytes_are_not_given(anywhere):
    answer = anywhere.run("b = bytearray(8 * 1024 ** 3)")
    assert "MemoryError" in answer["text"]
    assert anywhere.works()


HUNGRY = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = bytearray(os.urandom(1024)) * (450 * 1024)
        time.sleep(60)
time.sleep(60)
"""
"""Each of them alone stays below the limit, with all that Python itself takes."""


def test_processes_that_use_too_much_memory_together_are_stopped(anywhere, monkeypatch):
    """Of a small limit, so that the tests beside this one keep theirs."""
    deployed(monkeypatch, anywhere.confinement, memory_mb=1500)
    answer = anywhere.run(HUNGRY)
    assert (answer["status"], answer["code"]) == ("killed", "memory_limit")
    assert anywhere.works()


BOMB = """
import os, time
for _ in range(10):
    try:
        os.fork()
    except OSError:
        pass
time.sleep(60)
"""
"""Doubles itself to a thousand and no further, should the guard be broken."""


def test_a_fork_bomb_does_not_go_off(confined):
    """As nobody in its namespace; the kernel itself counts."""
    answer = confined.run(BOMB, seconds=3)
    assert answer["status"] in ("timed_out", "killed")
    assert confined.works()


def test_too_many_processes_are_stopped_where_the_kernel_does_not_count(anywhere):
    code = "import os, time\nfor _ in range(200):\n    if os.fork() == 0:\n        time.sleep(60)\ntime.sleep(60)"
    answer = anywhere.run(code)
    assert "BlockingIOError" in answer["text"] or answer["code"] == "process_limit"
    assert anywhere.works()


def test_a_disk_is_not_filled(anywhere):
    code = "piece = bytes(1024 * 1024)\nwith open('big', 'wb') as file:\n    for _ in range(1024): file.write(piece)"
    answer = anywhere.run(code)
    assert answer["status"] in ("failed", "killed")
    assert "OSError" in answer["text"] or answer["code"] == "ended_early"
    assert anywhere.works()


LARGE_FILES = """
piece = bytes(1024 * 1024)
for number in range(40):
    with open(f'{number}', 'wb') as file:
        for _ in range(32): file.write(piece)
"""


def test_many_files_do_not_fill_a_disk_either(confined):
    assert "No space left" in confined.text(LARGE_FILES)
    assert "No space left" in confined.text(
        "for n in range(100_000): open(f'{n}', 'w').close()", cells=[]
    )
    assert confined.works()


@pytest.mark.parametrize(
    "code",
    [
        "while True: print('y' * 1000)",
        "import os\nwhile True: os.write(1, b'y' * 1000)",
        "import sys\nwhile True: sys.stderr.write('y' * 1000)",
        "while True:\n    try:\n        print('y' * 1000)\n    except BaseException: pass",
    ],
    ids=["print", "descriptor", "stderr", "print and go on"],
)
def test_output_without_end_is_stopped_at_a_megabyte(confined, code):
    answer = confined.run(code)
    assert (answer["status"], answer["code"]) == ("killed", "output_limit")
    assert len(str(answer["outputs"])) < 1_100_000
    assert answer["text"].startswith("yyy")
    assert answer["text"].endswith("it wrote more than 1 MB.")
    assert confined.works()


MANY_PIECES = """
from IPython.display import display
for _ in range(400):
    display({'text/plain': 'y' * 900_000}, raw=True)
"""


def test_a_gigabyte_at_once_is_not_carried(anywhere):
    for code in ("print('y' * 300_000_000)", "'y' * 300_000_000", MANY_PIECES):
        answer = anywhere.run(code, cells=[])
        assert len(str(answer)) < 1_200_000
    assert anywhere.works()


def test_a_value_that_is_too_long_is_left_out_of_the_notebook(confined):
    answer = confined.run("'y' * 5_000_000")
    assert answer["status"] == "succeeded"
    assert "left out" in str(answer["outputs"])


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos._exit(0)",
        "import os\nos.kill(os.getpid(), 9)",
        "import ctypes\nctypes.string_at(0)",
        "import os\nos.abort()",
    ],
    ids=["exit", "kill", "segmentation fault", "abort"],
)
def test_python_that_ends_early_is_told(anywhere, code):
    answer = anywhere.run(code)
    assert (answer["status"], answer["code"]) == ("killed", "ended_early")
    assert anywhere.works()


def test_threads_and_processes_do_not_outlive_the_run(anywhere):
    mark = mark_of(anywhere.confinement)
    assert anywhere.text(leaving(mark)) == "started"
    assert is_gone(mark)
    assert anywhere.works()


def test_a_stopped_process_is_ended_in_time(anywhere):
    answer = anywhere.run("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", seconds=1)
    assert answer["status"] == "timed_out"
    assert anywhere.works()


HOSTILE = """
import os, time
class Evil:
    def __reduce__(self):
        return (os.system, ('echo pwned > {mark}',))
time.sleep(3.2)
kept = Evil()
"""


def test_a_pickle_is_opened_in_the_sandbox_alone(confined, tmp_path):
    mark = tmp_path / "pwned"
    first = confined.run(HOSTILE.format(mark=mark))
    answer = confined.run("kept", snapshot=first["snapshot"])
    assert (answer["text"], answer["replayed"]) == ("512", 0), "the shell found no such folder"
    assert not mark.exists()
    assert confined.works()


@pytest.mark.parametrize("content", ["AAAA", "gASVAAAA", "not base64!"])
def test_a_snapshot_that_cannot_be_read_is_replaced_by_a_replay(confined, content):
    confined.run("kept = 7")
    answer = confined.run("kept", snapshot={"cells": 1, "content": content})
    assert (answer["text"], answer["replayed"]) == ("7", 1)


FORGED = """
import gc, time, zmq
[socket] = [one for one in gc.get_objects() if isinstance(one, zmq.Socket) and one.type == zmq.XPUB]
for parts in ([b'x'], [b'x', b'<IDS|MSG>', b'', b'{', b'{', b'{', b'{']):
    socket.send_multipart(parts)
time.sleep(60)
"""


def test_messages_that_are_none_end_the_run(confined):
    answer = confined.run(FORGED)
    assert (answer["status"], answer["code"]) == ("killed", "ended_early")
    assert confined.works()
