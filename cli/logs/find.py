"""Follows one request, or whatever failed, through every log group of the stack."""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.logs.line import Line, line_of
from cli.operator import CannotOperate, Deployment
from cli.terminal.failures import USAGE, CommandFailed

AT_ONCE = 4
"""Log groups that are asked at the same time: CloudWatch allows an account few such requests a second."""
MOST_IDS = 16
MOST_LINES = 5000
"""Of one log group, for one id."""
FAILED = (
    '{ $.level = "ERROR" || $.level = "CRITICAL" || $.log_level = "ERROR" || $.type = "*Failed" || '
    '$.type = "*TimedOut" || $.type = "*Aborted" || $.record.status = "timeout" || '
    '$.record.status = "error" || $.record.status = "failure" }'
)
_ID = re.compile(r"[A-Za-z0-9_=+/:.-]{4,128}")


class BadQuestion(CommandFailed):
    """What is to be looked for cannot be."""

    code = "bad_question"
    status = USAGE


@dataclass(frozen=True, slots=True)
class LogGroup:
    name: str
    room: str
    """What writes there, as the stack names it."""


def groups_of(deployment: Deployment) -> list[LogGroup]:
    """Every log group of the stack; raises `CannotOperate`."""
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code

    pages = deployment.client("cloudformation").get_paginator("list_stack_resources")
    try:
        return [
            LogGroup(one["PhysicalResourceId"], _room(one["LogicalResourceId"]))
            for page in pages.paginate(StackName=deployment.page.stack)
            for one in page["StackResourceSummaries"]
            if one["ResourceType"] == "AWS::Logs::LogGroup"
        ]
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The stack's log groups cannot be listed ({error_code(error)}): your credentials need "
            "cloudformation:ListStackResources."
        ) from error


def follow(deployment: Deployment, wanted: str, *, since: datetime) -> list[Line]:
    """Every line about a request, an approval or a conversation, by time.

    From a request it goes on to the approvals that were asked for in it, and to the requests that decided them.
    Raises `BadQuestion` or `CannotOperate`.
    """
    if not _ID.fullmatch(wanted):
        raise BadQuestion(
            "This is no id: an error page, a problem's request_id or an address has one."
        )
    groups = groups_of(deployment)
    found: dict[tuple[str, int, str], Line] = {}
    asked, new = set[str](), [wanted]
    while new and len(asked) < MOST_IDS:
        one = new.pop(0)
        asked.add(one)
        lines = _search(deployment, groups, f'"{one}"', since)
        found |= lines
        new += [
            other for other in _leads(lines.values()) if other not in asked and other not in new
        ]
    return _by_time(found)


def failures(deployment: Deployment, *, since: datetime) -> list[Line]:
    """Every line that tells of something that went wrong, by time; raises `CannotOperate`."""
    found = _search(deployment, groups_of(deployment), FAILED, since)
    return [line for line in _by_time(found) if line.is_failure()]


def saying(deployment: Deployment, words: str, *, since: datetime) -> list[Line]:
    """Every line with these words in it, by time; raises `BadQuestion` or `CannotOperate`."""
    if not words.strip() or not words.isprintable() or set(words) & set('"\\') or len(words) > 200:
        raise BadQuestion("--saying takes words of a line, without quotation marks.")
    found = _search(deployment, groups_of(deployment), f'"{words}"', since)
    return [line for line in _by_time(found) if words in line.what()]


def _leads(lines: Iterable[Line]) -> list[str]:
    """The ids that these lines name, in the order in which they come."""
    return list(dict.fromkeys(other for line in lines for other in line.ids.values()))


def _search(
    deployment: Deployment, groups: Sequence[LogGroup], pattern: str, since: datetime
) -> dict[tuple[str, int, str], Line]:
    """The lines that match in every group; raises `CannotOperate`."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from functions.shared.aws import error_code

    patient = Config(retries={"mode": "standard", "total_max_attempts": 8})
    logs = deployment.session.client("logs", config=patient)

    def look(group: LogGroup) -> dict[tuple[str, int, str], Line]:
        return _lines(logs, group, pattern, since)

    try:
        with ThreadPoolExecutor(AT_ONCE) as workers:
            return {key: line for part in workers.map(look, groups) for key, line in part.items()}
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The logs cannot be read ({error_code(error)}): your credentials need logs:FilterLogEvents "
            "on the stack's log groups."
        ) from error


def _lines(
    logs: Any, group: LogGroup, pattern: str, since: datetime
) -> dict[tuple[str, int, str], Line]:
    found: dict[tuple[str, int, str], Line] = {}
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group.name,
            startTime=int(since.timestamp() * 1000),
            filterPattern=pattern,
            PaginationConfig={"MaxItems": MOST_LINES},
        )
        for page in pages:
            for event in page.get("events", ()):
                line = line_of(event, group=group.room)
                if line is not None:
                    found[(group.name, event["timestamp"], event["message"])] = line
    except logs.exceptions.ResourceNotFoundException:
        # Whoever has never run has written nothing; the group may also have been removed by hand.
        return found
    return found


def _by_time(found: dict[tuple[str, int, str], Line]) -> list[Line]:
    return sorted(found.values(), key=lambda line: line.at)


def _room(logical_id: str) -> str:
    """`ChatContinueTurnLog1A2B3C4D` → `ChatContinueTurn`: a name for lines that carry none."""
    return re.sub(r"(FunctionLog|Log)?[0-9A-F]{8}$", "", logical_id) or logical_id
