"""The words of every mail: a fixed template, no model prose; what users wrote is quoted on one line and defanged."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from functions.shared.approval import Approval, Outcome, Person, Status, Verdict
from functions.shared.channels import Mail
from functions.shared.freeze import Freeze
from functions.shared.identifiers import moment
from functions.shared.letter import Block, Line, Link, Table, defanged, html_of, text_of
from functions.shared.mailed_code import code_blocks, code_summary, is_code
from functions.shared.operations import OPERATIONS
from functions.shared.outside_text import is_outside_text
from functions.shared.plan_words import (
    account_short,
    account_words,
    after_words,
    hourly_words,
    is_in_aws,
    literal,
    mark_of,
    price_words,
    sentence_of,
    shadow_words,
    short_digest,
    short_words,
)
from functions.shared.subjects import name_of, subject_of

UNCHECKED = "not_checked"
"""A fact that says that nobody could look: no mark fits it."""
SENTENCE_CHARACTERS = 1000
OUTSIDE = "What it gave, written outside Countersign:"
OPENING = "Opening the page decides nothing. If nobody decides in time, nothing is started."


def asked_mail(
    approval: Approval,
    *,
    requester: Person,
    expires_at: int,
    origin: str,
    stage: str,
    time_zone: str,
    plan: Mapping[str, Any] | None = None,
    frozen: Freeze | None = None,
    reminder: bool = False,
) -> Mail:
    """To an approver: where, what, who asks, at which price, until when, and the page that shows it."""
    plan = plan or approval.plan_value()
    blocks = [
        *_mode(plan),
        *([_frozen_line(frozen, time_zone)] if frozen and frozen.frozen else []),
        *([Line("Reminder: nobody has decided this yet.", "notice")] if reminder else []),
        *_what(plan),
        *_after(plan),
        *_whose(approval, requester),
        *_details(plan),
        Line(f"Decide until {local_time(expires_at, time_zone)}:"),
        Link(page_of(approval, origin)),
        Line(f"Digest: {short_digest(approval.digest)}"),
        Line(OPENING),
        *code_blocks(
            [(_name_of(number, call, plan), _facts(call)) for number, call in _numbered(plan)]
        ),
    ]
    price = plan.get("price")
    subject = subject_of(
        _stage(stage, plan),
        name=f"{'Reminder, ' if reminder else ''}{name_of(requester)}",
        what=short_words(plan),
        place=account_short(plan) if is_in_aws(plan) else "",
        price=hourly_words(price) if price else "",
        end=f", by {_short_time(expires_at, approval.created_at, time_zone)}",
    )
    return Mail(subject, text_of(blocks), html_of(blocks))


def ended_mail(approval: Approval, *, origin: str, stage: str, time_zone: str = "UTC") -> Mail:
    """To the requester and everyone who was asked: it is over, how it was decided, what became of each call."""
    outcomes = [
        block
        for call in approval.calls()
        if (outcome := approval.outcomes.get(call["id"])) is not None
        for block in _outcome(call, outcome)
    ]
    return told_mail(
        approval,
        headline=_ending(approval),
        sentences=[],
        origin=origin,
        stage=stage,
        more=[*outcomes, *_decision_lines(approval, time_zone)],
    )


def told_mail(
    approval: Approval,
    *,
    headline: str,
    sentences: Sequence[str],
    origin: str,
    stage: str,
    more: Sequence[Block] = (),
) -> Mail:
    """What became of a request or of its instance: `headline` opens the subject, the sentences say what happened."""
    plan = approval.plan_value()
    blocks = [
        *_mode(plan),
        *(Line(defanged(sentence, SENTENCE_CHARACTERS), "strong") for sentence in sentences),
        *more,
        *_where(plan),
        Line(f"Asked for: {defanged(sentence_of(plan), SENTENCE_CHARACTERS)}"),
        *_whose(approval, approval.requester),
        Link(page_of(approval, origin)),
        Line(f"Digest: {short_digest(approval.digest)}"),
    ]
    subject = subject_of(
        _stage(stage, plan),
        name=headline,
        what=short_words(plan),
        place=account_short(plan) if is_in_aws(plan) else "",
        price="",
        end=f", for {name_of(approval.requester)[:24]}",
        cut=("what", "place", "name"),
    )
    return Mail(subject, text_of(blocks), html_of(blocks))


def page_of(approval: Approval, origin: str) -> str:
    return f"{origin}/a/{approval.id}"


def local_time(epoch_seconds: int, time_zone: str) -> str:
    """A moment in the stage's time zone, to the minute: `2026-11-21 12:40 JST`."""
    return f"{_local(epoch_seconds, time_zone):%Y-%m-%d %H:%M %Z}"


def _mode(plan: Mapping[str, Any]) -> list[Block]:
    shadow = shadow_words(plan)
    return [Line(shadow, "notice")] if shadow else []


def _stage(stage: str, plan: Mapping[str, Any]) -> str:
    """What a subject begins with, which is never cut off."""
    return f"{stage}, shadow mode" if shadow_words(plan) else stage


def _what(plan: Mapping[str, Any]) -> list[Block]:
    return [*_where(plan), Line(defanged(sentence_of(plan), SENTENCE_CHARACTERS), "strong")]


