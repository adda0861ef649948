"""The operation run_instances: one request, sent again byte for byte where that is safe, until it has an answer."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.launch_instance.ec2_errors import (
    CAPACITY_TRIES,
    MISMATCH,
    LaunchAmbiguous,
    NoCapacity,
    is_capacity,
    judged,
    launch_words,
)
from functions.launch_instance.request import tags_of
from functions.launch_instance.running import seen_running
from functions.shared import run_instances
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.lease_table import lease_attributes
from functions.shared.ledger import Ledger, LedgerRow
from functions.shared.observe import (
    INSTANCES_LAUNCHED,
    LAUNCHED_PRICE,
    count,
    logger,
    measure_price,
)
from functions.shared.target_settings import LaunchInstanceSettings


def start_instance(
    approved: ApprovedCall,
    *,
    ec2: Any,
    ledger: Ledger,
    settings: LaunchInstanceSettings,
    row: LedgerRow | None,
    may_send: bool,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> Outcome:
    """Start it, write down which instance it is, and wait until it runs.

    Raises `LaunchAmbiguous`, `NoCapacity` or `TemporarilyUnavailable` where the workflow should try again.
    """
    request = request_of(approved, settings)
    instance_id = row.instance_id if row is not None else ""
    if not instance_id:
        launched = _sent(approved, request, ec2=ec2, ledger=ledger, row=row, may_send=may_send)
        if isinstance(launched, Outcome):
            return launched
        instance_id = launched
        ends_at = approved.lease_ends_at
        lease = lease_attributes(instance_id, ends_at=ends_at) if ends_at is not None else {}
        ledger.launched(approved.approval.id, approved.id, instance_id, lease)
        count(INSTANCES_LAUNCHED)
        _note_price(approved.price)
        logger.info("instance was launched", instance_id=instance_id)
    return seen_running(
        ec2,
        instance_id,
        request=request,
        approved=approved,
        region=approved.target.region,
        sleep=sleep,
    )


def request_of(
    approved: ApprovedCall, settings: LaunchInstanceSettings, purpose: str = ""
) -> dict[str, Any]:
    """The RunInstances request of an approved call: the same bytes whenever it is made.

    `purpose` gives it a client token of its own, where it is not to launch.
    """
    planned = approved.call.get("parameters")
    parameters = planned or run_instances.planned(approved.call["arguments"], {})
    return run_instances.request(
        parameters,
        client_token=approved.client_token(purpose),
        tags=tags_of(
            approval_id=approved.approval.id,
            call_id=approved.id,
            requester=approved.approval.requester,
            approver=approved.decision.by,
            stack=settings.stack,
            lease_ends_at=approved.lease_ends_at,
        ),
    )


def _note_price(price: Mapping[str, Any] | None) -> None:
    """What an hour of it costs, as the approver read it; nothing where that is not known."""
    if price is None:
        return
    try:
        hourly = float(price["hourly"])
    except (KeyError, TypeError, ValueError):
        return
    measure_price(LAUNCHED_PRICE, hourly, currency=str(price.get("currency", "")))


def _sent(
    approved: ApprovedCall,
    request: Mapping[str, Any],
    *,
    ec2: Any,
    ledger: Ledger,
    row: LedgerRow | None,
    may_send: bool,
) -> str | Outcome:
    """The instance's id, or what EC2's refusal means.

    An earlier request with this token may have started an instance although this one is refused: EC2 is asked.
    """
    key = (approved.approval.id, approved.id)
    was_sent = row is not None and row.sent
    token = str(request["ClientToken"])
    if not may_send:
        return _found(ec2, token) or _unclear("launches were stopped after a request went out")
    if row is not None and not row.sent and not ledger.send_again(*key):
        return _unclear("another try of this call has ended meanwhile")
    try:
        return str(ec2.run_instances(**request)["Instances"][0]["InstanceId"])
    except BotoCoreError as error:
        code, refusal = error_code(error), None
    except ClientError as error:
        code, refusal = error_code(error), error
    logger.warning("EC2 did not launch, or gave no clear answer", code=code)
    if code != MISMATCH and (refusal is None or was_sent):
        found = _found(ec2, token)
        if found is not None:
            return found
    if refusal is None:
        return _unclear(code)
    try:
        if is_capacity(code) and not was_sent and ledger.no_capacity(*key) < CAPACITY_TRIES:
            raise NoCapacity(code)
        return judged(refusal, launch_words(approved.call))
    except TemporarilyUnavailable:
        if not was_sent:
            ledger.nothing_taken(*key)
        raise


def _unclear(code: str) -> Outcome:
    raise LaunchAmbiguous(code)


def _found(ec2: Any, client_token: str) -> str | None:
    """The instance that an earlier or unclear request started, where EC2 shows it already.

    Raises `LaunchAmbiguous` where EC2 cannot be asked.
    """
    try:
        answer = ec2.describe_instances(
            Filters=[{"Name": "client-token", "Values": [client_token]}]
        )
    except (BotoCoreError, ClientError) as error:
        raise LaunchAmbiguous("EC2 could not be asked what it started") from error
    instances = (one for part in answer["Reservations"] for one in part["Instances"])
    found = (one["InstanceId"] for one in instances if one.get("ClientToken") == client_token)
    return next(found, None)
