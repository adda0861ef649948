"""A headless Chromium before the deployed stack, and the people who use it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import notebooks
from tests.browser.axe import teach
from tests.browser.drawn_pages import DrawnPages
from tests.browser.told import AGENTS, LOOKS
from tests.browser.visitor import DESKTOP, Visitor, signed_in_cookies
from tests.story.conftest import (  # noqa: F401
    pytest_sessionfinish,
    python_story,
    stacks,
    story,
)

PROGRAMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with its module: while it runs, Playwright's event loop would be in others' way."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        reason = f"no Chromium on this machine (looked for {', '.join(PROGRAMS)})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def kept_cookies() -> dict:
    """What a browser keeps of each person's sign-in; made once, as a person would."""
    return {}


@pytest.fixture
def visit(chromium, story, kept_cookies):  # noqa: F811
    """Opens a browser for somebody: `visit("bob", **PHONE)`, signed in unless told otherwise."""
    visitors: list[Visitor] = []

    def open_browser(name: str, *, signed_in: bool = True, **look) -> Visitor:
        context = chromium.new_context(**{**DESKTOP, **look})
        visitor = Visitor(context, story, name)
        visitors.append(visitor)
        if signed_in:
            if name not in kept_cookies:
                kept_cookies[name] = signed_in_cookies(chromium, story, name)
            context.add_cookies(kept_cookies[name])
        return visitor

    yield open_browser
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def chat(chromium):
    """The chat page before answers made for a test, for somebody with these agents."""
    opened = []
    looks = {**LOOKS, **notebooks.LOOKS}

    def open_chat(look: str = "phone, English, light", agents: list = AGENTS) -> DrawnPages:
        context = chromium.new_context(
            **{"reduced_motion": "reduce", "timezone_id": "UTC", **looks[look]}
        )
        teach(context)
        pages = DrawnPages(context, "kai")
        pages.says("GET /agents", {"agents": agents})
        opened.append((context, pages))
        return pages

    yield open_chat
    for context, pages in opened:
        context.close()
        assert pages.complaints == []


@pytest.fixture
def drawn(chromium):
    """Pages before answers made for a test, in a browser of any look."""
    contexts = []

    def open_browser(look, user="bob"):
        context = chromium.new_context(**{"reduced_motion": "reduce", "timezone_id": "UTC", **look})
        teach(context)
        pages = DrawnPages(context, user)
        contexts.append((context, pages))
        return pages

    yield open_browser
    for context, pages in contexts:
        context.close()
        assert pages.complaints == []
