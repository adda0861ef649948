"""Ways out of a run that lead through other processes, descriptors, messages and what is left behind."""

import ast
import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from functions.run_code.limits import Limits
from functions.run_code.sandbox import started
from tests.sandbox.asking import is_gone, leaving, mark_of, running
from tests.sandbox.conftest import deployed

SECRET = "hunter2-of-another-process"


def knows_landlock():
    """Asked in a process of its own: it does not come off again."""
    question = "from functions.run_code import landlock; print(landlock.keep_to(['/'], ['/']))"
    answer = subprocess.run([sys.executable, "-c", question], capture_output=True, text=True)
    return answer.stdout.strip() == "True"


@pytest.fixture
def with_landlock():
    if not knows_landlock():
        pytest.skip("This Linux knows no Landlock.")


@pytest.fixture
def neighbour():
    """A process of the same user that hides nothing, as Lambda's own beside the handler."""
    program = "import time; print('up', flush=True); time.sleep(120)"
    with subprocess.Popen(
        [sys.executable, "-c", program], env={"KEY": SECRET}, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        yield process.pid
        process.kill()


def test_a_neighbour_that_hides_nothing_is_not_looked_into(anywhere, with_landlock, neighbour):
    code = f"""
told = set()
for name in ('environ', 'mem', 'maps'):
    try:
        told.add(open(f'/proc/{neighbour}/{{name}}', 'rb').read(10))
    except OSError as error:
        told.add(type(error).__name__)
told
"""
    assert ast.literal_eval(anywhere.text(code)) < {"PermissionError", "FileNotFoundError"}
    assert anywhere.works()


def test_without_namespaces_the_user_s_own_files_stay_closed(monkeypatch, with_landlock, tmp_path):
    """`unconfined`, on a Linux that gives no namespaces but knows Landlock."""
    monkeypatch.setattr("functions.run_code.handler.has_namespaces", lambda: False)
    sandbox = deployed(monkeypatch, "unconfined")
    keys = tmp_path / "credentials"
    keys.write_text(SECRET)
    refused = "PermissionError"
    assert refused in sandbox.text(f"open({str(keys)!r}).read()")
    assert refused in sandbox.text(f"open({str(tmp_path / 'written')!r}, 'w')")
    assert refused in sandbox.text(f"import os\nos.listdir({str(Path.home())!r})")
    assert sandbox.text("open('own', 'w').write('text')") == "4"
    assert sandbox.works()


STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM


@pytest.fixture
def listening():
    """Local sockets of other programs, by path and by name, that take connections and that take letters."""
    with contextlib.ExitStack() as servers:
        places = []
        for number, kind in enumerate((STREAM, DATAGRAM)):
            for prefix in ("/tmp/", "\0"):  # noqa: S108
                place = f"{prefix}countersign-{os.getpid()}-{number}"
                server = servers.enter_context(socket.socket(socket.AF_UNIX, kind))
                server.bind(place)
                if kind == STREAM:
                    server.listen()
                places.append(place)
        yield places
        for place in places:
            if place.startswith("/"):
                Path(place).unlink()


def test_no_local_socket_of_another_program_is_reached(anywhere, listening):
    code = f"""
import socket
told = set()
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for place in {listening!r}:
        for made in (lambda: socket.socket(socket.AF_UNIX, kind), lambda: socket.socketpair(socket.AF_UNIX, kind)[0]):
            try:
                made().connect(place)
                told.add('reached')
            except OSError as error:
                told.add(error.errno)
told
"""
    assert "reached" not in ast.literal_eval(anywhere.text(code))
    assert anywhere.works()


def test_a_pair_of_sockets_and_an_event_loop_work(anywhere):
    code = """
import asyncio, socket
one, other = socket.socketpair()
one.send(b'heard')
async def answer():
    await asyncio.sleep(0)
    return other.recv(5)
await answer()
"""
    assert anywhere.text(code) == "b'heard'"


DESCRIPTORS = """
import os
found = []
for name in os.listdir('/proc/self/fd'):
    try:
        found.append(os.readlink(f'/proc/self/fd/{name}'))
    except OSError:
        pass
sorted({one.split(':')[0] for one in found if not one.startswith('/proc/')})
"""


def test_no_descriptor_of_the_parent_is_inherited(anywhere, tmp_path):
    (tmp_path / "open").write_text(SECRET)
    with (tmp_path / "open").open() as file:
        os.set_inheritable(file.fileno(), True)
        found = set(ast.literal_eval(anywhere.text(DESCRIPTORS)))
    assert found <= {"/dev/null", "anon_inode", "pipe", "socket"}
    assert anywhere.works()


FORGED_WORDS = """
import os
for number in range(3, 256):
    try:
        os.set_blocking(number, False)
        os.write(number, b'{"kind": "stream", "content": {"name": "stdout", "text": "forged"}}\\n')
    except OSError:
        pass
"""


def test_words_written_to_every_descriptor_do_not_reach_the_one_that_asked(anywhere):
    answer = anywhere.run(FORGED_WORDS, seconds=3)
    assert "forged" not in str(answer["outputs"])
    assert anywhere.works()


READER = """
import os, signal
told = []
for look in (
    lambda: open(f'/proc/{os.getppid()}/mem', 'rb'),
    lambda: os.readlink(f'/proc/{os.getppid()}/fd/0'),
    lambda: open(f'/proc/{os.getppid()}/environ').read(),
):
    try:
        told.append(look())
    except OSError as error:
        told.append(type(error).__name__)
told
"""


def test_the_process_that_reads_the_kernel_is_not_looked_into(anywhere):
    assert anywhere.text(READER) == str(["PermissionError"] * 3)
    assert anywhere.works()


def test_where_the_reader_is_ended_so_is_the_run(confined):
    """In its own namespace code may signal it; elsewhere not."""
    answer = confined.run("import os\nos.kill(os.getppid(), 9)")
    assert (answer["status"], answer["code"]) == ("killed", "ended_early")
    assert confined.works()


FLOOD = """
import gc, time, zmq
[socket] = [one for one in gc.get_objects() if isinstance(one, zmq.Socket) and one.type == zmq.XPUB]
piece = bytes(4 * 1024 * 1024)
while True:
    for _ in range(100):
        socket.send(piece, flags=zmq.SNDMORE)
"""
"""A message of parts without an end, each of them short enough."""


def test_a_message_without_an_end_does_not_fill_the_memory_of_the_one_that_asked(
    monkeypatch, namespaces
):
    sandbox = deployed(monkeypatch, "namespaces", memory_mb=1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = sandbox.run(FLOOD, seconds=10)
    assert answer["status"] in ("failed", "killed", "timed_out")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert sandbox.works()


MANY_MESSAGES = {
    "displays": "from IPython.display import display\nfor n in range(30_000): display(n)",
    "cleared": "from IPython.display import clear_output\nwhile True:\n    print('y' * 100)\n    clear_output()",
    "changed": "from IPython.display import display\nd = display('0', display_id=1)\nwhile True: d.update('y' * 100)",
    "comms": "import comm\nc = comm.create_comm()\nwhile True: c.send('y' * 1000)",
    "lines": "import sys\nwhile True:\n    print(1, flush=True)\n    print(2, file=sys.stderr, flush=True)",
}


@pytest.mark.parametrize("code", MANY_MESSAGES.values(), ids=MANY_MESSAGES)
def test_messages_without_end_come_to_one(confined, code):
    answer = confined.run(code, seconds=4)
    assert answer["code"] in ("output_limit", "time_limit")
    assert len(answer["outputs"]) <= 1001
    assert len(str(answer)) < 1_200_000
    assert confined.works()


ODD = """
import math
from IPython.display import display
deep = []
for _ in range(5000):
    deep = [deep]
for part in (math.nan, math.inf, {'a': math.nan}, deep, b'raw', 10 ** 5000, '\\ud800', {1: 2}):
    try:
        display({'text/plain': 'shown', 'application/json': part, 'text/html': part}, metadata={'x': part}, raw=True)
    except Exception:
        pass
print('\\ud800 and on')
"""


def test_odd_values_in_a_display_stop_neither_the_run_nor_the_answer(confined):
    answer = confined.run(ODD)
    json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    assert answer["text"].endswith(" and on\n")
    assert confined.works()


@pytest.mark.parametrize(
    "code",
    [
        "exit()",
        "get_ipython().kernel.do_shutdown(False)",
        "import sys; sys.exit(1)",
        "import atexit, time\natexit.register(time.sleep, 600)",
        "import signal\nsignal.alarm(600)",
    ],
)
def test_a_cell_that_asks_python_to_end_is_a_cell_like_others(confined, code):
    assert confined.run(code)["status"] in ("succeeded", "failed")
    assert confined.text("'next'") == "next"


DEEP_AND_CLOSED = """
import os, tempfile
for place in (os.getcwd(), tempfile.gettempdir()):
    os.chdir(place)
    for _ in range(1500):
        os.mkdir('folder')
        os.chdir('folder')
    os.mkfifo('fifo')
    os.symlink('/', 'root')
    os.chmod('.', 0)
    os.chmod(place, 0)
"""


def test_folders_that_are_deep_closed_or_lead_elsewhere_are_removed(anywhere):
    assert anywhere.text(DEEP_AND_CLOSED) == "Done"
    assert anywhere.works()


@pytest.mark.parametrize("confinement", ["namespaces", "vpc"])
def test_what_the_warden_leaves_when_it_is_ended_itself_is_ended_too(confinement, namespaces):
    mark = mark_of(f"orphan-{confinement}")
    code = leaving(mark).replace("'started'", "print('started', flush=True)\ntime.sleep(600)")
    with started(
        "notebook",
        confinement=confinement,
        limits_of_run=Limits(30, 1536),
        order={"code": code, "cells": [], "given": []},
    ) as run:
        until = run.await_begin() + 30
        run.said.grant(10_000)
        while "started" not in str(run.word(until)):
            continue
        assert mark in running() or confinement == "namespaces"
        os.kill(run.process.pid, signal.SIGKILL)
    assert is_gone(mark)


def test_linux_ends_a_run_before_any_other_process_where_memory_is_short(anywhere):
    assert anywhere.text("open('/proc/self/oom_score_adj').read()") == "1000\n"


def test_the_clock_cannot_be_set(anywhere):
    code = "import time\ntime.clock_settime(time.CLOCK_REALTIME, time.time())"
    assert "PermissionError" in anywhere.text(code)
    assert anywhere.works()
