"""After the launch: waiting until the instance runs, and telling what there is to tell."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import launch_words, one_line
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall
from functions.shared.aws import error_code
from functions.shared.observe import logger

POLL_SECONDS = 5.0
POLLS = 24
ENDED = frozenset({"shutting-down", "terminated", "stopping", "stopped"})


def seen_running(
    ec2: Any,
    instance_id: str,
    *,
    request: Mapping[str, Any],
    approved: ApprovedCall,
    region: str,
    sleep: Callable[[float], None],
) -> Outcome:
    """The outcome once the instance runs, has ended by itself, or was not seen running for two minutes.

    AWS shows a new instance a moment later than it starts it, so not being found yet means nothing.
    """
    instance: Mapping[str, Any] = {}
    for poll in range(POLLS):
        instance = _described(ec2, instance_id) or instance
        state = str(instance.get("State", {}).get("Name", ""))
        if state in ENDED:
            return _ended(instance_id, instance, state, approved.call)
        if state == "running":
            break
        if poll < POLLS - 1:
            sleep(POLL_SECONDS)
    return Outcome("succeeded", _report(instance_id, instance, request, approved, region))


def state_of(ec2: Any, instance_id: str, *, until: str, sleep: Callable[[float], None]) -> str:
    """The state in which EC2 shows an instance: `until`, or the last one seen in two minutes; empty where none was."""
    state = ""
    for poll in range(POLLS):
        instance = _described(ec2, instance_id)
        state = str(instance["State"]["Name"]) if instance else state
        if state == until:
            break
        if poll < POLLS - 1:
            sleep(POLL_SECONDS)
    return state


def _described(ec2: Any, instance_id: str) -> Mapping[str, Any] | None:
    try:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
    except (BotoCoreError, ClientError) as error:
        logger.info("the new instance cannot be seen yet", code=error_code(error))
        return None
    instances = [one for part in answer["Reservations"] for one in part["Instances"]]
    return instances[0] if instances else None


def _ended(
    instance_id: str, instance: Mapping[str, Any], state: str, call: Mapping[str, Any]
) -> Outcome:
    """AWS took the launch, and the instance did not stay: that is no success."""
    reason = one_line(
        launch_words(call).without(str(instance.get("StateReason", {}).get("Message", "")))
    )
    because = f' AWS says: "{reason}"' if reason else ""
    return Outcome("failed", f"Instance {instance_id} was started and is {state} already.{because}")


def _report(
    instance_id: str,
    instance: Mapping[str, Any],
    request: Mapping[str, Any],
    approved: ApprovedCall,
    region: str,
) -> str:
    """Id, type, address, price, end of the lease, how to connect; what is not known is left out."""
    key_name = request["KeyName"]
    sentences = [
        f"Started instance {instance_id}: {request['InstanceType']} from {request['ImageId']} "
        f"with key pair {key_name} in {region}."
    ]
    if instance.get("State", {}).get("Name") != "running":
        sentences.append("It was still starting when last seen.")
    public, private = instance.get("PublicIpAddress"), instance.get("PrivateIpAddress")
    if public:
        sentences.append(
            f"Its public address is {public}; connect with ssh and the private key of {key_name}."
        )
    elif private:
        sentences.append(
            f"Its private address is {private}; connect from inside its network with ssh and the private key "
            f"of {key_name}."
        )
    if approved.price is not None:
        sentences.append(f"It costs {approved.price['hourly']} {approved.price['currency']}/h.")
    if approved.lease_ends_at is not None:
        ends = datetime.fromtimestamp(approved.lease_ends_at, UTC)
        sentences.append(f"Its lease ends at {ends:%Y-%m-%d %H:%M} UTC.")
    return " ".join(sentences)
