"""Budgets: what one person may use on one day (UTC), may have open, and what may live in one target.

Items, by `pk` alone; each is written by conditional updates, so that a limit holds however many ask at once:
`day#<sub>#<date>` {turns, tokens, approvals, launches}, `open#<sub>` {approvals: set of approval ids},
`live#<target>` {calls: set of `<approval id>#<call id>`}. The sets cannot outgrow their limits: what would is refused.
Nothing is given back: a turn that failed was a turn. An empty table name means that there are no budgets: no request.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DAY_KEPT_SECONDS = 3 * 24 * 3600
OPEN_KEPT_SECONDS = 30 * 24 * 3600
"""Longer than any approval can be open: an entry that was left behind ends with its item."""
FAILED = "ConditionalCheckFailed"


def day_key(sub: str, now: datetime) -> str:
    return f"day#{sub}#{now.astimezone(UTC):%Y-%m-%d}"


def open_key(sub: str) -> str:
    return f"open#{sub}"


def live_key(target: str) -> str:
    return f"live#{target}"


def free_again(now: datetime) -> datetime:
    """When the next day's budgets begin."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(days=1)


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: `1 launch`, `5 launches`."""
    return f"{number} {one if number == 1 else many}"


def below(name: str, limit: int) -> tuple[str, dict[str, str], dict[str, Any]]:
    """A condition with its names and values: the counter has not reached the limit."""
    return (
        f"(attribute_not_exists(#{name}) OR #{name} < :max_{name})",
        {f"#{name}": name},
        {f":max_{name}": {"N": str(limit)}},
    )


def kept(now: datetime, seconds: int) -> dict[str, str]:
    """Until when an item is kept after it was last written."""
    return {"N": str(int(now.timestamp()) + seconds)}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchBudgets:
    """Launches per person and day, and living instances per target, as parts of the ledger's transactions."""

    table: str
    launches: int
    live_instances: int

    def launch_parts(
        self,
        sub: str,
        *,
        target: str,
        approval_id: str,
        call_id: str,
        now: datetime,
        lives: bool = True,
    ) -> list[dict[str, Any]]:
        """Beside the ledger's new row: one launch of this person's day is used, and one more instance `lives`."""
        if not self.table:
            return []
        condition, names, values = below("launches", self.launches)
        parts = [
            {
                "Update": {
                    "TableName": self.table,
                    "Key": {"pk": {"S": day_key(sub, now)}},
                    "UpdateExpression": "ADD #launches :one SET delete_after = :after",
                    "ConditionExpression": condition,
                    "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": {
                        ":one": {"N": "1"},
                        ":after": kept(now, DAY_KEPT_SECONDS),
                        **values,
                    },
                }
            },
            {
                "Update": {
                    "TableName": self.table,
                    "Key": {"pk": {"S": live_key(target)}},
                    "UpdateExpression": "ADD #calls :call",
                    "ConditionExpression": (
                        "attribute_not_exists(#calls) OR size(#calls) < :max OR contains(#calls, :this)"
                    ),
                    "ExpressionAttributeNames": {"#calls": "calls"},
                    "ExpressionAttributeValues": {
                        ":call": {"SS": [_call(approval_id, call_id)]},
                        ":this": {"S": _call(approval_id, call_id)},
                        ":max": {"N": str(self.live_instances)},
                    },
                }
            },
        ]
        return parts if lives else parts[:1]

    def why_refused(self, reasons: Sequence[Mapping[str, Any]], *, target: str) -> str | None:
        """The sentence for a transaction that `launch_parts` cancelled; None where they did not.

        `reasons` are the cancellation reasons of these parts alone, in their order.
        """
        if not self.table or not reasons:
            return None
        launches, live = (reason.get("Code") == FAILED for reason in [*reasons, {}][:2])
        if launches:
            return (
                f"The requester has used today's budget of {counted(self.launches, 'launch', 'launches')}; "
                "there is a new one from 00:00 UTC."
            )
        if live:
            return (
                f"{counted(self.live_instances, 'instance lives', 'instances live')} in {target}, as many as the "
                "operator's budget allows; one has to end first."
            )
        return None


def closed_parts(table: str, sub: str, approval_id: str, now: datetime) -> list[dict[str, Any]]:
    """Beside the closing of an approval: it is not among the person's open ones any more."""
    if not table:
        return []
    return [
        {
            "Update": {
                "TableName": table,
                "Key": {"pk": {"S": open_key(sub)}},
                "UpdateExpression": "DELETE #approvals :this SET delete_after = :after",
                "ExpressionAttributeNames": {"#approvals": "approvals"},
                "ExpressionAttributeValues": {
                    ":this": {"SS": [approval_id]},
                    ":after": kept(now, OPEN_KEPT_SECONDS),
                },
            }
        }
    ]


def instance_ended_parts(
    table: str, target: str, approval_id: str, *call_ids: str
) -> list[dict[str, Any]]:
    """Beside what says that these calls' instances have ended, or were never started: they live no more."""
    if not table or not call_ids:
        return []
    return [
        {
            "Update": {
                "TableName": table,
                "Key": {"pk": {"S": live_key(target)}},
                "UpdateExpression": "DELETE #calls :this",
                "ExpressionAttributeNames": {"#calls": "calls"},
                "ExpressionAttributeValues": {
                    ":this": {"SS": [_call(approval_id, call_id) for call_id in call_ids]}
                },
            }
        }
    ]


def _call(approval_id: str, call_id: str) -> str:
    return f"{approval_id}#{call_id}"
