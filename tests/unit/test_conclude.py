"""What the checks found becomes the plan, or the reason why nobody is asked."""

import pytest

from functions.request_approval.conclude import Refused, concluded
from functions.shared.approval import Status
from functions.shared.plan import canonical, read_plan
from tests.support.approvals import approval_with
from tests.support.fake_model import INSTANCE

FACT = {
    "key": "image_name",
    "label": "Image",
    "value": "al2023",
    "source": "aws",
    "level": "plain",
}
PRICE = {
    "currency": "USD",
    "hourly": "0.0134",
    "monthly": "9.78",
    "lease": "0.11",
    "source": "list",
    "as_of": "2026-11-21",
}
TWO = {"call_1": INSTANCE, "call_2": {**INSTANCE, "key_name": "other"}}


def a_draft(calls=None):
    return approval_with(Status.PREPARING, calls=calls).plan_value()


def found(*ids, **more):
    nothing = {"facts": [FACT], "price": PRICE, "complaints": []}
    return {
        "account_alias": "payments-test",
        "calls": {one: {**nothing, **more} for one in ids or ("call_1",)},
    }


def rehearsed(*ids, **answers):
    return {"calls": {**{one: {"passed": True} for one in ids or ("call_1",)}, **answers}}


def complaint(text):
    return {"code": "x", "text": text}


def refusal(text):
    return {"passed": False, "code": "UnauthorizedOperation", "text": text}


def conclude(draft=None, **checks):
    return concluded(
        draft or a_draft(),
        **{"preflight": found(), "rehearsal": rehearsed(), **checks},
        lease_hours=8,
    )


def test_without_a_complaint_it_is_the_plan_with_facts_price_alias_and_lease():
    plan = conclude()
    assert plan["account_alias"] == "payments-test"
    assert plan["lease"] == {"hours": 8}
    assert plan["price"] == plan["calls"][0]["price"] == PRICE
    assert read_plan(canonical(plan)) == plan


def test_the_draft_stands_in_the_plan_as_it_was():
    draft = a_draft()
    plan = conclude(draft)
    assert {name: plan[name] for name in draft if name != "calls"} == {
        name: value for name, value in draft.items() if name != "calls"
    }
    for call, drafted in zip(plan["calls"], draft["calls"], strict=True):
        assert {name: call[name] for name in drafted} == drafted


def test_facts_come_in_order_the_model_s_the_operator_s_then_what_aws_said_each_with_its_mark():
    draft = a_draft()
    draft["calls"][0]["parameters"] |= {
        "SubnetId": "subnet-0123456789abcdef0",
        "SecurityGroupIds": ["sg-0123456789abcdef0", "sg-0123456789abcdef1"],
    }
    facts = conclude(draft)["calls"][0]["facts"]
    assert [(fact["key"], fact["source"]) for fact in facts] == [
        ("image_id", "model"),
        ("instance_type", "model"),
        ("key_name", "model"),
        ("fixed_subnet", "operator"),
        ("fixed_security_groups", "operator"),
        ("image_name", "aws"),
    ]
    values = {fact["key"]: fact["value"] for fact in facts}
    assert values["fixed_subnet"] == "subnet-0123456789abcdef0"
    assert values["fixed_security_groups"] == "sg-0123456789abcdef0, sg-0123456789abcdef1"
    assert {fact["level"] for fact in facts} == {"plain"}


def test_a_warning_of_aws_keeps_its_level():
    warning = {**FACT, "key": "open_to_world", "level": "warning"}
    plan = conclude(preflight=found(facts=[FACT, warning]))
    assert [fact["level"] for fact in plan["calls"][0]["facts"]][-2:] == ["plain", "warning"]


@pytest.mark.parametrize(
    "checks",
    [{"preflight": None}, {"rehearsal": None}, {"preflight": None, "rehearsal": None}],
    ids=["no preflight", "no rehearsal", "neither"],
)
def test_a_check_that_did_not_end_refuses_and_asks_to_try_again(checks):
    refused = conclude(**checks)
    assert isinstance(refused, Refused)
    assert (refused.status, refused.why) == (
        "failed",
        "AWS could not be asked about it in time; ask again in a moment.",
    )


@pytest.mark.parametrize(
    "checks",
    [
        {"preflight": found("call_other")},
        {"rehearsal": rehearsed("call_other")},
        {"preflight": {"account_alias": "", "calls": {}}},
        {"rehearsal": {"calls": {}}},
    ],
    ids=["preflight of another", "rehearsal of another", "empty preflight", "empty rehearsal"],
)
def test_a_call_that_a_check_left_out_is_refused(checks):
    refused = conclude(**checks)
    assert isinstance(refused, Refused)
    assert "could not be asked" in refused.why


