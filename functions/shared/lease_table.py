"""Leases in the ledger: attributes of a call's row once an instance runs; each transition is one conditional write.

`unfinished` = `lease` and `due_at` put the row into the sweep's index until nothing is due any more. `lease_untold`
names the event that people are still to be told of; while it stands, the row stays due.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from functions.shared.approval import Approval
from functions.shared.approval_item import attributes
from functions.shared.approval_table import CALL, ApprovalTable, TransitionLost
from functions.shared.identifiers import moment, timestamp
from functions.shared.lease import OVER, Lease, LeaseState

PARTITION = "lease"
TELL_AGAIN_SECONDS = 60
"""Who is to be told of an event and was not, after a crash, is told by the sweep after this long."""
BATCH = 100

CallKey = tuple[str, str]
"""Approval id and call id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedInstance:
    """One call's instance and its lease, as its ledger row has them."""

    approval_id: str
    call_id: str
    instance_id: str
    lease: Lease
    untold: str = ""
    extended_by: frozenset[str] = frozenset()
    """Extensions that were carried out: approval id and call id joined by `#`."""


def lease_attributes(instance_id: str, *, ends_at: int) -> dict[str, Any]:
    """What a ledger row gets when its instance runs, as plain values."""
    lease = Lease(state=LeaseState.RUNNING, began_at=0, ends_at=ends_at)
    return {
        "instance_id": instance_id,
        "lease_state": lease.state.value,
        "lease_ends_at": ends_at,
        "unfinished": PARTITION,
        "due_at": lease.due_at(),
    }


