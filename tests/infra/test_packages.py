"""The zips: each its own, small, and valid for the interpreter that will run them."""

import os
import subprocess
import zipfile
from dataclasses import dataclass

import pytest

from infra.agents import compile_agents, serialized
from infra.app import LOCAL_PYTHON
from infra.interpreter import NoInterpreter, host_target, lambda_target
from infra.packages import Packages
from infra.page import ROOT
from infra.requirements import LAMBDAS
from tests.support.exhaustive import one_of

MAGIC_OF_3_13 = (3571).to_bytes(2, "little") + b"\r\n"
UNCHECKED_HASH = 0b01
MEGABYTE = 1_000_000
ROOMS = tuple(room for room in LAMBDAS if room != "run_code")
"""The sandbox's zip is large, made only where a manifest needs it, and has tests of its own."""
BUDGET = {**dict.fromkeys(ROOMS, 6 * MEGABYTE), "chat": 12 * MEGABYTE}


@dataclass(frozen=True)
class Built:
    target: object
    zips: dict


def lambda_or_skip():
    try:
        return lambda_target(os.environ)
    except NoInterpreter as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=one_of(["laptop", "lambda"]))
def built(request):
    target = lambda_or_skip() if request.param == "lambda" else host_target(LOCAL_PYTHON)
    packages = Packages(target=target, agents=serialized(compile_agents(ROOT / "agents")))
    return Built(target, {room: packages.zip_of(room) for room in ROOMS})


@pytest.fixture(params=ROOMS)
def room(request):
    return request.param


def magic_of(target):
    if target.platform:
        return MAGIC_OF_3_13
    program = "import importlib.util, sys; sys.stdout.buffer.write(importlib.util.MAGIC_NUMBER)"
    return subprocess.run(
        [target.interpreter, "-c", program], capture_output=True, check=True
    ).stdout


def test_every_room_has_a_zip_of_its_own(built):
    assert len({file.read_bytes() for file in built.zips.values()}) == len(ROOMS)


def test_a_zip_stays_within_its_budget(built, room):
    if built.target.platform:
        assert built.zips[room].stat().st_size <= BUDGET[room]


def test_every_compiled_file_is_valid_for_its_interpreter_without_a_look_at_dates(built, room):
    magic = magic_of(built.target)
    with zipfile.ZipFile(built.zips[room]) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
        assert len(compiled) > 100
        for name in compiled:
            with archive.open(name) as file:
                header = file.read(8)
            assert header[:4] == magic, name
            assert int.from_bytes(header[4:], "little") == UNCHECKED_HASH, name


def test_a_zip_holds_its_own_room_and_what_is_shared(built, room):
    with zipfile.ZipFile(built.zips[room]) as archive:
        ours = [name for name in archive.namelist() if name.startswith("functions/")]
    folders = {name.split("/")[1] for name in ours if name.count("/") > 1} - {"__pycache__"}
    assert folders == {"shared", room}


def test_our_code_is_readable_and_compiled_and_others_code_is_compiled_alone(built, room):
    with zipfile.ZipFile(built.zips[room]) as archive:
        names = set(archive.namelist())
    sources = {name for name in names if name.endswith(".py")}
    assert f"functions/{room}/handler.py" in sources
    assert all(name.startswith("functions/") for name in sources)
    cached = {name for name in names if name.startswith("functions/") and name.endswith(".pyc")}
    assert len(cached) == len(sources)
    assert all("/__pycache__/" in name for name in cached)


def test_what_the_runtime_carries_stays_out(built, room):
    with zipfile.ZipFile(built.zips[room]) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops.isdisjoint({"boto3", "botocore", "s3transfer", "urllib3", "bin", "pip"})


def test_only_who_acts_for_agents_carries_them(built, room):
    with zipfile.ZipFile(built.zips[room]) as archive:
        names = set(archive.namelist())
    assert ("agents.json" in names) is (room in ("chat", "pages", "run_action", "ask_sandbox"))
    assert ("code_files.json" in names) is (room == "ask_sandbox")


def test_a_changed_file_of_the_operator_s_is_another_zip_of_one_room():
    target = host_target(LOCAL_PYTHON)

    def zip_of(room, content):
        return Packages(target=target, agents=b"{}", code_files=content).zip_of(room)

    assert zip_of("ask_sandbox", b'{"a": 1}') != zip_of("ask_sandbox", b'{"a": 2}')
    assert zip_of("notebooks", b'{"a": 1}') == zip_of("notebooks", b'{"a": 2}')


def test_native_code_in_a_lambda_s_zip_is_for_its_processor(built, room):
    if not built.target.platform:
        return
    with zipfile.ZipFile(built.zips[room]) as archive:
        native = [name for name in archive.namelist() if ".so" in name]
    assert native
    assert all("aarch64" in name for name in native)


def test_every_date_is_the_same_so_that_equal_code_is_an_equal_zip(built, room):
    with zipfile.ZipFile(built.zips[room]) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("room", one_of(ROOMS, "chat"))
def test_a_handler_imports_from_its_zip_and_the_runtime_alone(room, tmp_path):
    target = host_target(LOCAL_PYTHON)
    packages = Packages(target=target, agents=serialized(compile_agents(ROOT / "agents")))
    with zipfile.ZipFile(packages.zip_of(room)) as archive:
        archive.extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, '.'); import functions.{room}.handler as it; it.handler"
    )
    answer = subprocess.run(
        [target.interpreter, "-I", "-c", program],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
