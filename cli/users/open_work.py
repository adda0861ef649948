"""What stays open when somebody goes: their requests, requests that waited for them, instances that live for them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.operator import Deployment
from cli.users.everybody import Somebody
from functions.shared.approval import OPEN, Approval, Status
from functions.shared.approval_reader import ApprovalReader
from functions.shared.approval_table import CALL
from functions.shared.identifiers import timestamp
from functions.shared.lease_table import PARTITION, LeaseReader
from functions.shared.operations import summary_of

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """One thing that goes on without them."""

    approval_id: str
    says: str


def open_work(
    deployment: Deployment, one: Somebody, *, others: Collection[str], now: datetime
) -> Iterator[OpenWork]:
    """Everything open of this person; `others` are the subjects of those who can still decide."""
    table = ApprovalReader(deployment.client("dynamodb"), deployment.output("ApprovalsTable"))
    for approval in _unfinished(table, now):
        what = summary_of(approval.calls())
        if approval.requester.sub == one.sub:
            yield OpenWork(approval_id=approval.id, says=_own(approval, what))
        elif not approval.practised_by and _waits_for_them_alone(approval, one, others):
            yield OpenWork(
                approval_id=approval.id,
                says=f"{what}: it waits for them alone, and expires undecided.",
            )
    yield from _instances(deployment, table, one)


def _own(approval: Approval, what: str) -> str:
    if approval.status is Status.APPROVED:
        return f"{what}: their request is approved and being carried out."
    return (
        f"{what}: their request can still be approved; to end it: "
        f"countersign approvals reject {approval.id}"
    )


def _waits_for_them_alone(approval: Approval, one: Somebody, others: Collection[str]) -> bool:
    if approval.status not in OPEN:
        return False
    asked = {person.sub for person in approval.asked}
    return one.sub in asked and not asked.intersection(others)


def _unfinished(table: ApprovalReader, now: datetime) -> Iterator[Approval]:
    """Every open one, and of those that were approved lately what still runs."""
    for status in (*sorted(OPEN), Status.APPROVED):
        after: str | None = None
        while True:
            found, after = table.with_status(status, limit=PAGE, after=after)
            yield from (approval for approval in found if approval.is_unfinished(now))
            if after is None or status is Status.APPROVED:
                break


def _instances(deployment: Deployment, table: ApprovalReader, one: Somebody) -> Iterator[OpenWork]:
    """By the leases that are not over yet."""
    keys = list(_leases(deployment))
    ids = list(dict.fromkeys(approval_id for approval_id, _ in keys))
    theirs = {
        approval.id
        for start in range(0, len(ids), PAGE)
        for approval in table.get_many(ids[start : start + PAGE]).values()
        if approval.requester.sub == one.sub
    }
    leases = LeaseReader(deployment.client("dynamodb"), deployment.output("ApprovalsTable"))
    wanted = [key for key in keys if key[0] in theirs]
    for leased in leases.get_many(wanted).values() if wanted else ():
        ends = timestamp(datetime.fromtimestamp(leased.lease.ends_at, UTC))
        yield OpenWork(
            approval_id=leased.approval_id,
            says=f"{leased.instance_id} lives for them; its lease ends at {ends}, and others hear of it.",
        )


def _leases(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """The calls whose instances have a lease that is not over."""
    pages = deployment.client("dynamodb").get_paginator("query")
    request: dict[str, Any] = {
        "TableName": deployment.output("ApprovalsTable"),
        "IndexName": "unfinished",
        "KeyConditionExpression": "unfinished = :lease",
        "ExpressionAttributeValues": {":lease": {"S": PARTITION}},
    }
    for page in pages.paginate(**request):
        for item in page["Items"]:
            yield item["pk"]["S"], item["sk"]["S"].removeprefix(CALL)
