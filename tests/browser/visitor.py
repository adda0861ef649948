"""Somebody at a browser: what they do, and what they can see."""

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
)

from tests.story.story import Story

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PATIENCE = 20_000
"""Milliseconds; the first page in a stack waits for cold Lambdas."""
expect.set_options(timeout=PATIENCE)


class Visitor:
    """One person's browser; `complaints` collects whatever its console and its requests say."""

    def __init__(self, context: BrowserContext, story: Story, name: str) -> None:
        self.context = context
        self.story = story
        self.name = name
        self.complaints: list[str] = []
        self.expected: list[str] = []
        context.set_default_timeout(PATIENCE)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"{name}: {error.error}"))
        context.on("request", self._asked)
        self.page = context.new_page()

    def expects(self, status: int) -> None:
        """The console may tell of a request that failed with this status."""
        self.expected.append(f"the server responded with a status of {status} ")

    def opens(self, path: str = "/", *, fresh_tab: bool = False) -> Page:
        if fresh_tab:
            self.page = self.context.new_page()
        self.page.goto(path if path.startswith("http") else self.story.url + path)
        return self.page

    def signs_in(self) -> None:
        """From any page of ours, through the real login pages, and back."""
        page = self.page
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("Username").fill(f"{self.name}@example.com")
        page.get_by_role("button", name="Next").click()
        page.get_by_label("Password").fill(self.story.password)
        page.get_by_role("button", name="Sign in").click()
        self.account().wait_for()

    def writes(self, message: str) -> None:
        """Send a message by keyboard, and wait for its answer."""
        field = self.page.get_by_label("Message", exact=True)
        field.fill(message)
        before = self.page.locator(".turn").count()
        field.press("Enter")
        expect(self.page.locator(".turn")).to_have_count(before + 1)
        expect(self.page.locator(".turn.sending")).to_have_count(0)

    def account(self) -> Locator:
        """Where the page says who is signed in."""
        return self.page.locator("#account summary").filter(has_text="Signed in as")

    def last_turn(self) -> Locator:
        return self.page.locator(".turn").last

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if not any(expected in message.text for expected in self.expected):
            self.complaints.append(f"{self.name}: {message.text} ({message.location['url']})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.story.url, f"blob:{self.story.url}", "data:")):
            self.complaints.append(f"{self.name}: a request to {request.url}")


def signed_in_cookies(browser: Browser, story: Story, name: str) -> list:
    """Sign in once and take along what the browser keeps."""
    context = browser.new_context(**DESKTOP)
    visitor = Visitor(context, story, name)
    visitor.opens()
    visitor.signs_in()
    cookies = context.cookies()
    context.close()
    return cookies


def asks_for_an_instance(story: Story, who: str = "alice", words: str = "please") -> str:
    """An approval that waits for its decision, asked for over HTTP; its id."""
    story.model.calls()
    turn = story.user(who).says(words)
    approval = turn["approval"]["id"]
    story.user(who).sees_approval(approval, "pending")
    return approval
