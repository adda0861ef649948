"""The words that a manifest puts around a conversation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.chat.prompt import system_prompt, user_text
from functions.shared.agent import Slot, Slots
from tests.support.agents import ec2_agent

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NURSE = replace(ec2_agent(), id="nurse", description="Takes care", title="Nurse")
SLOTS = Slots(
    items=(Slot("date"), Slot("place")),
    initial="\nfirst = {slots}",
    current="\nnow = {slots}",
)


def words(prompt, *, memory=None, slots=None, is_first=True, seed="one", now=NOW, **changes):
    agent = replace(ec2_agent(), prompt=prompt, **changes)
    agents = {"nurse": NURSE, "plain": replace(NURSE, id="plain", description="", version=1)}
    return system_prompt(
        agent,
        agents=agents.__getitem__,
        now=now,
        seed=seed,
        memory=memory,
        slots=slots,
        is_first=is_first,
    )


def test_now_is_in_utc():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert words("It is {now}.", now=tokyo) == "It is 20260102T030405Z."


def test_agents_are_listed_with_what_they_do():
    assert words("{agents}", agents=("nurse", "plain")) == "nurse: Takes care\nplain: None"
    assert words("{agents}") == "{agents}"


def test_memory_is_json_and_stands_only_where_something_is_remembered():
    assert words("{memory}", memory={"name": "東京"}) == '{"name": "東京"}'
    assert words("{memory}", memory={}) == "{}"
    assert words("{memory}") == "{memory}"


def test_each_random_word_is_another_one_and_the_same_seed_draws_the_same():
    prompt, drawn = "{random} {random} {random} {random}", ("a", "b", "c")
    first = words(prompt, random=drawn)
    assert sorted(first.split()[:3]) == ["a", "b", "c"]
    assert first.endswith("{random}")
    assert words(prompt, random=drawn) == first
    assert len({words(prompt, random=drawn, seed=str(seed)) for seed in range(20)}) > 1


def test_what_is_filled_in_is_never_filled_again():
    memory = {"name": "{now} {agents} {slots} {memory}"}
    said = words("{memory}", memory=memory, agents=("nurse",))
    assert said == '{"name": "{now} {agents} {slots} {memory}"}'


def test_any_other_brace_stays_as_written():
    assert words('{articles} {"a": {}} {now.year}') == '{articles} {"a": {}} {now.year}'


def test_mf_07_nothing_is_known_at_first():
    agent = replace(ec2_agent(), prompt="P", slots=SLOTS)
    said = system_prompt(
        agent, agents=NURSE.actions.get, now=NOW, seed="", memory=None, slots=None, is_first=True
    )
    assert said == "P\nfirst = {'date': '', 'place': ''}"


def test_mf_12_what_is_known_stands_in_the_next_system_message():
    agent = replace(ec2_agent(), prompt="P", slots=SLOTS)
    said = system_prompt(
        agent,
        agents=NURSE.actions.get,
        now=NOW,
        seed="",
        memory=None,
        slots={"date": "it's\nnow {slots}"},
        is_first=False,
    )
    assert said == "P\nnow = {'date': \"it's\\nnow {slots}\", 'place': ''}"


@pytest.mark.parametrize(
    ("form", "message", "sent"),
    [
        ("", "Hello", "Hello"),
        ("Write code to {question} (in ```).", "sum {x}", "Write code to sum {x} (in ```)."),
        ("{question}\n anything else?", "tomorrow", "tomorrow\n anything else?"),
        ("{question} {other} {{}}", "a", "a {other} {}"),
        ("Write code to {question}", "`just this", "just this"),
        ("", "`just this", "just this"),
        ("{question}", "``two", "`two"),
    ],
)
def test_a_message_is_sent_in_the_agents_form(form, message, sent):
    assert user_text(replace(ec2_agent(), form=form), message) == sent