class LeaseReader:
    """Consistent reads by the calls that launched."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, approval_id: str, call_id: str) -> LeasedInstance | None:
        """One lease, read consistently; None where the call launched nothing that has one."""
        answer = self._client.get_item(
            TableName=self._table, Key=_key(approval_id, call_id), ConsistentRead=True
        )
        item = answer.get("Item", {})
        return _leased(item) if "lease_state" in item else None

    def get_many(self, keys: Iterable[CallKey]) -> dict[CallKey, LeasedInstance]:
        """Leases by their calls, read consistently; those that there are not are left out."""
        leases = (_leased(item) for item in self._rows(keys) if "lease_state" in item)
        return {(leased.approval_id, leased.call_id): leased for leased in leases}

    def instances(self, keys: Iterable[CallKey]) -> set[str]:
        """The instances that rows name and whose lease, if they have one, is not over."""
        return {
            item["instance_id"]["S"]
            for item in self._rows(keys)
            if "instance_id" in item
            and ("lease_state" not in item or LeaseState(item["lease_state"]["S"]) not in OVER)
        }

    def _rows(self, keys: Iterable[CallKey]) -> Iterator[Mapping[str, Any]]:
        wanted = [_key(*key) for key in dict.fromkeys(keys)]
        while wanted:
            answer = self._client.batch_get_item(
                RequestItems={self._table: {"Keys": wanted[:BATCH], "ConsistentRead": True}}
            )
            unread = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            wanted = [*unread, *wanted[BATCH:]]
            yield from answer["Responses"].get(self._table, [])


class LeaseTable(LeaseReader):
    """Transitions raise `TransitionLost` where the row or the record has changed since it was read."""

    def __init__(self, client: Any, approvals: ApprovalTable) -> None:
        super().__init__(client, approvals.name)
        self._approvals = approvals

    def claim(self, leased: LeasedInstance, lease: Lease) -> LeasedInstance:
        """Write down what EC2 is about to be asked, so that no extension comes between; or that it took nothing."""
        values: dict[str, Any] = {"lease_state": lease.state.value}
        if not leased.untold:
            values["due_at"] = lease.due_at()
        update = self._update(leased, values, remove=())
        try:
            self._client.update_item(**update)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise TransitionLost from error
        return replace(leased, lease=lease)

    def move(
        self,
        leased: LeasedInstance,
        lease: Lease,
        approval: Approval,
        *,
        event: str,
        details: Mapping[str, Any],
        now: datetime,
        is_told: bool,
        others: Sequence[Mapping[str, Any]] = (),
        actor: str = "end_lease",
    ) -> LeasedInstance:
        """The next state with its audit row and `others`, in one write; `is_told`: people are to be told of it."""
        moved = replace(leased, lease=lease, untold=event if is_told else "")
        values: dict[str, Any] = {"lease_state": lease.state.value}
        if lease.stopped_at is not None:
            values["lease_stopped_at"] = lease.stopped_at
        if is_told:
            values |= {"lease_untold": event, "due_at": _soon(now)}
            update = self._update(leased, values, remove=())
        else:
            update = self._update(leased, *_rest(lease, values))
        self._write(update, approval, event, actor, leased, details, now, others)
        return moved

    def extend(
        self,
        leased: LeasedInstance,
        lease: Lease,
        approval: Approval,
        *,
        by: str,
        actor: str,
        now: datetime,
    ) -> LeasedInstance:
        """A later end, once per extending call (`by`), with its audit row at the approval that launched."""
        values = {
            "lease_state": lease.state.value,
            "lease_ends_at": lease.ends_at,
            "due_at": lease.due_at(),
            "lease_extended_by": leased.extended_by | {by},
        }
        update = self._update(leased, values, remove=("lease_untold",))
        details = {"ends_at": _time(lease.ends_at), "by": by}
        self._write(update, approval, "lease_extended", actor, leased, details, now)
        return replace(leased, lease=lease, untold="", extended_by=leased.extended_by | {by})

    def end_at_once(
        self, leased: LeasedInstance, approval: Approval, *, actor: str, now: datetime
    ) -> LeasedInstance:
        """Its termination is due now, with an audit row that says who wanted it; end_lease terminates."""
        lease = leased.lease.ended_at_once(int(now.timestamp()))
        values = {
            "lease_state": lease.state.value,
            "lease_ends_at": lease.ends_at,
            "due_at": lease.due_at(),
        }
        update = self._update(leased, values, remove=("lease_untold", "lease_stopped_at"))
        self._write(update, approval, "lease_ended_by_operator", actor, leased, {}, now)
        return replace(leased, lease=lease, untold="")

    def mark_told(self, leased: LeasedInstance) -> None:
        """Everybody knows of the newest event; a newer one is left to be told."""
        update = self._update(leased, *_rest(leased.lease, {}))
        update["ConditionExpression"] += " AND lease_untold = :told"
        update["ExpressionAttributeValues"] |= attributes({":told": leased.untold})
        try:
            self._client.update_item(**update)
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _write(
        self,
        update: Mapping[str, Any],
        approval: Approval,
        event: str,
        actor: str,
        leased: LeasedInstance,
        details: Mapping[str, Any],
        now: datetime,
        others: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        noted = {"call": leased.call_id, "instance_id": leased.instance_id, **details}
        parts = self._approvals.note_items(
            approval, event=event, actor=actor, details=noted, now=now
        )
        self._approvals.write([{"Update": update}, *parts, *others])

    def _update(
        self, leased: LeasedInstance, values: Mapping[str, Any], remove: Iterable[str]
    ) -> dict[str, Any]:
        """From exactly the lease that was read: same state, same end, same extensions."""
        changes = []
        if values:
            changes.append("SET " + ", ".join(f"{name} = :{name}" for name in values))
        if removed := ", ".join(remove):
            changes.append(f"REMOVE {removed}")
        return {
            "TableName": self._table,
            "Key": _key(leased.approval_id, leased.call_id),
            "UpdateExpression": " ".join(changes),
            "ConditionExpression": "lease_state = :was_state AND lease_ends_at = :was_end",
            "ExpressionAttributeValues": attributes(
                {
                    **{f":{name}": value for name, value in values.items()},
                    ":was_state": leased.lease.state.value,
                    ":was_end": leased.lease.ends_at,
                }
            ),
        }


def _rest(lease: Lease, values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Nothing to tell: due when the next step is, or out of the index; as values to set and names to remove."""
    due_at = lease.due_at()
    if due_at is None:
        return dict(values), ("lease_untold", "unfinished", "due_at")
    return {**values, "due_at": due_at}, ("lease_untold",)


def _soon(now: datetime) -> int:
    return int(now.timestamp()) + TELL_AGAIN_SECONDS


def _time(epoch_seconds: int) -> str:
    return timestamp(datetime.fromtimestamp(epoch_seconds, UTC))


def _key(approval_id: str, call_id: str) -> dict[str, Any]:
    return {"pk": {"S": approval_id}, "sk": {"S": f"{CALL}{call_id}"}}


def _leased(item: Mapping[str, Any]) -> LeasedInstance:
    stopped_at = item.get("lease_stopped_at")
    return LeasedInstance(
        approval_id=item["pk"]["S"],
        call_id=item["sk"]["S"].removeprefix(CALL),
        instance_id=item["instance_id"]["S"],
        lease=Lease(
            state=LeaseState(item["lease_state"]["S"]),
            began_at=int(moment(item["began_at"]["S"]).timestamp()),
            ends_at=int(item["lease_ends_at"]["N"]),
            stopped_at=int(stopped_at["N"]) if stopped_at else None,
        ),
        untold=item.get("lease_untold", {}).get("S", ""),
        extended_by=frozenset(item.get("lease_extended_by", {}).get("SS", ())),
    )
