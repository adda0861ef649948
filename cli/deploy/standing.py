"""What a stack still has open: requests nobody decided, launches on their way, instances that live."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.operator import CannotOperate, Deployment
from functions.shared.approval import OPEN, Approval
from functions.shared.approval_item import NewerRecord, approval_of_item
from functions.shared.approval_reader import RECORD
from functions.shared.approval_table import CALL
from functions.shared.aws import error_code
from functions.shared.identifiers import moment
from functions.shared.instance_tags import TAG_STACK
from functions.shared.lease import OVER, LeaseState
from functions.shared.ledger import LAUNCHING

LAUNCH_SECONDS = 6 * 60
"""Longer than the launch function lives: what began before this starts nothing any more."""
ALIVE = ("pending", "running", "stopping", "stopped")

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance that was launched here, or that carries the stack's tag."""

    id: str
    account: str
    region: str
    state: str
    """As EC2 says; empty where these credentials do not see it."""
    approval_id: str = ""
    """Empty: no row of the ledger knows it."""
    call_id: str = ""
    requester: str = ""
    lease_state: str = ""
    lease_ends_at: int | None = None

    @property
    def is_leased(self) -> bool:
        """Whether a lease of it still runs, so that the product itself can end it."""
        return bool(self.lease_state) and LeaseState(self.lease_state) not in OVER


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it, as it was read."""

    open: tuple[Approval, ...] = ()
    """Nobody has decided them."""
    unclosed: tuple[Approval, ...] = ()
    """Decided or ended, and not every call has its outcome."""
    instances: tuple[Instance, ...] = ()
    launching: tuple[datetime, ...] = field(default=())
    """When launches began that have no answer yet."""

    def may_still_launch(self, now: datetime) -> bool:
        """Whether a launch may be on its way right now."""
        return any((now - began).total_seconds() < LAUNCH_SECONDS for began in self.launching)


def look(deployment: Deployment) -> Standing:
    """Read table and EC2 now; raises `CannotOperate` where they cannot be read."""
    try:
        items = list(scanned(deployment, "ApprovalsTable"))
        approvals = {one["pk"]["S"]: approval_of_item(one) for one in items if is_record(one)}
    except NewerRecord as error:
        raise CannotOperate(
            f"A newer release than this checkout's wrote a record of {deployment.page.stack}: use that release."
        ) from error
    rows = [one for one in items if one["sk"]["S"].startswith(CALL)]
    return Standing(
        open=tuple(one for one in approvals.values() if one.status in OPEN),
        unclosed=tuple(
            one for one in approvals.values() if one.status not in OPEN and one.closed_at is None
        ),
        instances=tuple(_instances(deployment, approvals, rows)),
        launching=tuple(
            moment(row["began_at"]["S"]) for row in rows if row["ledger_status"]["S"] == LAUNCHING
        ),
    )


def scanned(deployment: Deployment, output: str) -> Iterator[Item]:
    """Every item of the table that an output names, read consistently; raises `CannotOperate`."""
    pages = deployment.client("dynamodb").get_paginator("scan")
    try:
        for page in pages.paginate(TableName=deployment.output(output), ConsistentRead=True):
            yield from page["Items"]
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(
            f"The table {deployment.output(output)} cannot be read: {error_code(error)}."
        ) from error


def is_record(item: Item) -> bool:
    """Whether an item of the approvals table is an approval itself."""
    return bool(item["sk"]["S"] == RECORD)


def _instances(
    deployment: Deployment, approvals: Mapping[str, Approval], rows: Iterable[Item]
) -> Iterator[Instance]:
    seen = _seen(deployment)
    known = set()
    for row in rows:
        instance_id = row.get("instance_id", {}).get("S", "")
        if not instance_id:
            continue
        known.add(instance_id)
        instance = _leased(deployment, approvals, row, seen.get(instance_id, ("", "")))
        if instance.is_leased or instance.state:
            yield instance
    for instance_id, (region, state) in seen.items():
        if instance_id not in known:
            yield Instance(id=instance_id, account=deployment.account, region=region, state=state)


def _leased(
    deployment: Deployment, approvals: Mapping[str, Approval], row: Item, seen: tuple[str, str]
) -> Instance:
    """An instance of the ledger; where it runs is what its plan says."""
    approval = approvals.get(row["pk"]["S"])
    plan = approval.plan_value() if approval else {}
    region, state = seen
    ends_at = row.get("lease_ends_at", {}).get("N")
    return Instance(
        id=row["instance_id"]["S"],
        account=str(plan.get("account") or deployment.account),
        region=region or str(plan.get("region") or deployment.page.region),
        state=state,
        approval_id=row["pk"]["S"],
        call_id=row["sk"]["S"].removeprefix(CALL),
        requester=approval.requester.shown() if approval else "",
        lease_state=row.get("lease_state", {}).get("S", ""),
        lease_ends_at=int(ends_at) if ends_at else None,
    )


def _seen(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """Region and state of what EC2 shows in the stack's own account with the stack's tag, by id."""
    own = ("", deployment.account)
    regions = {place.region for place in deployment.page.places if place.account in own}
    found: dict[str, tuple[str, str]] = {}
    for region in sorted(regions | {deployment.page.region}):
        pages = deployment.session.client("ec2", region_name=region).get_paginator(
            "describe_instances"
        )
        filters = [
            {"Name": f"tag:{TAG_STACK}", "Values": [deployment.page.stack]},
            {"Name": "instance-state-name", "Values": list(ALIVE)},
        ]
        try:
            for page in pages.paginate(Filters=filters):
                for reservation in page["Reservations"]:
                    for one in reservation["Instances"]:
                        found[one["InstanceId"]] = (region, one["State"]["Name"])
        except (BotoCoreError, ClientError) as error:
            raise CannotOperate(
                f"EC2 does not say what runs in {region}: {error_code(error)}."
            ) from error
    return found
