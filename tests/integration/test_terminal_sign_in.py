"""Signing in from a terminal: by the browser of the same machine, or with a pasted code; and how a session ends."""

import json
import re
import stat
import urllib.request

import pytest

import functions.session.handler as session
from tests.support.sign_in_service import CODE, sign_in_service


@pytest.fixture
def service(monkeypatch, terminal):
    """The deployment says that people sign in there; nobody is signed in."""
    (terminal.home / "session.json").unlink()
    with sign_in_service() as service:
        deps = session.deps()
        settings = deps.settings.__class__(
            **{
                **{name: getattr(deps.settings, name) for name in deps.settings.__slots__},
                "login_url": service.url,
            }
        )
        changed = session.Deps(settings=settings, cookies=deps.cookies, tokens=deps.tokens)
        monkeypatch.setattr(session, "deps", lambda: changed)
        yield service


def kept(terminal):
    return json.loads((terminal.home / "session.json").read_text())


def test_a_browser_on_the_same_machine_signs_in_and_the_session_is_for_nobody_else_to_read(
    terminal, service, backend
):
    terminal.environment["BROWSER"] = "curl -sL -o /dev/null %s &"
    said = terminal.piped("login", terminal.url)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.endswith(f"You are Alice <alice@example.com> at {terminal.url}.\n")
    file = terminal.home / "session.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    backend.model.says("Hello.")
    assert terminal.piped("chat", "Hi").stdout == "Hello.\n"


def test_a_code_is_pasted_where_there_is_no_browser(terminal, service):
    with terminal.at("login", terminal.url, "--paste", columns=2000) as at:
        at.expect("paste the code it shows:")
        shown = at.expect("Code: ")
        address = re.search(r"http\S+/oauth2/authorize\S+", shown)[0]
        back = _sent_back_to(address)
        page = _page(terminal, back)
        assert "Paste this into your terminal" in page
        code = re.search(r'<code class="to-copy">(.*?)</code>', page)[1]
        assert code.startswith(f"{CODE}#")
        at.type(code)
        at.expect("You are Alice")
        assert at.ends() == 0


def test_a_code_of_another_sign_in_is_refused(terminal, service):
    said = terminal.piped("login", terminal.url, "--paste", says=f"{CODE}#another-state\n")
    assert (said.returncode, said.stderr) == (
        1,
        "This code belongs to another sign-in; begin again.\n",
    )
    assert not (terminal.home / "session.json").exists()
    assert service.granted == []


def test_an_access_token_that_is_over_is_replaced_once_and_kept(terminal, service, backend):
    terminal.signed_in("alice", token_url=service.url, refresh_token="refresh", expires_at=1)
    backend.model.says("Hello.", "Again.")
    assert terminal.piped("chat", "Hi").stdout == "Hello.\n"
    assert terminal.piped("chat", "Hi").stdout == "Again.\n"
    assert service.granted == ["refresh_token"]
    assert kept(terminal)["expires_at"] > 1_700_000_000


def test_a_session_that_is_over_says_how_to_sign_in(terminal, service):
    service.is_over = True
    terminal.signed_in("alice", token_url=service.url, refresh_token="refresh", expires_at=1)
    said = terminal.piped("chat", "Hi")
    assert (said.returncode, said.stderr) == (
        1,
        f"This sign-in was used already, or is over. Sign in: countersign login {terminal.url}\n",
    )


def test_signing_out_ends_the_session_here_and_there(terminal, service):
    terminal.signed_in("alice", token_url=service.url, refresh_token="refresh")
    assert terminal.piped("logout").stdout == "You are signed out.\n"
    assert service.revoked == ["refresh"]
    assert not (terminal.home / "session.json").exists()


@pytest.mark.parametrize("address", ["http://example.com", "ftp://x", "", "https://"])
def test_what_is_no_safe_address_is_refused(terminal, service, address):
    assert terminal.piped("login", address).returncode == 1


def test_a_page_without_a_code_says_so_and_nothing_in_it_runs(gateway):
    answer = gateway.send("GET", "/session/code?error=access_denied")
    assert answer.status == 400
    answer = gateway.send("GET", "/session/code?code=<script>1</script>&state=%22")
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def _sent_back_to(address):
    class Stays(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    opener = urllib.request.build_opener(Stays)
    with pytest.raises(urllib.error.HTTPError) as redirect:
        opener.open(address)
    redirect.value.close()
    return redirect.value.headers["Location"]


def _page(terminal, address):
    """The page of the deployment, wherever its origin says that it is."""
    path = "/session/" + address.partition("/session/")[2]
    with urllib.request.urlopen(terminal.url + path) as answer:  # noqa: S310
        return answer.read().decode()
