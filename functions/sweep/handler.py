"""Every minute: unfinished work that is due is handed to whoever owns its next step. It has no rights of its own."""

import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from functions.shared.aws import client
from functions.shared.identifiers import utc_now
from functions.shared.lease_table import PARTITION as LEASES
from functions.shared.observe import (
    APPROVALS_OVERDUE,
    APPROVALS_UNSETTLED,
    LEASES_OVERDUE,
    begin,
    count,
    logger,
)
from functions.shared.settings import SweepSettings
from functions.sweep.batches import Handover, Invoke
from functions.sweep.due import (
    Step,
    is_lease_overdue,
    is_overdue,
    is_unsettled,
    lease_key,
    steps_for,
)

RESERVE_SECONDS = 5.0
UNFINISHED = "yes"

Page = list[Mapping[str, Any]]


class HandoverFailed(Exception):
    """Some owners could not be invoked; what they own stays due, and the alarm for failures of the sweep sees it."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    settings: SweepSettings
    dynamodb: Any
    invoke: Invoke
    clock: Callable[[], float]


@cache
def deps() -> Sweeping:
    settings = SweepSettings.load(os.environ)
    functions = client("lambda")

    def invoke(function: str, payload: Mapping[str, Any]) -> None:
        functions.invoke(
            FunctionName=function, InvocationType="Event", Payload=json.dumps(payload).encode()
        )

    return Sweeping(settings, client("dynamodb"), invoke, lambda: utc_now().timestamp())


def handler(event: Mapping[str, Any], context: Any) -> dict[str, int]:
    begin(context)
    started = time.monotonic()
    allowed = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
    return sweep(deps(), seconds_left=lambda: allowed - (time.monotonic() - started))


def sweep(deps: Sweeping, *, seconds_left: Callable[[], float]) -> dict[str, int]:
    """Hand over everything that is due, page by page; what time does not allow waits for the next minute.

    The three kinds of work take turns, so that a flood of one starves no other. Raises `HandoverFailed` at the end.
    """
    now = int(deps.clock())
    settings = deps.settings
    owners = {
        Step.START: settings.continue_turn_function,
        Step.REPAIR: settings.decide_approval_function,
        Step.REMIND: settings.request_approval_function,
        Step.RECORD: settings.record_outcome_function,
        Step.END_LEASE: settings.end_lease_function,
        Step.WORK: settings.continue_turn_function,
    }
    kinds = deque(
        [
            (_approvals, _due(deps.dynamodb, settings.approvals_table, UNFINISHED, now)),
            (_leases, _due(deps.dynamodb, settings.approvals_table, LEASES, now)),
            (_turns, _due(deps.dynamodb, settings.conversations_table, UNFINISHED, now)),
        ]
    )
    figures = Counter(found=0, overdue=0, unsettled=0, leases_overdue=0)
    with Handover(owners, deps.invoke, seconds_left) as handover:
        while kinds and seconds_left() > 0:
            hand_over, pages = kinds.popleft()
            page = next(pages, None)
            if page is not None:
                figures.update(found=len(page), **hand_over(handover, page, now))
                kinds.append((hand_over, pages))
    count(APPROVALS_OVERDUE, figures["overdue"])
    count(APPROVALS_UNSETTLED, figures["unsettled"])
    count(LEASES_OVERDUE, figures["leases_overdue"])
    if figures["found"]:
        logger.info("unfinished work was handed over", found=figures["found"])
    if handover.failed:
        raise HandoverFailed(f"{handover.failed} invocations were refused or too slow.")
    return dict(figures)


def _approvals(handover: Handover, page: Page, now: int) -> dict[str, int]:
    for item in page:
        for step in steps_for(item, now):
            handover.add(step, item["pk"]["S"])
    return {
        "overdue": sum(is_overdue(item, now) for item in page),
        "unsettled": sum(is_unsettled(item, now) for item in page),
    }


def _leases(handover: Handover, page: Page, now: int) -> dict[str, int]:
    for item in page:
        handover.add(Step.END_LEASE, lease_key(item))
    return {"leases_overdue": sum(is_lease_overdue(item, now) for item in page)}


def _turns(handover: Handover, page: Page, now: int) -> dict[str, int]:
    for item in page:
        handover.send(Step.WORK, _work(item))
    return {}


def _due(dynamodb: Any, table: str, partition: str, now: int) -> Iterator[Page]:
    """The sparse index of unfinished work, oldest first, page by page; the next is read when it is asked for."""
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": "unfinished",
        "KeyConditionExpression": "unfinished = :partition AND due_at <= :now",
        "ExpressionAttributeValues": {":partition": {"S": partition}, ":now": {"N": str(now)}},
    }
    while True:
        page = dynamodb.query(**request)
        yield page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _work(item: Mapping[str, Any]) -> Mapping[str, Any]:
    _, owner, _, conversation_id = item["pk"]["S"].split("#", 3)
    return {
        "v": 1,
        "command": "work",
        "owner": owner,
        "conversation_id": conversation_id,
        "turn": int(item["sk"]["S"][2:]),
    }
