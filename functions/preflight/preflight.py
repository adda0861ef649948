"""One request looked over before a person is asked: what AWS says about each call, written down once."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.preflight import (
    check_document,
    check_end_instances,
    check_extend_lease,
    check_run_instances,
)
from functions.preflight.facts import Found
from functions.preflight.inspection import Inspection
from functions.shared.approval import Approval, Status
from functions.shared.approval_reader import ApprovalReader
from functions.shared.aws import error_code
from functions.shared.errors import TemporarilyUnavailable
from functions.shared.findings import PREFLIGHT, Findings
from functions.shared.lease_table import LeaseReader
from functions.shared.observe import asked_in, logger
from functions.shared.price_list import PriceList
from functions.shared.readings import NotRead, Reading, Readings
from functions.shared.target_settings import PreflightSettings
from functions.shared.targets import NOT_DEPLOYED, Target, Targets, UnknownTarget

Checker = Callable[[Inspection, Sequence[Mapping[str, Any]]], dict[str, Found]]
CHECKERS: dict[str, Checker] = {
    "run_instances": check_run_instances.check,
    "extend_lease": check_extend_lease.check,
    "stop_instances": check_end_instances.check,
    "terminate_instances": check_end_instances.check,
    "document": check_document.check,
}
"""By operation; calls of an operation that is not here get no facts."""

_ALIAS = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflighting:
    settings: PreflightSettings
    targets: Targets
    approvals: ApprovalReader
    leases: LeaseReader
    findings: Findings
    readings: Callable[[Target], AbstractContextManager[Readings]]
    """The questions of one request in its target, with their deadline; raises what the assuming of a role raises."""
    price_list: PriceList
    clock: Callable[[], datetime]


def preflight(deps: Preflighting, approval_id: str) -> None:
    """Write the row of facts, prices and complaints; a row that stands already stays.

    Raises `TemporarilyUnavailable` where the table was only busy.
    """
    logger.append_keys(approval_id=approval_id)
    try:
        approval = deps.approvals.get(approval_id)
        if approval is None or approval.status is not Status.PREPARING:
            logger.info("nothing is being prepared under this id")
            return
        asked_in(approval.request_id)
        result = inspect(deps, approval)
        deps.findings.put(approval_id, PREFLIGHT, result, deps.clock())
    except (BotoCoreError, ClientError) as error:
        raise TemporarilyUnavailable(f"The table gave no answer: {error_code(error)}") from error
    looked_at = result["calls"].values()
    logger.info(
        "the request was looked over",
        complaints=[one["code"] for call in looked_at for one in call["complaints"]],
        not_checked=sum(
            fact["key"] == "not_checked" for call in looked_at for fact in call["facts"]
        ),
    )


def inspect(deps: Preflighting, approval: Approval) -> dict[str, Any]:
    """What is found about every call, as it is stored."""
    plan = approval.plan_value()
    if approval.practised_by:
        return _nothing(plan, Found())
    try:
        target = deps.targets.of(plan)
        asking = deps.readings(target)
    except UnknownTarget:
        return _nothing(plan, Found())
    except ClientError as error:
        if error_code(error) != "AccessDenied":
            raise
        return _nothing(plan, _not_admitted(target))
    with asking as readings:
        inspection = Inspection(
            readings=readings,
            price_list=deps.price_list,
            requester=approval.requester.sub,
            targets=deps.targets,
            target=target,
            lease_hours=deps.settings.lease_hours,
            stack=deps.settings.stack,
            approvals=deps.approvals,
            leases=deps.leases,
            now=deps.clock(),
        )
        aliases = readings.ask("iam", "list_account_aliases")
        found: dict[str, Found] = {}
        for operation, check in CHECKERS.items():
            calls = [call for call in plan["calls"] if call["operation"] == operation]
            if calls:
                found |= check(inspection, calls)
        empty = Found()
        return {
            "account_alias": _alias(aliases),
            "calls": {call["id"]: found.get(call["id"], empty).value() for call in plan["calls"]},
        }


def _nothing(plan: Mapping[str, Any], found: Found) -> dict[str, Any]:
    """The same found for every call, where AWS was not asked; the rehearsal says why, too."""
    return {"account_alias": "", "calls": {call["id"]: found.value() for call in plan["calls"]}}


def _not_admitted(target: Target) -> Found:
    found = Found()
    found.complain(NOT_DEPLOYED, target.not_admitted())
    return found


def _alias(reading: Reading) -> str:
    """The account's name as AWS spells such names; empty where there is none to show."""
    try:
        aliases = reading.answer().get("AccountAliases") or [""]
    except NotRead:
        return ""
    alias = str(aliases[0])
    return alias if _ALIAS.fullmatch(alias) else ""
