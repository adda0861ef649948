"""Showing and verifying one approval's audit: ids, digests and plans, never chat text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.stack import Stack, Stored
from functions.shared.approval import Approval
from functions.shared.audit_chain import first_version, verify_chain, verify_record
from functions.shared.aws import error_code
from functions.shared.seal import SealCheck
from infra.manifests.problems import printable


def show(stack: Stack, approval_id: str, *, as_json: bool) -> list[str]:
    """The chain in order: number, time, event, who, what."""
    stored = stack.read(approval_id)
    approval = stored.approval
    if as_json:
        value = {
            "approval": approval.id,
            "status": approval.status.value,
            "version": approval.version,
            "digest": approval.digest,
            "audit_head": approval.audit_head,
            "rows": stored.rows,
        }
        return [json.dumps(value, indent=2)]
    return [
        f"Approval {approval.id}: {approval.status}, version {approval.version}",
        *(line for row in stored.rows for line in _shown(row, _names(approval))),
    ]


def verify(stack: Stack, approval_id: str) -> tuple[list[str], bool]:
    """One sentence for each finding, and whether there is none."""
    stored = stack.read(approval_id)
    first = first_version(stored.major, stored.rows)
    findings = verify_chain(approval_id, stored.rows, first=first)
    findings += verify_record(stored.approval, stored.rows)
    is_genuine, sentence = seal_of(stack, stored)
    if not is_genuine:
        findings.append(sentence)
    if findings:
        return [printable(finding) for finding in findings], False
    said = [f"The audit of {approval_id} verifies: {_count(stored, first)}."]
    return said + ([sentence] if sentence else []), True


def _count(stored: Stored, first: int) -> str:
    rows = len(stored.rows)
    text = "1 row" if rows == 1 else f"{rows} rows"
    before = f"; its versions before {first} were written by a release without an audit"
    return text + (before if first > 1 else "")


def seal_of(stack: Stack, stored: Stored) -> tuple[bool, str]:
    """Whether the decision's seal stands, and what there is to say; what the caller may not ask is no finding."""
    decision = stored.approval.decision
    if decision is None:
        return True, ""
    if decision.seal is None and stored.major < 2:
        return True, "The decision was made by a release that did not seal."
    check = SealCheck(stack.kms, stack.decision_keys)
    try:
        if check.is_genuine(stored.approval.id, decision):
            return True, "The decision's seal is genuine."
    except (ClientError, BotoCoreError) as error:
        return True, f"The decision's seal was not verified: KMS says {error_code(error)}."
    return False, "The decision's seal is missing, or it was not made over this decision."


def _shown(row: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[str]:
    who = names.get(row["actor"])
    actor = f"{who} ({row['actor']})" if who else row["actor"]
    yield printable(f"{row['number']:>4}  {row['at']}  {row['event']:<16}  {actor}")
    for name, value in row["details"].items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield printable(f"{'':<28}{name}: {text}")
    yield f"{'':<28}hash: {row['hash']}"


def _names(approval: Approval) -> dict[str, str]:
    """Who people are, as the record knew them."""
    decided = [approval.decision.by] if approval.decision else []
    people = [approval.requester, *approval.asked, *decided]
    return {person.sub: person.shown() for person in people if person.shown() != person.sub}
