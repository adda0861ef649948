"""The sandbox as it is deployed on a laptop and in AWS: the handler itself, with a child per run."""

import compileall
import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest

from functions.run_code import sandbox
from functions.run_code.handler import settings
from functions.shared.sandbox_settings import RunCodeSettings
from tests.sandbox.asking import Sandbox

LIBRARIES = ("IPython", "ipykernel", "matplotlib", "numpy", "pandas", "traitlets", "zmq")
MEMORY_MB = 1536


@pytest.fixture(scope="session", autouse=True)
def compiled_libraries():
    """A confined child cannot write what it compiles; without this each run would compile again."""
    for name in LIBRARIES:
        folder = Path(importlib.util.find_spec(name).origin).parent
        if not (folder / "__pycache__" / f"__init__.{sys.implementation.cache_tag}.pyc").exists():
            compileall.compile_dir(folder, quiet=2, rx=re.compile(r"/tests?/"))


@pytest.fixture
def namespaces():
    """Where Linux gives no namespaces the tests that need them fail, and say what to change."""
    if sys.platform != "linux":
        pytest.skip(
            "Namespaces are Linux's; here the kind is refused, which has a test of its own."
        )
    sandbox.has_namespaces.cache_clear()
    assert sandbox.has_namespaces(), (
        "This Linux gives no user namespaces: run the tests where it does "
        "(kernel.apparmor_restrict_unprivileged_userns=0, or a container with SYS_ADMIN)."
    )


def deployed(monkeypatch, confinement, **changed):
    stage = "dev" if confinement == "vpc" else "local"
    values = {"stage": stage, "seconds": 30, "memory_mb": MEMORY_MB, **changed}
    for name, value in RunCodeSettings(confinement=confinement, **values).environment().items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return Sandbox(confinement)


@pytest.fixture
def confined(monkeypatch, namespaces):
    """The laptop's: namespaces of its own."""
    yield deployed(monkeypatch, "namespaces")
    settings.cache_clear()


@pytest.fixture(params=["namespaces", "vpc"])
def anywhere(request, monkeypatch):
    """The laptop's, and AWS's as far as it is the process's own doing."""
    if request.param == "namespaces":
        request.getfixturevalue("namespaces")
    yield deployed(monkeypatch, request.param)
    settings.cache_clear()


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, monkeypatch):
    """After every test: no directory, no process of a run."""
    place = tmp_path / "t"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    before = set(children())
    yield
    assert list(place.iterdir()) == []
    assert set(children()) <= before


def children():
    """Every process that descends from this one."""
    from functions.run_code.processes import descendants

    return descendants(os.getpid())
