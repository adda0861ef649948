"""Instances that carry the stack's tag and that no living ledger row names: reported, never touched.

They come from a table restored to an earlier moment, from a row edited by hand, or from somebody who copied tags.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.end_lease.step import Ending, Instance, tags_of
from functions.shared.aws import error_code
from functions.shared.batch import SomeFailed
from functions.shared.identifiers import is_id
from functions.shared.instance_tags import TAG_APPROVAL, TAG_CALL, TAG_STACK
from functions.shared.lease_table import CallKey
from functions.shared.observe import STRAYS_FOUND, count, logger
from functions.shared.targets import Target, Targets

YOUNG_SECONDS = 15 * 60
"""The launch function may still be writing down what it started."""
LOGGED = 50
ALIVE = ["pending", "running", "stopping", "stopped"]


def find_strays(deps: Ending) -> list[str]:
    """Log and count them; the ids of all. Raises `SomeFailed` at the end where a target could not be looked at."""
    now, seen, unseen = deps.clock(), list[Instance](), 0
    for target in _places(deps.targets):
        try:
            seen += _tagged(deps.ec2(target), deps.settings.stack)
        except (BotoCoreError, ClientError) as error:
            unseen += 1
            logger.error("EC2 did not say what runs", target=target.name, code=error_code(error))
    instances = [one for one in seen if not _is_young(one, now)]
    known = deps.leases.instances(key for one in instances if (key := _key_of(one)) is not None)
    strays = [one for one in instances if one["InstanceId"] not in known]
    for stray in strays[:LOGGED]:
        logger.error(
            "an instance of this stack is not in the ledger",
            instance_id=stray["InstanceId"],
            state=stray["State"]["Name"],
            approval_id=tags_of(stray).get(TAG_APPROVAL, ""),
        )
    count(STRAYS_FOUND, len(strays))
    if unseen:
        raise SomeFailed(unseen)
    return [str(stray["InstanceId"]) for stray in strays]


def _places(targets: Targets) -> list[Target]:
    """One target for each account and region, so that none is looked at twice."""
    return list({(target.account, target.region): target for target in targets}.values())


def _tagged(ec2: Any, stack: str) -> Iterator[Instance]:
    """Every instance of the stack that is not terminated."""
    request: dict[str, Any] = {
        "Filters": [
            {"Name": f"tag:{TAG_STACK}", "Values": [stack]},
            {"Name": "instance-state-name", "Values": ALIVE},
        ],
        "MaxResults": 1000,
    }
    while True:
        page = ec2.describe_instances(**request)
        for reservation in page["Reservations"]:
            yield from reservation["Instances"]
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _key_of(instance: Instance) -> CallKey | None:
    """The call that its tags name; None where they name none that could be."""
    tags = tags_of(instance)
    approval_id, call_id = tags.get(TAG_APPROVAL, ""), tags.get(TAG_CALL, "")
    return (approval_id, call_id) if is_id(approval_id) and call_id else None


def _is_young(instance: Instance, now: datetime) -> bool:
    return bool((now - instance["LaunchTime"]).total_seconds() < YOUNG_SECONDS)
