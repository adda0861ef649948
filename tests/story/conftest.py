"""Fixtures of the stories: stacks that are started once, and a story for each test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.python import has_namespaces
from local.run_files import stop
from tests.story.gallery_story import GalleryStory
from tests.story.python_story import PythonStory
from tests.story.stacks import Stacks
from tests.story.story import Story

OTHER_STACKS = frozenset(
    {"expiring_story", "lone_story", "targets_story", "gallery_story", "python_story"}
)
"""Fixtures of the stories that need a stack beside the main one: a deploy each, left to `make test-all`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if OTHER_STACKS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.exhaustive)


def is_worker() -> bool:
    """Whether this process is one of several that share a session."""
    return "PYTEST_XDIST_WORKER" in os.environ


@pytest.fixture(scope="session")
def stacks(tmp_path_factory) -> Stacks:
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if is_worker() else base
    session = os.getppid() if is_worker() else os.getpid()
    return Stacks(shared / "stacks", session)


@pytest.fixture
def story(stacks) -> Iterator[Story]:
    """A story in the main stack: mails by SNS, approvals wait for ten minutes."""
    with Story(stacks.main()) as told:
        yield told


@pytest.fixture
def expiring_story(stacks) -> Iterator[Story]:
    """A story in a stack whose approvals expire after five seconds."""
    with Story(stacks.variant("Expiring", "--approval-timeout-seconds=5")) as told:
        yield told


@pytest.fixture
def lone_story(stacks) -> Iterator[Story]:
    """A story that no other one is told beside, in a stack with today's budgets unused, where
    requesters may countersign for themselves and mails go by SES: for switches, roles and budgets.
    """
    with stacks.alone("Alone"):
        stack = stacks.variant("Alone", "--self-confirm", "--channel=ses")
        with Story(stack) as told:
            told.rows.empty("BudgetsTable")
            yield told


@pytest.fixture
def targets_story(stacks) -> Iterator[Story]:
    """A story in a stack with a target of its own account and one of another."""
    with Story(stacks.targets()) as told:
        yield told


@pytest.fixture
def gallery_story(stacks) -> Iterator[GalleryStory]:
    """A story that no other one is told beside, with the agents of the gallery."""
    with stacks.alone("Gallery"), GalleryStory(stacks.gallery()) as told:
        yield told


@pytest.fixture
def python_story(stacks) -> Iterator[PythonStory]:
    """A story in the stack whose agents run Python."""
    if not has_namespaces():
        pytest.skip("This machine gives no namespaces, which confine Python on a laptop.")
    with PythonStory(stacks.python()) as told:
        yield told


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Ends the stacks at once; they would end by themselves after the session."""
    base = getattr(session.config, "_tmp_path_factory", None)
    if is_worker() or base is None:
        return
    for directory in sorted(Path(base.getbasetemp()).glob("stacks/*/processes.json")):
        stop(directory.parent)
