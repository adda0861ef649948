"""A stored plan is read strictly: what two readers could understand differently is refused."""

import json

import pytest

from functions.shared.plan import UnreadablePlan, canonical, read_plan
from tests.support.approvals import approval_with

PLAN = approval_with().plan


def with_member(text):
    """A plan with one more member, as text."""
    return PLAN[:-1] + "," + text + "}"


def test_a_plan_is_read_back_as_it_was_written():
    assert canonical(read_plan(PLAN)) == PLAN


@pytest.mark.parametrize(
    "text",
    [
        with_member('"account":"210987654321"'),
        PLAN.replace('"image_id":', '"image_id":"ami-0123456789abcdef0","image_id":', 1),
        '{"version":1,"version":2}',
    ],
    ids=["at the top", "in the arguments", "the version"],
)
def test_a_key_that_stands_twice_is_refused(text):
    json.loads(text)
    with pytest.raises(UnreadablePlan):
        read_plan(text)


@pytest.mark.parametrize(
    "number",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1.5",
        "1.0",
        "1e3",
        "1E400",
        "-0",
        "-0.0",
        "9007199254740992",
        "-9007199254740992",
        "1" + "0" * 400,
        "9" * 5000,
    ],
    ids=lambda number: number[:20],
)
def test_a_number_that_readers_write_differently_is_refused(number):
    with pytest.raises(UnreadablePlan):
        read_plan(with_member(f'"more":{number}'))
    with pytest.raises(UnreadablePlan):
        read_plan(with_member(f'"more":{{"deep":[{number}]}}'))


@pytest.mark.parametrize("number", ["0", "-1", "9007199254740991", "-9007199254740991"])
def test_whole_numbers_that_everybody_reads_the_same_are_read(number):
    assert read_plan(with_member(f'"more":{number}'))["more"] == int(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"a plan"',
        "7",
        PLAN + PLAN,
        PLAN + ",",
        "[" * 100_000,
        "\ufeff" + PLAN,
    ],
    ids=ascii,
)
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(UnreadablePlan):
        read_plan(text)


@pytest.mark.parametrize("version", [0, 3, -1, "2", None, [2], "absent"], ids=str)
def test_a_plan_of_a_version_that_this_release_does_not_know_is_refused(version):
    plan = {**json.loads(PLAN), "version": version}
    if version == "absent":
        del plan["version"]
    with pytest.raises(UnreadablePlan):
        read_plan(json.dumps(plan))


@pytest.mark.parametrize("version", [1, 2])
def test_plans_of_this_release_and_of_the_previous_one_are_read(version):
    assert read_plan(json.dumps({**json.loads(PLAN), "version": version}))["version"] == version


def test_true_is_no_version():
    with pytest.raises(UnreadablePlan):
        read_plan(json.dumps({**json.loads(PLAN), "version": True}))
