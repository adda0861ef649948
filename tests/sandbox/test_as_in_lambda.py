"""A parent with no right beyond its child's, as in Lambda, and a Linux older than Landlock, as Lambda's may be."""

import json
import subprocess
import sys

import pytest

from infra.page import ROOT
from tests.sandbox.asking import leaving, mark_of, running

SECRET = "hunter2-in-the-parent"
PARENT = f"""
import json, os, sys
sys.path[:0] = [{str(ROOT)!r}]
from functions.run_code import limits, sandbox
from functions.run_code.handler import handler
limits.drop_capabilities()
older = "from functions.run_code import landlock; landlock.keep_to = lambda *_: False; main()"
sandbox._PROGRAM = sandbox._PROGRAM.replace("main()", older)
code = sys.stdin.read().replace('PARENT', str(os.getpid()))
answers = [handler({{"v": 1, "kind": "notebook", "code": one}}, None)["text"] for one in (code, "6 * 7")]
print(json.dumps(answers))
"""
LOOK = """
import os
told = {}
for name in ('environ', 'maps', 'mem'):
    try:
        told[name] = b'hunter2' in open(f'/proc/PARENT/{name}', 'rb').read(1_000_000)
    except OSError as error:
        told[name] = type(error).__name__
told
"""


def asked(code, tmp_path):
    """What the child answers, and whether the next call works."""
    settings = {"STAGE": "dev", "CONFINEMENT": "vpc", "SECONDS": "30", "MEMORY_MB": "1000"}
    secrets = {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SECRET}
    told = subprocess.run(
        [sys.executable, "-c", PARENT],
        input=code,
        env={**settings, **secrets, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    answer, after = json.loads(told.stdout.splitlines()[-1])
    assert after == "42"
    return answer


@pytest.fixture(autouse=True)
def on_linux():
    if sys.platform != "linux":
        pytest.skip("Lambda is Linux.")


def test_the_keys_in_the_parent_s_environment_and_memory_stay_there(tmp_path):
    told = asked(LOOK, tmp_path)
    assert told == str(dict.fromkeys(("environ", "maps", "mem"), "PermissionError"))


# Signal 0 asks for the same permission and ends nobody, should the guard be broken.
SIGNAL = """
import os
for target in (PARENT, os.getppid(), -1):
    try:
        os.kill(target, 0)
        print('reached')
    except OSError as error:
        print(type(error).__name__)
"""


def test_the_parent_takes_no_signal_from_its_child(tmp_path):
    assert set(asked(SIGNAL, tmp_path).split()) == {"PermissionError"}


def test_a_process_that_leaves_its_parents_is_found_and_ended(tmp_path):
    mark = mark_of("lambda")
    assert asked(leaving(mark), tmp_path) == "started"
    assert mark not in running()


HIDDEN = """
import ctypes, os, time
for _ in range(4):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
        held = bytearray(os.urandom(1024)) * (350 * 1024)
        time.sleep(60)
time.sleep(60)
"""


def test_memory_that_processes_hide_is_counted_all_the_same(tmp_path):
    assert "used more than" in asked(HIDDEN, tmp_path)


CLOSED = """
import os, tempfile
for place in (os.getcwd(), tempfile.gettempdir(), '../..'):
    os.makedirs(f'{place}/a/b/c')
    open(f'{place}/a/b/c/file', 'w').close()
    for folder in ('a/b/c', 'a/b', 'a'):
        os.chmod(f'{place}/{folder}', 0)
"""


def test_folders_that_are_closed_to_their_owner_are_removed(tmp_path):
    place = tmp_path / "tmp"
    place.mkdir()
    assert asked(CLOSED, place) == "Done"
    assert list(place.iterdir()) == []
