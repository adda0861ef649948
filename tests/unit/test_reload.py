"""A changed manifest in the laptop run: when it is judged, and what a mistake leaves."""

import pytest

from local.deployment import StackWish
from local.home import Home
from local.model_choice import ModelChoice
from local.people import PEOPLE, groups_in
from local.refusal import CannotRun
from local.reload import Reload

GREETER = """
version: 2
title: Greeter
prompt: Greet people.
"""


class Desk:
    """A home, the reload that looks at it, and what was brought in and told."""

    def __init__(self, directory):
        self.file = directory / "agents" / "greeter.yaml"
        self.file.parent.mkdir()
        self.file.write_text(GREETER)
        self.wish = wish_of(directory)
        self.brought_in, self.told = [], []
        self.deploy = self.brought_in.append
        self.reload = Reload(
            running=self.wish.checked(),
            written=self.wish.home.written(),
            look=lambda checked: self.wish.home.written(checked.files),
            check=self.wish.checked,
            bring_in=lambda wanted: self.deploy(wanted),
            tell=self.told.append,
        )

    def writes(self, text):
        self.file.write_text(text)
        self.looks()

    def looks(self):
        """Long enough for anything that is written to be judged."""
        for _ in range(3):
            self.reload()

    def titles(self):
        return [checked.agents["greeter"]["title"] for checked in self.brought_in]


def wish_of(directory, **more):
    return StackWish(
        stack="Countersign",
        origin="http://127.0.0.1:1",
        endpoint="http://127.0.0.1:2",
        model=ModelChoice(name="m", base_url="http://127.0.0.1:3/v1", key="none", label="m"),
        channel="sns",
        approval_timeout_seconds=600,
        self_confirm=False,
        has_budgets=True,
        home=Home(directory),
        **more,
    )


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_nothing_is_brought_in_while_nothing_changes(desk):
    desk.looks()
    assert (desk.brought_in, desk.told) == ([], [])


def test_a_changed_manifest_is_brought_in_once(desk):
    desk.writes(GREETER.replace("Greeter", "Host"))
    desk.looks()
    assert (desk.titles(), desk.told) == (["Host"], [])


def test_a_new_manifest_and_one_taken_away_are_brought_in(desk):
    desk.file.with_name("second.yaml").write_text(GREETER)
    desk.looks()
    desk.file.with_name("second.yaml").unlink()
    desk.looks()
    assert [sorted(checked.agents) for checked in desk.brought_in] == [
        ["greeter", "second"],
        ["greeter"],
    ]


def test_a_file_that_a_manifest_names_counts_wherever_it_lies(desk):
    words = desk.file.parent.parent / "words.txt"
    words.write_text("Be kind.")
    desk.writes(GREETER.replace("Greet people.", "Greet. {resource}") + "resource: words.txt\n")
    words.write_text("Be very kind.")
    desk.looks()
    assert [checked.agents["greeter"]["prompt"] for checked in desk.brought_in[-2:]] == [
        "Greet. Be kind.",
        "Greet. Be very kind.",
    ]


def test_a_mistake_is_told_with_file_line_and_key_and_changes_nothing(desk):
    desk.writes(GREETER + "promt: Typo.\n")
    assert desk.brought_in == []
    [told] = desk.told
    assert told.startswith("greeter.yaml:5: promt: ")
    assert told.endswith("The agents that run stay as they are.")


def test_a_mistake_is_told_once_and_mended_by_the_next_save(desk):
    desk.writes("title: [")
    desk.looks()
    desk.writes(GREETER.replace("Greeter", "Host"))
    assert (len(desk.told), desk.titles()) == (1, ["Host"])


def test_going_back_to_what_runs_after_a_mistake_brings_nothing_in(desk):
    desk.writes("title: [")
    desk.writes(GREETER)
    assert desk.brought_in == []


def test_a_comment_brings_nothing_in(desk):
    desk.writes(GREETER + "# A remark for the next reader.\n")
    assert (desk.brought_in, desk.told) == ([], [])


def test_what_an_author_should_know_is_found_with_what_can_run(desk):
    desk.writes(GREETER.replace("version: 2\n", "") + "promt: Typo.\n")
    [checked] = desk.brought_in
    [warning] = checked.warnings
    assert warning.startswith("greeter.yaml:")
    assert "promt" in warning


def test_a_file_that_is_still_being_written_is_not_judged(desk):
    desk.file.write_text("title: [")
    desk.reload()
    desk.file.write_text(GREETER.replace("Greeter", "Host"))
    desk.looks()
    assert (desk.titles(), desk.told) == (["Host"], [])


def test_what_could_not_be_deployed_is_tried_again_with_the_next_save(desk):
    def refuse(_):
        raise CannotRun("cdk deploy failed: no")

    deploy, desk.deploy = desk.deploy, refuse
    desk.writes(GREETER.replace("Greeter", "Host"))
    assert desk.told == ["cdk deploy failed: no\nThe agents that run stay as they are."]
    desk.deploy = deploy
    desk.writes(GREETER.replace("Greeter", "Host") + "\n")
    assert desk.titles() == ["Host"]


def test_a_home_without_agents_runs_those_we_ship(tmp_path):
    assert "ec2" in wish_of(tmp_path).checked().agents


def test_a_mistake_on_the_operators_page_is_told(tmp_path):
    (tmp_path / "countersign.yaml").write_text("model: [")
    with pytest.raises(CannotRun, match=r"^countersign\.yaml: "):
        wish_of(tmp_path).checked()


def test_the_rest_of_the_operators_page_stays_where_it_belongs(tmp_path):
    """A laptop run mails nobody of the operator's, and asks no model of theirs."""
    (tmp_path / "countersign.yaml").write_text(
        "stage: prod\nmodel: {name: theirs}\nmail: {recipients: [they@example.com]}\n"
    )
    page = wish_of(tmp_path).checked().page
    assert (page["stage"], page["model"]["name"]) == ("local", "m")
    assert "they@example.com" not in page["mail"]["recipients"]


def test_what_agents_need_of_the_operators_page_is_taken(tmp_path):
    (tmp_path / "countersign.yaml").write_text(
        "model: {name: theirs, aliases: {small: a-small-one}}\n"
        "secrets: {KEY: {host: api.example.com, arn: 'arn:aws:secretsmanager:eu-west-1:1:secret:k'}}\n"
        "egress: {pins: {api.example.com: 'http://127.0.0.1:9'}}\n"
    )
    page = wish_of(tmp_path).checked().page
    assert page["model"]["aliases"] == {"small": "a-small-one"}
    assert page["secrets"] == {"KEY": {"host": "api.example.com"}}
    assert page["egress"]["pins"] == {"api.example.com": "http://127.0.0.1:9"}


@pytest.mark.parametrize(
    ("written", "launch"),
    [("launch: dry_run\n", "dry_run"), ("launch:\n", "live"), ("stage: dev\n", "live")],
    ids=["shadow mode", "not written yet", "not on the page"],
)
def test_shadow_mode_can_be_looked_at_on_a_laptop(tmp_path, written, launch):
    (tmp_path / "countersign.yaml").write_text(written)
    assert wish_of(tmp_path).checked().page["launch"] == launch


def test_two_of_the_demo_s_people_are_in_the_groups_that_agents_name():
    agents = {"a": {"access": {"use": ["finance"], "approve": ["leads"]}}, "b": {}}
    groups = {person.name: groups_in(person, agents) for person in PEOPLE}
    assert groups["alice"] == ("requesters", "finance")
    assert groups["carol"] == ("approvers", "leads")
    assert groups["bob"] == ("requesters", "approvers")
