"""In AWS the login page is another site: what a browser does with our cookies then."""

import pytest
from playwright.sync_api import expect

from infra.agents import compile_agents, serialized
from local.programs import ROOT
from tests.support.laptop_gateway import laptop_gateway
from tests.support.token_endpoint import token_endpoint

pytestmark = pytest.mark.browser

SESSION = "countersign-session"


@pytest.fixture
def site(tmp_path, monkeypatch):
    agents = tmp_path / "agents.json"
    agents.write_bytes(serialized(compile_agents(ROOT / "agents")))
    with (
        token_endpoint() as endpoint,
        laptop_gateway(
            endpoint, agents_file=str(agents), set_variable=monkeypatch.setenv
        ) as served,
    ):
        yield served


@pytest.fixture
def page(chromium):
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def test_a_sign_in_at_another_site_comes_back_signed_in_by_a_strict_cookie(site, page):
    origin, sent = site
    page.goto(f"{origin}/inbox")
    page.get_by_role("link", name="Sign in").click()
    assert page.url.startswith(origin.replace("127.0.0.1", "localhost"))
    sent.clear()
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#account summary", has_text="Signed in as Alice")).to_be_visible()
    with_session = [route for route, cookies in sent if SESSION in cookies]
    along_the_redirect = dict(sent)["GET /inbox"]
    assert SESSION not in along_the_redirect
    first = with_session[0]
    assert first in ("POST /session", "GET /healthz") or first.startswith("GET /assets/")


def test_a_link_from_another_site_opens_signed_in(site, page):
    origin, _ = site
    page.goto(f"{origin}/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#account summary", has_text="Signed in as Alice")).to_be_visible()
    page.goto("about:blank")
    page.set_content(f'<a href="{origin}/inbox">mail</a>')
    page.get_by_role("link", name="mail").click()
    expect(page.locator("#account summary", has_text="Signed in as Alice")).to_be_visible()


def test_a_second_view_asks_for_no_script_style_or_picture_again(site, page):
    origin, sent = site
    page.goto(f"{origin}/inbox")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    first = [route for route, _ in sent if route.startswith("GET /assets/")]
    assert len(first) > 15
    sent.clear()
    page.goto("about:blank")
    page.goto(f"{origin}/inbox")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    page.goto(f"{origin}/a/{'a' * 26}")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    again = [route for route, _ in sent if route.startswith("GET /assets/")]
    assert set(again).isdisjoint(first)
    assert len(again) == len(set(again))


def test_another_site_cannot_use_the_session(site, page):
    origin, sent = site
    page.goto(f"{origin}/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#account summary", has_text="Signed in as Alice")).to_be_visible()
    page.goto(
        origin.replace("127.0.0.1", "localhost") + "/oauth2/authorize?code_challenge=x"
        "&redirect_uri=x&state=x"
    )
    sent.clear()
    outcome = page.evaluate(
        """async address => {
          const answers = [];
          for (const options of [{method: "POST"}, {method: "DELETE"}, {method: "POST", mode: "no-cors"}]) {
            try {
              const answer = await fetch(address, {...options, credentials: "include"});
              answers.push(answer.type);
            } catch (error) { answers.push("refused"); }
          }
          return answers;
        }""",
        f"{origin}/session",
    )
    assert outcome == ["refused", "refused", "opaque"]
    assert [
        cookies for route, cookies in sent if route.endswith("/session") and SESSION in cookies
    ] == []
    assert len([one for one in page.context.cookies() if SESSION in one["name"]]) == 1
