import json
import re
from dataclasses import replace

import pytest

from functions.pages import handler as pages
from functions.pages import static_files
from functions.pages.static_files import FOLDER
from tests.support.gateway import LambdaContext, answer_of, claims_of, http_event

ID = "abcdefghijklmnopqrstuvwxyz"
SHELLS = {"GET /": {}, "GET /inbox": {}, "GET /a/{approval_id}": {"approval_id": ID}}


@pytest.fixture(autouse=True)
def environment(monkeypatch, agents_file):
    monkeypatch.setenv("STAGE", "local")
    monkeypatch.setenv("AGENTS_FILE", str(agents_file))
    monkeypatch.setenv("MODEL_LABEL", "scripted")
    monkeypatch.setenv("LAUNCH", "dry_run")
    monkeypatch.setenv("SELF_CONFIRM", "false")
    pages.deps.cache_clear()
    yield
    pages.deps.cache_clear()


def asks(route, **event):
    return answer_of(pages.handler(http_event(route, **event), LambdaContext()))


def asks_elsewhere(method, path):
    event = http_event(f"{method} {path}")
    event["routeKey"] = "$default"
    return answer_of(pages.handler(event, LambdaContext()))


@pytest.mark.parametrize(("route", "parameters"), SHELLS.items())
def test_a_page_is_a_shell_that_nobody_keeps_frames_or_scripts(route, parameters):
    page = asks(route, parameters=parameters)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "geolocation=()" in page.headers["permissions-policy"]
    assert '<html lang="en">' in page.text


def test_the_approval_page_is_the_same_for_every_id():
    one = asks("GET /a/{approval_id}", parameters={"approval_id": ID})
    other = asks("GET /a/{approval_id}", parameters={"approval_id": "<script>"})
    assert one.text == other.text


@pytest.mark.parametrize(
    "name", sorted(path.name for path in FOLDER.iterdir() if path.suffix != ".html")
)
def test_an_asset_is_asked_for_again_by_its_tag(name):
    first = asks("GET /assets/{name}", parameters={"name": name})
    assert (first.status, first.headers["cache-control"]) == (200, "no-cache")
    again = asks(
        "GET /assets/{name}",
        parameters={"name": name},
        headers={"if-none-match": f'"other", W/{first.headers["etag"]}'},
    )
    assert (again.status, again.text) == (304, "")


