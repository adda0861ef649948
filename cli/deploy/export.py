"""The audit of a whole stack, taken out of it before it is destroyed."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from cli import audit_file
from cli.audit import seal_of
from cli.audit_file import Written
from cli.deploy.standing import is_record, scanned
from cli.operator import CannotOperate, Deployment
from cli.stack import Stack, Stored
from functions.shared.approval_item import approval_of_item
from functions.shared.audit import row_of


def export(deployment: Deployment, file: Path, *, now: str) -> Written:
    """Write every approval with its calls and audit rows; raises `CannotOperate` where the file cannot be made."""
    items = list(scanned(deployment, "ApprovalsTable"))
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in scanned(deployment, "AuditTable"):
        rows[item["pk"]["S"]].append(row_of(item))
    for chain in rows.values():
        chain.sort(key=lambda row: int(row["number"]))
    stack = Stack(deployment.outputs, deployment.client("dynamodb"), deployment.client("kms"))
    seals = {}
    for item in filter(is_record, items):
        approval, major = approval_of_item(item), int(item.get("v", {"N": "1"})["N"])
        stands, said = seal_of(stack, Stored(approval, major, rows[approval.id]))
        seals[approval.id] = {"stands": stands, "said": said}
    head = {
        "stack": deployment.page.stack,
        "account": deployment.account,
        "region": deployment.page.region,
        "written_at": now,
        "decision_keys": stack.decision_keys,
    }
    try:
        return audit_file.write(file, head, items=items, rows=rows, seals=seals)
    except OSError as error:
        raise CannotOperate(
            f"The audit could not be written to {file} ({error.strerror}), so nothing was destroyed: name another "
            "file with --export."
        ) from error
