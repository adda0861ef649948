"""The audit in a file: every approval with its rows, written before a stack goes, verifiable without it.

JSON lines: a head, one line for each approval, an end with the SHA-256 of all lines before it. Ids, digests, plans and
people as the audit has them; never chat text. The key of the seals goes with the stack, so what a seal was worth is
verified when the file is written.
"""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.shared.approval_item import NewerRecord, approval_of_item
from functions.shared.approval_reader import RECORD
from functions.shared.audit_chain import first_version, verify_chain, verify_record
from infra.manifests.problems import printable

VERSION = 1
KIND = "countersign audit"
CHAT_TEXT = "request_words"


class BadFile(Exception):
    """The file is not what was written; one sentence."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds."""

    file: Path
    approvals: int
    rows: int


def write(
    file: Path,
    head: Mapping[str, Any],
    *,
    items: Iterable[Mapping[str, Any]],
    rows: Mapping[str, list[dict[str, Any]]],
    seals: Mapping[str, Mapping[str, Any]],
) -> Written:
    """Write a new file for its owner alone; `items` are those of the approvals table, `rows` the audit's by approval.

    Raises `OSError`, also where the file is there already.
    """
    records: dict[str, Mapping[str, Any]] = {}
    calls: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        approval_id = item["pk"]["S"]
        if item["sk"]["S"] == RECORD:
            records[approval_id] = {
                name: value for name, value in item.items() if name != CHAT_TEXT
            }
        else:
            calls[approval_id].append(item)
    digest = hashlib.sha256()
    names = sorted({*records, *rows})
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        for value in (
            {"v": VERSION, "kind": KIND, **head},
            *(
                {
                    "approval": name,
                    "record": records.get(name),
                    "calls": calls[name],
                    "rows": rows.get(name, []),
                    "seal": seals.get(name, {"stands": True, "said": ""}),
                }
                for name in names
            ),
        ):
            line = json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain) + "\n"
            digest.update(line.encode("utf-8"))
            out.write(line)
        count = sum(map(len, rows.values()))
        end = {"end": True, "approvals": len(names), "rows": count, "sha256": digest.hexdigest()}
        out.write(json.dumps(end) + "\n")
        out.flush()
        os.fsync(out.fileno())
    return Written(file, len(names), count)


def verify(file: Path) -> tuple[list[str], bool]:
    """One sentence for each finding, and whether there is none; raises `BadFile` where it cannot be read at all."""
    approvals, count = 0, 0
    findings: list[str] = []
    try:
        for value in _values(file):
            approvals += 1
            count += len(value["rows"])
            findings += [f"{value['approval']}: {finding}" for finding in _findings(value)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadFile(f"{file} holds a line that countersign destroy did not write.") from error
    if findings:
        return [printable(one) for one in findings], False
    return [f"The audit in {file.name} verifies: approvals {approvals}, rows {count}."], True


def _values(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of the approvals, once the end has vouched that nothing is missing."""
    try:
        lines = file.read_bytes().splitlines(keepends=True)
        head, end = json.loads(lines[0]), json.loads(lines[-1])
        is_ours = head["kind"] == KIND and head["v"] <= VERSION and end["end"] is True
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise BadFile(
            f"{file} is no audit that countersign destroy wrote, or its end is missing."
        ) from (error)
    if not is_ours:
        raise BadFile(f"{file} was written by a newer release, or is something else.")
    if hashlib.sha256(b"".join(lines[:-1])).hexdigest() != end.get("sha256"):
        raise BadFile(f"{file} was changed after it was written.")
    yield from map(json.loads, lines[1:-1])


def _findings(value: Mapping[str, Any]) -> list[str]:
    rows, record = value["rows"], value["record"]
    if record is None:
        return verify_chain(value["approval"], rows)
    try:
        approval = approval_of_item({**record, CHAT_TEXT: {"S": ""}})
    except (NewerRecord, ValueError, KeyError):
        return ["This release cannot read the record."]
    major = int(record.get("v", {"N": "1"})["N"])
    found = verify_chain(value["approval"], rows, first=first_version(major, rows))
    found += verify_record(approval, rows)
    return found if value["seal"]["stands"] else [*found, value["seal"]["said"]]


def _plain(value: Any) -> Any:
    """DynamoDB's binary values as text; there are none of ours."""
    return value.hex() if isinstance(value, bytes) else str(value)
