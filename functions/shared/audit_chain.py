"""Whether an approval's audit is whole: pure, so that the command line, tests and sweeps ask the same questions.

Each finding is one sentence; none means that the chain verifies. Rows are as `AuditTable.rows` gives them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.shared.approval import Approval
from functions.shared.approval_item import decision_item
from functions.shared.audit import FIRST_PREVIOUS, hash_of
from functions.shared.plan import digest_of

Row = Mapping[str, Any]
CONTENT = ("number", "at", "event", "actor", "details", "previous")
ENDINGS = frozenset({"expired", "cancelled", "denied", "failed"})


def verify_chain(approval_id: str, rows: Sequence[Row], *, first: int = 1) -> list[str]:
    """Every hash and link made anew: one row for each version from `first` on, none missing, none twice."""
    if not rows:
        return ["There is no audit row."]
    findings: list[str] = []
    previous = FIRST_PREVIOUS
    for expected, row in enumerate(rows, start=first):
        if row["number"] != expected:
            findings.append(f"Row {expected} is missing or out of order: {row['number']} is there.")
        if row["previous"] != previous:
            findings.append(f"Row {row['number']} does not follow from the row before it.")
        if _hash(approval_id, row) != row["hash"]:
            findings.append(f"Row {row['number']} is not what its hash was made of.")
        previous = str(row["hash"])
    return findings


def verify_record(approval: Approval, rows: Sequence[Row]) -> list[str]:
    """The record says what its audit says: newest row, version, plan, digest, decision and ending."""
    if not rows:
        return ["The record has no audit row."]
    newest = rows[-1]
    findings = [
        sentence
        for is_so, sentence in (
            (approval.audit_head == newest["hash"], "The record does not end in the newest row."),
            (
                approval.version == newest["number"],
                f"The record is version {approval.version}, the newest row {newest['number']}.",
            ),
            (
                rows[0]["number"] > 1 or rows[0]["event"] == "requested",
                "The first row does not say that it was requested.",
            ),
        )
        if not is_so
    ]
    return findings + _plan(approval, rows) + _decision(approval, rows) + _ending(approval, rows)


def first_version(record_major: int, rows: Sequence[Row]) -> int:
    """The version whose row begins the chain: 1, or where a record of the first release was taken over."""
    return 1 if record_major > 1 or not rows else int(rows[0]["number"])


def _plan(approval: Approval, rows: Sequence[Row]) -> list[str]:
    opened = _of(rows, "opened")
    if not opened:
        return []
    details = opened["details"]
    findings = []
    if digest_of(str(details.get("plan", ""))) != details.get("digest"):
        findings.append("The plan that was opened does not have the digest that was opened.")
    if approval.plan != details.get("plan"):
        findings.append("The record's plan is not the one that was opened.")
    if approval.digest != details.get("digest"):
        findings.append("The record's digest is not the one that was opened.")
    return findings


def _decision(approval: Approval, rows: Sequence[Row]) -> list[str]:
    decided = _of(rows, "decided")
    if approval.decision is None:
        return ["A decision was written that the record does not hold."] if decided else []
    findings = []
    if approval.decision.digest != approval.digest:
        findings.append("The decision was made on another digest than the record's.")
    if digest_of(approval.plan) != approval.decision.digest:
        findings.append("The record's plan does not have the digest that was decided on.")
    if decided is None:
        findings.append("The record holds a decision that no row tells of.")
    elif decided["details"] != decision_item(approval.decision):
        findings.append("The record's decision is not the one that was written.")
    elif decided["actor"] != approval.decision.by.sub:
        findings.append("The decision was not written by the person it names.")
    return findings


def _ending(approval: Approval, rows: Sequence[Row]) -> list[str]:
    """A record that ended undecided or was closed has a row for it, and the other way round."""
    ended = {row["event"] for row in rows} & ENDINGS
    findings = []
    if ended - {approval.status.value}:
        findings.append(f"The record is {approval.status}, a row says {', '.join(sorted(ended))}.")
    if approval.status in ENDINGS and not ended:
        findings.append(f"The record is {approval.status} and no row says so.")
    closed = _of(rows, "closed")
    if bool(closed) != (approval.closed_at is not None):
        findings.append("The record and its rows do not agree whether it was closed.")
    elif closed and closed["details"].get("outcomes") != {
        call_id: {"status": outcome.status, "text": outcome.text}
        for call_id, outcome in approval.outcomes.items()
    }:
        findings.append("The record's outcomes are not the ones that were written.")
    return findings


def _of(rows: Sequence[Row], event: str) -> Row | None:
    return next((row for row in rows if row["event"] == event), None)


def _hash(approval_id: str, row: Row) -> str:
    try:
        return hash_of({"approval": approval_id, **{name: row[name] for name in CONTENT}})
    except (ValueError, KeyError, RecursionError):
        return ""