def test_complaints_of_every_call_are_told_once_each_in_order():
    preflight = found("call_1", "call_2")
    preflight["calls"]["call_1"]["complaints"] = [complaint("One."), complaint("Two.")]
    preflight["calls"]["call_2"]["complaints"] = [complaint("Two."), complaint("Three.")]
    refused = conclude(a_draft(TWO), preflight=preflight, rehearsal=rehearsed("call_1", "call_2"))
    assert (refused.status, refused.why) == ("denied", "One. Two. Three.")


def test_a_failed_rehearsal_denies_with_its_sentence():
    refused = conclude(rehearsal=rehearsed(call_1=refusal("AWS refused the launch.")))
    assert (refused.status, refused.why) == ("denied", "AWS refused the launch.")


def test_one_failed_call_denies_the_whole_request():
    refused = conclude(
        a_draft(TWO),
        preflight=found("call_1", "call_2"),
        rehearsal=rehearsed("call_1", call_2=refusal("AWS refused the launch.")),
    )
    assert refused.why == "AWS refused the launch."


def test_preflight_s_sentence_is_told_rather_than_aws_s_for_the_same_trouble():
    refused = conclude(
        preflight=found(complaints=[complaint("The AMI does not exist.")]),
        rehearsal=rehearsed(call_1=refusal("AWS refused the launch: InvalidAMIID.")),
    )
    assert refused.why == "The AMI does not exist."


@pytest.mark.parametrize("passed", [None, "true", 1, "false", {}])
def test_only_true_is_passed(passed):
    answer = {"passed": passed, "code": "", "text": "Not passed."}
    assert isinstance(conclude(rehearsal=rehearsed(call_1=answer)), Refused)


def test_an_unknown_price_of_one_call_is_no_total():
    preflight = found("call_1", "call_2")
    preflight["calls"]["call_2"]["price"] = None
    plan = conclude(a_draft(TWO), preflight=preflight, rehearsal=rehearsed("call_1", "call_2"))
    assert plan["price"] is None
    assert plan["calls"][0]["price"] == PRICE


def test_what_starts_nothing_has_no_lease():
    draft = a_draft()
    arguments = {"instance_id": "i-0123456789abcdef0", "hours": 4}
    draft["calls"][0] |= {
        "function": "extend_lease",
        "operation": "extend_lease",
        "arguments": arguments,
        "parameters": arguments,
    }
    assert conclude(draft)["lease"] is None


SUBNET, PROFILE = "subnet-0123456789abcdef0", "arn:aws:iam::123456789012:instance-profile/Web"
DISK = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}


def a_fixed_draft(**parameters):
    draft = a_draft()
    draft["calls"][0]["parameters"] |= parameters
    return draft


def test_the_disks_that_preflight_saw_in_the_image_are_in_the_plan_and_shown():
    plan = conclude(a_fixed_draft(BlockDeviceMappings=[]), preflight=found(disks=[DISK]))
    [call] = plan["calls"]
    assert call["parameters"]["BlockDeviceMappings"] == [DISK]
    shown = {fact["label"]: (fact["value"], fact["source"]) for fact in call["facts"]}
    assert shown["Encrypted disks"] == ("/dev/xvda", "operator")


def test_disks_that_nobody_could_read_refuse_where_they_are_to_be_encrypted():
    refused = conclude(a_fixed_draft(BlockDeviceMappings=[]))
    assert isinstance(refused, Refused)
    assert "could not be asked" in refused.why


def test_disks_that_the_operator_leaves_alone_are_not_touched():
    plan = conclude(preflight=found(disks=[DISK]))
    assert "BlockDeviceMappings" not in plan["calls"][0]["parameters"]


@pytest.mark.parametrize("check", ["preflight", "rehearsal"])
def test_why_nobody_is_asked_names_nothing_that_the_operator_fixed(check):
    said = f"AWS would refuse: {SUBNET} and {PROFILE}."
    checks = {
        "preflight": {"preflight": found(complaints=[complaint(said)])},
        "rehearsal": {"rehearsal": rehearsed(call_1=refusal(said))},
    }
    draft = a_fixed_draft(SubnetId=SUBNET, IamInstanceProfile={"Arn": PROFILE})
    refused = conclude(draft, **checks[check])
    assert refused.why == "AWS would refuse: (set by your operator) and (set by your operator)."
