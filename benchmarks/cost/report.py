"""docs/cost.md, written from the counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cost import bill, prices
from benchmarks.cost.bill import Line, Work
from benchmarks.cost.recorder import Recorder
from benchmarks.cost.stack import Stack

TEMPLATE = Path(__file__).with_name("page.md")
ALWAYS_FREE: Mapping[str, float] = {
    prices.TRANSITIONS.name: 4_000,
    prices.LAMBDA_REQUESTS.name: 1_000_000,
    prices.LAMBDA_ARM.name: 400_000,
    prices.LAMBDA_X86.name: 400_000,
    prices.SNS_MAILS.name: 1_000,
    prices.SNS_PUBLISHES.name: 1_000_000,
    prices.KMS_REQUESTS.name: 20_000,
    prices.LOG_BYTES.name: 5_000_000_000,
    prices.ALARMS.name: 10,
    prices.METRICS.name: 10,
    prices.TRACES.name: 100_000,
}
"""What every account gets each month for ever."""


@dataclass(frozen=True)
class Counted:
    """Everything the page is written from."""

    stack: Stack
    states: list[str]
    conversation: Recorder
    sweep: Recorder

    @property
    def work(self) -> list[Work]:
        return bill.work(self.conversation, self.stack)

    @property
    def conversations(self) -> list[Line]:
        return list(bill.conversations(self.conversation, self.stack, self.states))

    @property
    def idle_month(self) -> list[Line]:
        return list(bill.idle_month(self.sweep, self.stack))


def page(counted: Counted) -> str:
    """The whole document."""
    recorded, stack = counted.conversation, counted.stack
    talk, idle = counted.conversations, counted.idle_month
    units = recorded.all_units()
    return TEMPLATE.read_text(encoding="utf-8").format(
        region=prices.REGION,
        as_of=prices.AS_OF,
        verdicts="\n".join(
            [
                _verdict("1,000 conversations", bill.CONVERSATIONS_GOAL, talk),
                _verdict("a month of an idle stack", bill.IDLE_GOAL, idle),
            ]
        ),
        conversations=_bill(talk),
        state_count=len(counted.states),
        states=", ".join(counted.states),
        writes=f"{units.writes:,.0f}",
        reads=f"{units.reads:,.1f}",
        by_table=", ".join(
            f"{name} {one.writes:,.0f} and {one.reads:,.1f}"
            for name, one in sorted(recorded.units.items())
        ),
        rooms=_rooms(counted.work),
        figures=", ".join(sorted({f"`{name}`" for name, *_ in recorded.figures()})),
        figures_usd=f"{prices.METRICS.of(len(recorded.figures())):.2f}",
        idle=_bill(idle),
        alarms=stack.count("CloudWatch::Alarm"),
        keys=stack.count("KMS::Key"),
        tables=stack.count("DynamoDB::Table"),
        rotating_keys=stack.rotating_keys,
        rotated_once=f"{prices.KMS_KEYS.of(stack.rotating_keys):.2f}",
        rotated_twice=f"{prices.KMS_KEYS.of(2 * stack.rotating_keys):.2f}",
        handler=bill.HANDLER_MILLISECONDS,
        waits=", ".join(f"{name} {value:,}" for name, value in bill.MILLISECONDS.items()),
        workers=bill.PREFLIGHT_WORKERS,
        until_running=bill.UNTIL_RUNNING_MILLISECONDS // 1000,
        cold=bill.COLD_MILLISECONDS,
        platform_log=f"{bill.PLATFORM_LOG_BYTES:,}",
        state_log=f"{bill.STATE_LOG_BYTES:,}",
        access_log=f"{bill.ACCESS_LOG_BYTES:,}",
        prices=_rows((one.name, one.text, _free(one.name)) for one in prices.ALL),
    )


def _verdict(what: str, goal: float, lines: Sequence[Line]) -> str:
    usd = bill.total(list(lines))
    words = "met" if usd <= goal else f"missed by {usd - goal:.2f}"
    return (
        f"| {what} | {goal:.2f} USD | **{usd:.2f} USD**, {words} | {_after_free(lines):.2f} USD |"
    )


def _after_free(lines: Iterable[Line]) -> float:
    left = dict(ALWAYS_FREE)
    usd = 0.0
    for line in lines:
        free = min(line.amount, left.get(line.price.name, 0.0))
        if free:
            left[line.price.name] -= free
        usd += line.price.of(line.amount - free)
    return usd


def _bill(lines: Sequence[Line]) -> str:
    """The lines, the dearest first, and their sum."""
    rows = sorted(lines, key=lambda line: -line.usd)
    head = [("what", "how much", "USD", ""), ("---",) * 4]
    body = [
        (
            line.what,
            f"{line.amount:,.0f} {line.price.unit}{'' if line.amount == 1 else 's'}",
            f"{line.usd:.4f}",
            line.note,
        )
        for line in rows
    ]
    return _rows([*head, *body, ("**together**", "", f"**{bill.total(rows):.4f}**", "")])


def _rooms(work: Sequence[Work]) -> str:
    head = [("room", "times", "memory", "time in all", "GB-seconds"), ("---",) * 5]
    body = [
        (
            one.room,
            str(one.invocations),
            f"{one.memory} MB",
            f"{one.milliseconds:,.0f} ms",
            f"{one.gigabyte_seconds:.3f}",
        )
        for one in work
    ]
    return _rows([*head, *body])


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _free(name: str) -> str:
    return f"{ALWAYS_FREE[name]:,.0f}" if name in ALWAYS_FREE else ""
