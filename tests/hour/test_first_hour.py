"""The first hour in an account, from nothing to the first instance and back to nothing, as the README tells it."""

import re
from contextlib import ExitStack

import pytest
import yaml
from playwright.sync_api import expect

from local.programs import ACCOUNT, REGION
from tests.browser.conftest import chromium  # noqa: F401
from tests.hour.machine import KEY, SENDER, Machine
from tests.support.tmux import Pane, shell

pytestmark = [pytest.mark.story, pytest.mark.browser, pytest.mark.exhaustive]

PASSWORD = "Countersign-hour-1"
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture
def machine(tmp_path):
    started = Machine.starts(tmp_path)
    yield started
    started.ends()


@pytest.fixture
def terminal(machine):
    with ExitStack() as until:

        def at(who: str) -> Pane:
            variables = machine.environment(who)
            del variables["PATH"]
            return until.enter_context(
                shell(machine.directory / who, variables, columns=110, rows=50)
            )

        yield at


@pytest.fixture
def browser(chromium):  # noqa: F811
    contexts = []

    def for_somebody(**look):
        context = chromium.new_context(**look)
        context.set_default_timeout(30_000)
        contexts.append(context)
        return context.new_page()

    yield for_somebody
    for context in contexts:
        context.close()


def signs_in(page, email):
    page.get_by_label("Username").fill(email)
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def logs_in(terminal, page, origin, email):
    """`countersign login`, with the browser that its address is opened in."""
    terminal.type(f"countersign login {origin}")
    shown = terminal.expect("&code_challenge_method=S256")
    [address] = re.findall(rf"{re.escape(origin)}/oauth2/authorize\S+", shown)
    page.goto(address)
    signs_in(page, email)
    terminal.expect(f"<{email}> at {origin}.")


def test_the_first_hour_from_nothing_to_an_instance_and_back_to_nothing(machine, terminal, browser):
    home = machine.home
    machine.runs(
        f"countersign init {home} --account {ACCOUNT} --region {REGION} --stage dev --launch live"
        f" --model gpt-5-mini --base-url {machine.model.url}/v1 --approver carol@example.com"
        " --alarm-email operator@example.com --owner @example/platform"
    )
    page = home / "countersign.yaml"
    page.write_text(page.read_text() + f"\nmail: {{channel: ses, from: {SENDER}}}\n")
    machine.writes_for_the_emulator()
    assert yaml.safe_load(page.read_text())["launch"] == "live"
    said = machine.runs(f"countersign config show --home {home}")
    assert "live" in said
    machine.runs(f"countersign agents validate {home / 'agents'}")

    machine.runs(f"npx cdk bootstrap aws://{ACCOUNT}/{REGION}")
    said = machine.runs(f"make deploy HOME_DIRECTORY={home} ARGUMENTS=--require-approval=never")
    assert ACCOUNT in said
    assert REGION in said
    machine.opens(machine.outputs())

    machine.step("what only a person with a console or a mailbox can do: the sender is verified")
    machine.aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    machine.aws.client("ec2").create_key_pair(KeyName="kondo")

    failing = machine.runs(f"countersign doctor --home {home}", ends_with=1)
    assert "users add" in failing
    assert "model set" in failing

    operator = f"--home {home}"
    machine.runs(f"countersign users add olga@example.com --operator --name Olga {operator}")
    machine.runs(f"countersign users add alice@example.com --requester --name Alice {operator}")
    machine.runs(f"countersign users add mallory@example.com --approver {operator}", ends_with=1)
    machine.runs(f"countersign users add carol@example.com --approver --name Carol {operator}")
    for name in ("olga", "alice", "carol"):
        machine.accepts(f"{name}@example.com", PASSWORD)

    said = machine.runs(f"countersign model set {operator}", says=f"{KEY}\n")
    assert KEY not in said
    machine.runs(f"countersign model check {operator}")

    machine.step("carol practises, on her phone")
    phone = browser(**PHONE)
    phone.goto(machine.link_in(machine.mail_to("carol@example.com", "ractice")))
    phone.get_by_role("link", name="Sign in").click()
    signs_in(phone, "carol@example.com")
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("Practice: nothing was started.", exact=True)).to_be_visible(
        timeout=60_000
    )
    assert machine.instances() == []

    said = machine.runs(f"countersign doctor {operator}")
    assert "fail" not in said.lower()

    machine.step("alice chats in her terminal")
    alice = terminal("alice")
    logs_in(alice, browser(), machine.origin, "alice@example.com")
    alice.type("countersign chat")
    alice.expect("You:")
    alice.type("start an instance of ami-0123456789abcdef0, t3.micro, key pair kondo")
    alice.expect("Instance type: t3.micro")
    alice.expect("Waiting for Carol")

    machine.step("carol approves in hers")
    carol = terminal("carol")
    logs_in(carol, browser(), machine.origin, "carol@example.com")
    carol.type("countersign approvals list")
    [approval] = set(re.findall(r"\b[0-9a-z]{26}\b", carol.expect("t3.micro")))
    carol.type(f"countersign approvals approve {approval}")
    carol.expect("Approve exactly this? (y/n):")
    assert machine.instances() == []
    carol.type("y")
    carol.expect("Approved.")

    shown = alice.expect("Started instance i-")
    [instance] = machine.instances()
    assert instance["InstanceId"] in shown
    machine.step(f"the instance {instance['InstanceId']}")
    alice.press("C-d")

    machine.step("olga freezes")
    olga = terminal("olga")
    logs_in(olga, browser(), machine.origin, "olga@example.com")
    olga.type('countersign freeze "the hour is over"')
    olga.expect("Launches are stopped")
    said = machine.runs(f"countersign doctor {operator}")
    assert "frozen by Olga" in said

    machine.runs(
        f"make destroy HOME_DIRECTORY={home} ARGUMENTS='--yes --terminate --export {machine.directory / 'audit.jsonl'}'"
    )
    assert machine.instances() == []
    stacks = machine.aws.client("cloudformation").describe_stacks()["Stacks"]
    assert "Countersign" not in {one["StackName"] for one in stacks}
    machine.runs(f"countersign audit verify --file {machine.directory / 'audit.jsonl'}")
    machine.step("nothing is left")