def test_what_a_page_names_is_kept_for_good_until_a_file_changes():
    page = asks("GET /")
    named = set(re.findall(r'(?:src|href)="/assets/(\w+)/([^"]+)"', page.text))
    [version] = {version for version, _ in named}
    assert len(named) > 10
    for _, name in named:
        kept = versioned(version, name)
        assert (kept.status, kept.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    other = versioned("0" * 16, "base.css")
    assert (other.status, other.headers["cache-control"]) == (200, "no-cache")
    for wrong in ("chat.html", "..", ""):
        assert versioned(version, wrong).status == 404


def versioned(version, name):
    parameters = {"version": version, "name": name}
    return asks("GET /assets/{version}/{name}", parameters=parameters)


def test_the_version_of_the_assets_changes_with_each_of_them(monkeypatch):
    before = static_files.assets_version()
    read, file = static_files._read, static_files._read("base.css")
    monkeypatch.setattr(
        static_files,
        "_read",
        lambda name: replace(file, tag="other") if name == "base.css" else read(name),
    )
    static_files.assets_version.cache_clear()
    after = static_files.assets_version()
    static_files.assets_version.cache_clear()
    assert before != after


@pytest.mark.parametrize(
    "name", ["chat.html", "handler.py", "..", "../handler.py", "gone.js", ".js", ""]
)
def test_nothing_but_assets_is_an_asset(name):
    event = http_event("GET /assets/{name}", parameters={"name": name})
    assert answer_of(pages.handler(event, LambdaContext())).status == 404


@pytest.mark.parametrize("name", ["chat.html", "inbox.html", "approval.html"])
def test_a_page_names_only_assets_that_are_there_and_nothing_of_other_sites(name):
    text = (FOLDER / name).read_text()
    named = re.findall(r'(?:src|href)="([^"]+)"', text)
    assets = {one for one in named if one.startswith("/assets/")}
    assert {path.removeprefix("/assets/") for path in assets} <= {
        file.name for file in FOLDER.iterdir()
    }
    assert [one for one in named if not one.startswith(("/", "#"))] == []
    assert re.findall(r"\son\w+=|<style|style=|<script(?![^>]*src=)", text) == []


def test_every_module_is_preloaded_by_the_pages_that_need_it():
    """Without a build step, a chain of imports would cost one round trip per link."""
    for page in FOLDER.glob("*.html"):
        text = page.read_text()
        loaded = set(re.findall(r'/assets/(\w+\.js)"', text))
        needed = set(loaded)
        for _ in range(10):
            needed |= {name for module in needed for name in imports_of(module)}
        assert needed == loaded, page.name


def imports_of(module):
    return re.findall(r'from "\./(\w+\.js)"', (FOLDER / module).read_text())


def test_no_script_reads_text_as_html_or_leaves_the_page():
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?://(?!www\.w3\.org/2000/svg)"
    found = {path.name: re.findall(forbidden, path.read_text()) for path in FOLDER.glob("*.js")}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_token_is_kept_by_the_browser_beyond_the_page():
    keeping = {path.name for path in FOLDER.glob("*.js") if "localStorage" in path.read_text()}
    session = {
        path.name for path in FOLDER.glob("*.js") if "sessionStorage.setItem" in path.read_text()
    }
    assert keeping == set()
    assert session == {"attempts.js", "composer.js"}


@pytest.mark.parametrize("name", ["chat.html", "inbox.html", "approval.html"])
def test_what_stands_in_a_page_is_in_the_table_too(name):
    table = dict(
        pair
        for file in ("english.js", "english_requests.js")
        for pair in re.findall(
            r'^  "([^"]+)": "([^"]*)",', (FOLDER / file).read_text(), re.MULTILINE
        )
    )
    page = (FOLDER / name).read_text()
    marked = re.findall(r'data-say="([^"]+)"[^>]*>([^<]*)<', page)
    marked += [
        (key, text)
        for text, key in re.findall(r'aria-label="([^"]+)" data-say-label="([^"]+)"', page)
    ]
    assert marked
    assert [(key, text) for key, text in marked if table.get(key) != text] == []
    body = page[page.index("</noscript>") :]
    texts = [text.strip() for text in re.findall(r">([^<]+)<", body)]
    assert {text for text in texts if text} <= {text for _, text in marked}


def test_health_says_which_model_and_version_this_is():
    assert asks("GET /healthz").json == {
        "status": "ok",
        "stage": "local",
        "model": "scripted",
        "launch": "dry_run",
        "version": asks("GET /openapi.json").json["info"]["version"],
    }


def test_agents_are_listed_with_samples_and_without_prompts():
    listed = asks("GET /agents", claims=claims_of("alice", ("requesters",))).json["agents"]
    assert [agent["id"] for agent in listed] == ["ec2", "ec2_guided", "meeting"]
    members = {"id", "title", "description", "name", "intro", "samples", "starts", "python"}
    assert set(listed[0]) == members
    assert listed[0]["samples"]
    assert [agent["python"] for agent in listed] == [False, False, False]


@pytest.mark.parametrize(
    ("member", "python"),
    [
        ({"notebook": True}, True),
        ({"actions": {"look": {"kind": "notebook"}}}, True),
        ({"actions": {"look": {"kind": "module", "approval": "never"}}}, True),
        ({"actions": {"look": {"kind": "rest"}, "say": {"kind": "client"}}}, False),
    ],
    ids=["a notebook", "a function of the notebook", "a function of a module", "others"],
)
def test_an_agent_whose_calls_run_python_says_so(monkeypatch, tmp_path, member, python):
    agent = {"title": "A", "prompt": "", "digest": "0" * 64, **member}
    file = tmp_path / "agents.json"
    file.write_text(json.dumps({"a": agent}))
    monkeypatch.setenv("AGENTS_FILE", str(file))
    pages.deps.cache_clear()
    listed = asks("GET /agents", claims=claims_of("alice", ("requesters",))).json["agents"]
    assert [(one["id"], one["python"]) for one in listed] == [("a", python)]


def test_an_unknown_address_is_a_problem_and_not_a_page():
    answer = asks_elsewhere("GET", "/wp-login.php")
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/chat", "POST, OPTIONS"),
        ("GET", "/chat", "POST, OPTIONS"),
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", f"/a/{ID}", "GET, HEAD, OPTIONS"),
        ("GET", f"/approvals/{ID}/decision", "POST, OPTIONS"),
        ("HEAD", f"/approvals/{ID}/decision", "POST, OPTIONS"),
        ("HEAD", f"/approvals/{ID}", "GET, OPTIONS"),
        ("POST", f"/conversations/{ID}", "GET, DELETE, OPTIONS"),
        ("GET", "/session", "POST, DELETE, OPTIONS"),
    ],
)
def test_another_method_is_refused_with_those_that_are_allowed(method, path, allow):
    answer = asks_elsewhere(method, path)
    assert (answer.status, answer.json["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/conversations/{ID}/notebook"),
        ("GET", f"/conversations/{ID}/notebook.ipynb"),
        ("PUT", "/conversations/new/files/sales.csv"),
        ("DELETE", f"/conversations/{ID}/files/sales.csv"),
    ],
)
def test_what_this_stack_has_no_room_for_is_an_unknown_address(method, path):
    answer = asks_elsewhere(method, path)
    assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/", "/inbox", f"/a/{ID}", "/healthz", "/assets/base.css"])
def test_head_gives_the_headers_alone(path):
    answer = asks_elsewhere("HEAD", path)
    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["content-type"]


@pytest.mark.parametrize("path", ["/", f"/a/{ID}", f"/approvals/{ID}/decision"])
def test_options_names_the_methods_and_opens_nothing_to_other_sites(path):
    answer = asks_elsewhere("OPTIONS", path)
    assert (answer.status, answer.text) == (204, "")
    assert "OPTIONS" in answer.headers["allow"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["//", "/a/", "/a//b", "/approvals/", "/a/x/decision", "/%2e%2e/"])
def test_odd_addresses_are_unknown(path):
    assert asks_elsewhere("GET", path).status == 404


def test_browsers_find_the_icon_where_they_look_by_themselves():
    answer = asks_elsewhere("GET", "/favicon.ico")
    assert (answer.status, answer.headers["content-type"]) == (200, "image/svg+xml")


def test_pages_are_served_without_agents_or_settings(monkeypatch):
    monkeypatch.delenv("AGENTS_FILE")
    pages.deps.cache_clear()
    assert asks("GET /").status == 200
    assert (
        json.loads(answer_of(pages.handler(http_event("GET /healthz"), LambdaContext())).text)[
            "code"
        ]
        == "internal_error"
    )