def _after(plan: Mapping[str, Any]) -> list[Block]:
    warning = after_words(plan["calls"])
    return [Line(f"WARNING: {defanged(warning)}", "notice")] if warning else []


def _where(plan: Mapping[str, Any]) -> list[Block]:
    if not is_in_aws(plan):
        return []
    return [
        Table(
            [
                ("Account:", defanged(account_words(plan))),
                ("Region:", defanged(literal(plan.get("region")))),
            ]
        )
    ]


def _whose(approval: Approval, requester: Person) -> list[Block]:
    named = requester.email and requester.email != requester.shown()
    address = f" ({defanged(requester.email)})" if named else ""
    return [
        Line(f"Asked by {defanged(requester.shown())}{address}, in these words:"),
        Line(f'"{defanged(approval.request_words)}"', "quote"),
    ]


def _details(plan: Mapping[str, Any]) -> list[Block]:
    """The facts of each call with their marks, what it costs and how long it lives."""
    blocks: list[Block] = []
    calls = plan["calls"]
    for number, call in _numbered(plan):
        if len(calls) > 1:
            blocks.append(Line(_name_of(number, call, plan)))
        rows = [_fact_row(fact, call.get("origins", {})) for fact in _facts(call)]
        if len(calls) > 1 and call.get("price"):
            rows.append(("Price:", price_words(call["price"])))
        blocks.append(Table(rows))
    name = "Total:" if len(calls) > 1 else "Price:"
    if shadow_words(plan):
        name = f"{name[:-1]} if started:"
    money = [(name, price_words(plan["price"]))] if plan.get("price") else []
    lease = plan.get("lease")
    if lease and not shadow_words(plan):
        ends = f"{lease['hours']} hours, then stopped, and terminated 7 days later"
        money.append(("Lease:", ends))
    return [*blocks, *([Table(money)] if money else [])]


def _numbered(plan: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(plan["calls"], start=1))


def _facts(call: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    facts: Sequence[Mapping[str, str]] = call.get("facts") or OPERATIONS[call["operation"]].facts(
        call
    )
    return facts


def _name_of(number: int, call: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """`2 of 3: Stop i-0a1b`; the only call has no number."""
    summary = defanged(OPERATIONS[call["operation"]].summary(call))
    return f"{number} of {len(plan['calls'])}: {summary}" if len(plan["calls"]) > 1 else summary


def _fact_row(fact: Mapping[str, str], origins: Mapping[str, str]) -> tuple[str, ...]:
    warning = "WARNING " if fact.get("level") == "warning" else ""
    value = code_summary(fact) if is_code(fact) else defanged(fact["value"])
    said = (f"{warning}{defanged(fact['label'])}:", value)
    if fact.get("key") == UNCHECKED:
        return said
    return (*said, f"({mark_of(fact, origins)})")


def _frozen_line(frozen: Freeze, time_zone: str) -> Line:
    try:
        since = f" at {local_time(int(moment(frozen.at).timestamp()), time_zone)}"
    except ValueError:
        since = ""
    why = f': "{defanged(frozen.reason)}"' if frozen.reason else "."
    return Line(
        f"FROZEN: {defanged(frozen.by) or 'An operator'} stopped all launches"
        f"{since}{why} What is approved meanwhile is not started.",
        "notice",
    )


def _outcome(call: Mapping[str, Any], outcome: Outcome) -> list[Block]:
    """Our own sentence; what somebody outside wrote is quoted as such."""
    text = defanged(outcome.text, SENTENCE_CHARACTERS)
    if not is_outside_text(str(call["operation"]), outcome.status):
        return [Line(text, "strong")]
    summary = defanged(OPERATIONS[call["operation"]].summary(call))
    return [
        Line(f"{outcome.status.capitalize()}: {summary}. {OUTSIDE}", "strong"),
        Line(f'"{text}"', "quote"),
    ]


def _decision_lines(approval: Approval, time_zone: str) -> list[Block]:
    decision = approval.decision
    if decision is None:
        return []
    verb = "Approved" if decision.decision is Verdict.APPROVE else "Rejected"
    at = local_time(int(moment(decision.at).timestamp()), time_zone)
    own = ", who asked for it (self-confirmed)" if decision.self_confirmed else ""
    lines: list[Block] = [Line(f"{verb} by {defanged(decision.by.shown())}{own} at {at}.")]
    if decision.reason:
        lines.append(Line(f'"{defanged(decision.reason)}"', "quote"))
    return lines


def _ending(approval: Approval) -> str:
    """The status, and whether what was approved has worked."""
    worked = all(outcome.status == "succeeded" for outcome in approval.outcomes.values())
    if approval.status is Status.APPROVED and not worked:
        return "approved, but not all done"
    return approval.status.value


def _short_time(epoch_seconds: int, asked_at: str, time_zone: str) -> str:
    """The time of day where the day is clear: `15:40 JST`; otherwise with its date."""
    until = _local(epoch_seconds, time_zone)
    asked = moment(asked_at).astimezone(ZoneInfo(time_zone))
    same_day = until.date() == asked.date()
    return f"{until:%H:%M %Z}" if same_day else f"{until:%d %b %H:%M %Z}"


def _local(epoch_seconds: int, time_zone: str) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC).astimezone(ZoneInfo(time_zone))
