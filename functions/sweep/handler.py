"""Every minute: unfinished work that is due is handed to whoever owns its next step. It has no rights of its own."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from functions.shared.aws import client
from functions.shared.identifiers import utc_now
from functions.shared.observe import APPROVALS_OVERDUE, APPROVALS_UNSETTLED, begin, count, logger
from functions.shared.settings import SweepSettings
from functions.sweep.due import Step, is_overdue, is_unsettled, steps_for

RESERVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sweeping:
    settings: SweepSettings
    dynamodb: Any
    invoke: Callable[[str, Mapping[str, Any]], None]
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
    return sweep(deps(), has_time=lambda: time.monotonic() - started < allowed)


def sweep(deps: Sweeping, *, has_time: Callable[[], bool]) -> dict[str, int]:
    """Hand over everything that is due, page by page; what time does not allow waits for the next minute."""
    now = int(deps.clock())
    functions = {
        Step.CONTINUE_TURN: deps.settings.continue_turn_function,
        Step.DECIDE_APPROVAL: deps.settings.decide_approval_function,
        Step.RECORD_OUTCOME: deps.settings.record_outcome_function,
    }
    found = overdue = unsettled = 0
    for item in _due(deps.dynamodb, deps.settings.approvals_table, now):
        found += 1
        overdue += is_overdue(item, now)
        unsettled += is_unsettled(item, now)
        for step, payload in steps_for(item, now):
            deps.invoke(functions[step], payload)
        if not has_time():
            break
    for item in _due(deps.dynamodb, deps.settings.conversations_table, now):
        if not has_time():
            break
        found += 1
        deps.invoke(deps.settings.continue_turn_function, _work(item))
    count(APPROVALS_OVERDUE, overdue)
    count(APPROVALS_UNSETTLED, unsettled)
    if found:
        logger.info("unfinished work was handed over", found=found)
    return {"found": found, "overdue": overdue, "unsettled": unsettled}


def _due(dynamodb: Any, table: str, now: int) -> Iterator[Mapping[str, Any]]:
    """The sparse index of unfinished work, oldest first."""
    request: dict[str, Any] = {
        "TableName": table,
        "IndexName": "unfinished",
        "KeyConditionExpression": "unfinished = :yes AND due_at <= :now",
        "ExpressionAttributeValues": {":yes": {"S": "yes"}, ":now": {"N": str(now)}},
    }
    while True:
        page = dynamodb.query(**request)
        yield from page["Items"]
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
