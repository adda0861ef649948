"""What a plan holds: the draft, what the checks add to it, the total price; and that the digest covers all of it."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.plan import (
    PlannedCall,
    canonical,
    digest_of,
    draft_of,
    plan_of,
    read_plan,
    total_price,
)
from functions.shared.run_instances import planned
from tests.support.fake_model import INSTANCE

CALLS = [
    PlannedCall("call_1", "run_instances", "run_instances", INSTANCE, planned(INSTANCE, {})),
    PlannedCall("call_2", "run_instances", "run_instances", INSTANCE, planned(INSTANCE, {})),
]
FACT = {
    "key": "image_name",
    "label": "Image",
    "value": "al2023",
    "source": "aws",
    "level": "plain",
}
PRICE = {
    "currency": "USD",
    "hourly": "0.0204",
    "monthly": "14.89",
    "lease": "0.17",
    "source": "list",
    "as_of": "2026-11-21",
}


def a_draft():
    return draft_of(
        calls=CALLS,
        account="123456789012",
        region="us-east-1",
        target="default",
        requester="sub",
        conversation_id="c",
        turn=3,
        agent="ec2",
        manifest="m" * 64,
        random="r" * 26,
    )


def a_plan():
    return plan_of(
        a_draft(),
        account_alias="payments-test",
        facts={"call_1": [FACT], "call_2": [FACT]},
        prices={"call_1": PRICE, "call_2": PRICE},
        lease_hours=8,
    )


def members(value, path=()):
    """Every place in a JSON value: the leaves, and the containers themselves."""
    if path:
        yield path
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in inner:
            yield from members(one, (*path, name))


PLACES = list(members(a_plan()))
other_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.text(max_size=5),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(0, 3), max_size=2),
)


def place(value, path):
    for name in path[:-1]:
        value = value[name]
    return value, path[-1]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_every_member_of_the_plan_is_bound_by_the_digest(path):
    changed = copy.deepcopy(a_plan())
    holder, name = place(changed, path)
    holder[name] = "something else"
    assert digest_of(canonical(changed)) != digest_of(canonical(a_plan()))
    del holder[name]
    assert digest_of(canonical(changed)) != digest_of(canonical(a_plan()))


@given(st.sampled_from(PLACES), other_values)
def test_no_other_value_in_any_place_has_the_same_digest(path, value):
    changed = copy.deepcopy(a_plan())
    holder, name = place(changed, path)
    is_same = canonical(holder[name]) == canonical(value)
    holder[name] = value
    assert (digest_of(canonical(changed)) == digest_of(canonical(a_plan()))) is is_same


@given(st.sampled_from([(), *(path for path in PLACES if len(path) < 4)]), st.text(min_size=20))
def test_nothing_can_be_added_to_a_plan_under_the_same_digest(path, name):
    changed = copy.deepcopy(a_plan())
    holder = changed
    for step in path:
        holder = holder[step]
    if isinstance(holder, dict):
        holder[name] = ""
    elif isinstance(holder, list):
        holder.append(name)
    else:
        return
    assert digest_of(canonical(changed)) != digest_of(canonical(a_plan()))


def test_a_draft_is_of_version_2_and_names_what_aws_will_be_sent():
    draft = a_draft()
    assert draft["version"] == 2
    assert draft["calls"][0] == {
        "id": "call_1",
        "function": "run_instances",
        "operation": "run_instances",
        "arguments": INSTANCE,
        "parameters": planned(INSTANCE, {}),
    }
    assert read_plan(canonical(draft)) == draft


def test_the_plan_is_the_draft_and_what_was_found_out_about_each_call():
    plan = a_plan()
    for name, value in a_draft().items():
        if name != "calls":
            assert plan[name] == value
    assert plan["calls"][0] == {**a_draft()["calls"][0], "facts": [FACT], "price": PRICE}
    assert (plan["account_alias"], plan["lease"]) == ("payments-test", {"hours": 8})
    assert read_plan(canonical(plan)) == plan


def test_a_call_that_nothing_was_found_out_about_has_no_facts_and_no_price():
    plan = plan_of(a_draft(), account_alias="", facts={}, prices={}, lease_hours=None)
    assert [(call["facts"], call["price"]) for call in plan["calls"]] == [([], None)] * 2
    assert (plan["lease"], plan["price"]) == (None, None)


def test_the_total_is_the_exact_sum_of_the_calls():
    total = total_price([{**PRICE, "hourly": "0.1"}, {**PRICE, "hourly": "0.2"}])
    assert total == {**PRICE, "hourly": "0.3", "monthly": "29.78", "lease": "0.34"}


@pytest.mark.parametrize("prices", [[], [None], [PRICE, None], [None, PRICE]], ids=str)
def test_there_is_no_total_where_one_price_is_not_known(prices):
    assert total_price(prices) is None


def test_a_total_is_as_old_and_as_sure_as_its_weakest_part():
    total = total_price([PRICE, {**PRICE, "source": "table", "as_of": "2026-10-01"}])
    assert (total["source"], total["as_of"]) == ("table", "2026-10-01")


def test_a_total_to_the_end_of_the_lease_needs_every_lease():
    assert total_price([PRICE, {**PRICE, "lease": None}])["lease"] is None
