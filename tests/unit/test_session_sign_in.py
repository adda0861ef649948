import pytest

from functions.session.cookies import SIGN_INS_AT_ONCE, Cookies, fits_a_cookie
from functions.session.sign_in import SignIn, safe_return_path

PRODUCTION = Cookies.at("https://countersign.example.com")
LAPTOP = Cookies.at("http://127.0.0.1:8787")


@pytest.mark.parametrize(
    "path", ["/", "/inbox", "/a/abcdefghijklmnopqrstuvwxyz", "/?c=abc&x=%2F%2Fevil.example"]
)
def test_a_path_of_this_site_is_come_back_to(path):
    assert safe_return_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "inbox", "/a\r\nSet-Cookie: x=1", "/a\tb", "/a b", "/\x00",
        "/日本", "/\u202egnp", "/session/login", "/session/callback?code=1", "/" + "a" * 512,
    ],
)  # fmt: skip
def test_whatever_could_lead_elsewhere_becomes_the_start_page(path):
    assert safe_return_path(path) == "/"


def test_a_sign_in_is_read_back_from_its_cookie():
    begun = SignIn.begin("/a/abc?x=1")
    assert SignIn.kept(begun.cookie()) == begun
    assert begun.is_answered_by(begun.state)
    assert not begun.is_answered_by(SignIn.begin("/").state)
    assert not begun.is_answered_by("日本")


@pytest.mark.parametrize("cookie", ["", ".", "..", "state", "state.verifier.ä", ".v.Lw=="])
def test_a_cookie_that_we_did_not_make_is_no_sign_in(cookie):
    assert SignIn.kept(cookie) is None


def test_a_planted_return_path_is_checked_again_when_it_is_read():
    assert SignIn.kept("state.verifier.aHR0cHM6Ly9ldmlsLmV4YW1wbGU=").return_path == "/"


def test_neither_state_nor_verifier_shows_in_a_printed_sign_in():
    begun = SignIn.begin("/")
    assert begun.state not in repr(begun)
    assert begun.verifier not in repr(begun)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites():
    session, _ = PRODUCTION.keep_session("token")
    assert session == (
        "__Host-countersign-session=token; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict; Secure"
    )
    on_the_laptop, _ = LAPTOP.keep_session("token")
    assert on_the_laptop == (
        "countersign-session-8787=token; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict"
    )


def test_what_scripts_may_see_of_a_session_is_that_there_is_one():
    _, mark = PRODUCTION.keep_session("token")
    assert (
        mark == "__Host-countersign-signed-in=1; Max-Age=2592000; Path=/; SameSite=Strict; Secure"
    )


def test_clearing_expires_both_cookies_under_the_same_names():
    kept, cleared = PRODUCTION.keep_session("token"), PRODUCTION.clear_session()
    assert [one.partition("=")[0] for one in cleared] == [one.partition("=")[0] for one in kept]
    assert all("Max-Age=0;" in one for one in cleared)


def test_two_laptop_runs_do_not_share_their_sessions():
    session, _ = LAPTOP.keep_session("token")
    assert Cookies.at("http://127.0.0.1:9999").session([session.partition(";")[0]]) == ""


def test_sign_ins_in_several_tabs_do_not_disturb_each_other():
    one, other = SignIn.begin("/"), SignIn.begin("/inbox")
    sent = [
        LAPTOP.keep_sign_in(begun.state, begun.cookie()).partition(";")[0] for begun in (one, other)
    ]
    assert SignIn.kept(LAPTOP.sign_in(sent, one.state)) == one
    assert SignIn.kept(LAPTOP.sign_in(sent, other.state)) == other
    assert LAPTOP.clear_abandoned(sent) == []


def test_sign_ins_given_up_do_not_pile_up():
    begun = [SignIn.begin("/") for _ in range(9)]
    sent = [LAPTOP.keep_sign_in(one.state, one.cookie()).partition(";")[0] for one in begun]
    cleared = LAPTOP.clear_abandoned(sent)
    assert len(sent) - len(cleared) == SIGN_INS_AT_ONCE - 1
    assert all("Max-Age=0;" in one for one in cleared)


@pytest.mark.parametrize(
    "value", ["", "a b", "a;b", "a,b", 'a"b', "a\\b", "a\nb", "日本", "a" * 3901]
)
def test_a_token_that_no_cookie_can_hold_is_known(value):
    assert not fits_a_cookie(value)
    assert fits_a_cookie("eyJjdHkiOiJKV1QifQ.a-b_c=.~" + "a" * 3000)


@pytest.mark.parametrize(("again", "prompt"), [(True, "&prompt=login"), (False, "")])
def test_a_sign_in_that_must_be_new_asks_who_it_is(again, prompt):
    address = SignIn.begin("/").address(
        login_url="https://login.example.com",
        client_id="client",
        redirect_uri="https://countersign.example.com/session/callback",
        again=again,
    )
    assert address.endswith(f"code_challenge_method=S256{prompt}")
