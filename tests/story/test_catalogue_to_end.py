"""From "a small Linux box" to its end: what can be chosen is shown, one is started, stopped and terminated."""

import json

import pytest

pytestmark = pytest.mark.story

LISTS = ("list_images", "list_key_pairs", "list_instance_types")


def chosen(story) -> tuple[str, dict]:
    """The conversation, and the launch that its listings lead to."""
    story.model.answers({"calls": [{"name": name, "arguments": {}} for name in LISTS]})
    story.model.says("There is Amazon Linux 2023 on t3.micro with the key pair kondo. Shall I?")
    turn = story.user("alice").says("I need a small Linux box.")
    assert turn["status"] == "completed", turn
    assert turn["approval"] is None
    told = [
        json.loads(message["content"])
        for message in story.model.requests()[-1]["messages"]
        if message["role"] == "tool"
    ]
    images, pairs, types = told
    image = next(one for one in images["images"] if one["name"] == "Amazon Linux 2023")
    cheapest = min(types["instance_types"], key=lambda one: float(one["usd_per_hour"]))
    assert "kondo" in [pair["name"] for pair in pairs["key_pairs"]]
    launch = {
        "image_id": image["image_id"],
        "instance_type": cheapest["type"],
        "key_name": "kondo",
    }
    return turn["conversation_id"], launch


def countersigned(story, conversation: str, words: str, name: str, arguments: dict) -> dict:
    """What became of the one call that was asked for with these words, once carol approved it."""
    story.model.calls(name, arguments)
    turn = story.user("alice").says(words, conversation)
    assert turn["status"] == "awaiting_approval", turn
    approval = turn["approval"]["id"]
    story.user("carol").approves(approval)
    [call] = story.user("carol").sees_closed(approval)["calls"]
    return {"approval": approval, **call["outcome"]}


def test_mf_a_chosen_image_of_the_catalogue_becomes_an_instance_that_is_stopped_and_terminated(
    story,
):
    conversation, launch = chosen(story)

    started = countersigned(story, conversation, "Yes, that one.", "run_instances", launch)
    assert started["status"] == "succeeded"
    [instance] = story.instances(started["approval"])
    sent = story.launches(started["approval"])[0]["parameters"]
    assert (sent["ImageId"], sent["InstanceType"]) == (
        launch["image_id"],
        launch["instance_type"],
    )

    named = {"instance_id": instance}
    stopped = countersigned(story, conversation, f"Stop {instance}.", "stop_instances", named)
    assert stopped["status"] == "succeeded"
    assert f"Instance {instance} is stopped." in stopped["text"]
    assert story.instance(instance)["State"]["Name"] == "stopped"
    call = story.user("carol").approval(started["approval"])["calls"][0]["id"]
    assert story.rows.call(started["approval"], call)["lease_state"] == "stopped"

    ended = countersigned(story, conversation, "Away with it.", "terminate_instances", named)
    assert ended["status"] == "succeeded"
    assert story.instance(instance)["State"]["Name"] == "terminated"
    assert story.rows.call(started["approval"], call)["lease_state"] == "terminated"

    assert story.rows.events(started["approval"])[-2:] == [
        "instance_stopped",
        "instance_terminated",
    ]
    ends = [
        one["action"]
        for one in story.ec2_calls(about=instance)
        if one["action"] in ("StopInstances", "TerminateInstances")
        and one["parameters"].get("DryRun", "false") != "true"
    ]
    assert ends == ["StopInstances", "TerminateInstances"]


def test_an_instance_that_was_not_launched_here_cannot_even_be_asked_about(story):
    foreign = story.aws.client("ec2").run_instances(
        ImageId="ami-012261b9035f8f938", InstanceType="t3.micro", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]
    story.model.calls("terminate_instances", {"instance_id": foreign})
    turn = story.user("alice").says(f"Terminate {foreign}.")
    denied = story.user("alice").sees_closed(turn["approval"]["id"])
    assert denied["status"] == "denied"
    assert story.instance(foreign)["State"]["Name"] == "running"
    story.aws.client("ec2").terminate_instances(InstanceIds=[foreign])
