"""What the operator fixed, from the request to the launch: people see it, EC2 gets it, the model never does."""

import json
from dataclasses import replace

import pytest

from functions.launch_instance.launch import LaunchRefused
from functions.shared.aws import client
from functions.shared.plan import canonical, digest_of
from tests.support.fake_model import INSTANCE, call, calls, text
from tests.support.fake_states import client_error
from tests.support.modes import fix, switch
from tests.support.stories import approved_request, outcomes

PROFILE = "Web"
TAGS = {"CostCenter": "4711", "Team": "payments-team"}
DISK = {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True}}


@pytest.fixture
def network(account):
    """A network of the operator's, an instance profile, and everything fixed to them."""
    ec2, iam = client("ec2"), client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.3.{n}.0/24")["Subnet"]["SubnetId"]
        for n in (1, 2)
    ]
    group = ec2.create_security_group(GroupName="web", Description="x", VpcId=vpc)["GroupId"]
    iam.create_instance_profile(InstanceProfileName=PROFILE)
    arn = iam.get_instance_profile(InstanceProfileName=PROFILE)["InstanceProfile"]["Arn"]
    yield {
        "SubnetIds": subnets,
        "SecurityGroupIds": [group],
        "InstanceProfile": arn,
        "Encrypted": True,
        "PublicAddress": False,
        "Tags": TAGS,
    }
    iam.delete_instance_profile(InstanceProfileName=PROFILE)


@pytest.fixture
def fixed(monkeypatch, backend, network):
    fix(monkeypatch, backend, **network)
    return backend


def asked(backend, *, by="alice"):
    """A request looked over by the real preflight, and opened."""
    approval_id = backend.ask(by=by)
    backend.preflight(approval_id)
    backend.rehearse(approval_id)
    backend.request(approval_id)
    return approval_id


def secrets(network):
    return [
        *network["SubnetIds"],
        *network["SecurityGroupIds"],
        network["InstanceProfile"],
        *TAGS,
        *TAGS.values(),
    ]


def test_everything_fixed_is_in_plan_page_and_mail_as_set_by_the_operator(fixed, network):
    approval_id = asked(fixed)
    view = fixed.http("GET /approvals/{approval_id}", by="carol", approval_id=approval_id).json
    shown = {
        fact["label"]: fact["value"]
        for fact in view["facts"]
        if fact["key"].startswith("fixed_") and fact["source"] == "operator"
    }
    subnet = shown.pop("Subnet")
    assert subnet in network["SubnetIds"]
    assert shown == {
        "Security groups": network["SecurityGroupIds"][0],
        "Public address": "no",
        "Instance profile": network["InstanceProfile"],
        "Encrypted disks": "/dev/xvda",
        "Tag": "Team = payments-team",
    }
    [mail] = fixed.account.mails("carol@example.com")
    for value in (subnet, "/dev/xvda", "CostCenter = 4711", "Team = payments-team"):
        assert f"{value} (set by your operator)" in mail["text"]
    assert view["plan"]["calls"][0]["parameters"]["BlockDeviceMappings"] == [DISK]


def test_ec2_is_sent_what_was_shown_and_rehearsed_what_would_be_sent(fixed, network):
    approval_id = asked(fixed)
    assert fixed.decide(approval_id).status == 200
    assert fixed.launch(approval_id)["status"] == "succeeded"
    [rehearsed], [sent] = fixed.ec2.rehearsals, fixed.ec2.requests
    planned = fixed.approval(approval_id).calls()[0]["parameters"]
    for name in ("NetworkInterfaces", "IamInstanceProfile", "BlockDeviceMappings"):
        assert sent[name] == rehearsed[name] == planned[name]
    assert sent["IamInstanceProfile"] == {"Arn": network["InstanceProfile"]}
    assert sent["BlockDeviceMappings"] == [DISK]
    [instance] = fixed.ec2.instances()
    assert instance["SubnetId"] in network["SubnetIds"]
    tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
    assert TAGS.items() <= tags.items()
    assert tags["countersign:approval"] == approval_id


def test_the_same_request_in_shadow_mode_is_rehearsed_with_it(monkeypatch, fixed):
    switch(monkeypatch, fixed, "dry_run")
    approval_id = asked(fixed)
    assert fixed.decide(approval_id).status == 200
    fixed.launch(approval_id)
    before, after = fixed.ec2.rehearsals
    assert before["BlockDeviceMappings"] == after["BlockDeviceMappings"] == [DISK]
    assert fixed.ec2.requests == []


def test_the_model_never_reads_what_is_fixed(fixed, network):
    approval_id = asked(fixed)
    fixed.decide(approval_id)
    fixed.launch(approval_id)
    fixed.record(approval_id)
    fixed.model.says(text("Done."))
    fixed.last_word(approval_id)
    fixed.model.says(text("Yes."))
    fixed.chat("Is it done?", conversation_id=fixed.approval(approval_id).conversation_id)
    told = json.dumps([[one.messages, one.tools] for one in fixed.model.asked])
    assert INSTANCE["key_name"] in told
    assert [one for one in secrets(network) if one in told] == []


@pytest.mark.parametrize("when", ["rehearsal", "launch"])
def test_what_aws_says_of_it_reaches_neither_requester_nor_model(fixed, network, when):
    subnet, profile = network["SubnetIds"], network["InstanceProfile"]
    refused = client_error(
        "SomethingNew",
        "RunInstances",
        message=f"No {subnet[0]} {subnet[1]} for {profile} of 'Web'.",
    )
    if when == "rehearsal":
        approval_id = fixed.ask()
        fixed.preflight(approval_id)
        fixed.ec2.rehearsal_faults = [refused]
        fixed.rehearse(approval_id)
        with pytest.raises(Exception, match=approval_id):
            fixed.request(approval_id)
    else:
        approval_id = asked(fixed)
        fixed.decide(approval_id)
        fixed.ec2.faults = [refused]
        fixed.launch(approval_id)
    fixed.record(approval_id)
    [(_, result)] = outcomes(fixed, approval_id)
    assert "set by your operator" in result
    chosen = fixed.approval(approval_id).calls()[0]["parameters"]["NetworkInterfaces"][0][
        "SubnetId"
    ]
    assert chosen not in result
    assert profile not in result


def test_why_an_instance_did_not_stay_is_told_without_what_is_fixed(monkeypatch, fixed, network):
    reason = {"Message": f"No place in {' or '.join(network['SubnetIds'])}."}
    gone = {"State": {"Name": "terminated"}, "StateReason": reason}
    approval_id = asked(fixed)
    fixed.decide(approval_id)
    seen = {"Reservations": [{"Instances": [gone]}]}
    monkeypatch.setattr(fixed.ec2, "describe_instances", lambda **_: seen)
    fixed.launch(approval_id)
    fixed.record(approval_id)
    [(_, result)] = outcomes(fixed, approval_id)
    assert "No place in" in result
    assert "set by your operator" in result


@pytest.mark.parametrize("name", ["SubnetId", "IamInstanceProfile", "user_data"])
def test_the_model_cannot_set_it(fixed, name):
    fixed.model.says(calls(call({**INSTANCE, name: "x"})), text("I cannot."))
    turn = fixed.chat("with a profile of mine").json
    assert turn["approval"] is None


@pytest.mark.parametrize(
    "change", ["a fact is gone", "another subnet", "one tag more", "not encrypted"]
)
def test_a_fixed_part_that_nobody_was_shown_is_not_launched(monkeypatch, fixed, network, change):
    approval_id = asked(fixed)
    fixed.decide(approval_id)
    plan = fixed.approval(approval_id).plan_value()
    [one] = plan["calls"]
    if change == "a fact is gone":
        one["facts"] = [fact for fact in one["facts"] if fact["key"] != "fixed_instance_profile"]
    if change == "another subnet":
        [interface] = one["parameters"]["NetworkInterfaces"]
        interface["SubnetId"] = next(s for s in network["SubnetIds"] if s != interface["SubnetId"])
    if change == "one tag more":
        one["parameters"]["Tags"]["Owner"] = "x"
    if change == "not encrypted":
        one["parameters"]["BlockDeviceMappings"] = []
    text_of_plan = canonical(plan)
    fixed.edit(approval_id, plan=text_of_plan, digest=digest_of(text_of_plan))
    stored = fixed.approval(approval_id)
    forged = replace(stored, decision=replace(stored.decision, digest=digest_of(text_of_plan)))
    room = fixed.rooms["launch_instance"]
    monkeypatch.setattr(type(room.approvals), "get", lambda *_: forged)
    monkeypatch.setattr(type(room.seals), "is_genuine", lambda *_: True)
    with pytest.raises(LaunchRefused, match="does not follow from what was shown"):
        fixed.launch(approval_id, digest=digest_of(text_of_plan))
    assert fixed.ec2.requests == []


def test_without_anything_fixed_the_call_is_the_plain_one(backend):
    approval_id = approved_request(backend)
    backend.launch(approval_id)
    [sent] = backend.ec2.requests
    assert not {"SubnetId", "NetworkInterfaces", "IamInstanceProfile", "BlockDeviceMappings"} & set(
        sent
    )
