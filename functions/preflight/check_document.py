"""The kind `document`: whether the pinned runbook is there, whose it is, and whether it takes what it would get."""

from collections.abc import Mapping, Sequence
from typing import Any

from functions.preflight.facts import Found, visible
from functions.preflight.inspection import Inspection
from functions.shared.automation import ROLE
from functions.shared.readings import NotRead, Reading, Refused

UNKNOWN = ("InvalidDocument", "InvalidDocumentVersion")


def check(inspection: Inspection, calls: Sequence[Mapping[str, Any]]) -> dict[str, Found]:
    """The found of each call by its id."""
    readings = [(call, _asked(inspection, call)) for call in calls]
    return {call["id"]: _found(inspection, call, reading) for call, reading in readings}


def _asked(inspection: Inspection, call: Mapping[str, Any]) -> Reading:
    request = _request(call)
    return inspection.readings.ask(
        "ssm",
        "describe_document",
        Name=request["DocumentName"],
        DocumentVersion=request["DocumentVersion"],
    )


def _found(inspection: Inspection, call: Mapping[str, Any], reading: Reading) -> Found:
    found, request = Found(), _request(call)
    name = f"{visible(request['DocumentName'])}, version {visible(request['DocumentVersion'])},"
    try:
        document = reading.answer(*UNKNOWN).get("Document") or {}
    except NotRead as error:
        found.not_checked("runbook", error)
        return found
    except Refused as error:
        found.complain(
            str(error),
            f"The runbook {name} does not exist in {inspection.region}: the operator must correct the manifest.",
        )
        return found
    _whose(found, inspection, document)
    if document.get("Description"):
        found.tell("runbook_description", "Runbook says", visible(document["Description"]))
    if document.get("DocumentType", "Automation") != "Automation":
        kind = visible(document["DocumentType"])
        found.complain(
            "InvalidDocumentType",
            f"The document {name} is no runbook but a {kind}: the operator must correct the manifest.",
        )
    elif document.get("Status", "Active") != "Active":
        found.complain(
            "InvalidDocument", f"The runbook {name} is {visible(document['Status'])}, not active."
        )
    else:
        _parameters(found, document, request["Parameters"])
    return found


def _whose(found: Found, inspection: Inspection, document: Mapping[str, Any]) -> None:
    owner = visible(document.get("Owner", "unknown"))
    if owner in ("Amazon", inspection.account):
        whose = "" if owner == "Amazon" else " (this account)"
        found.tell("runbook_owner", "Runbook owner", f"{owner}{whose}")
    else:
        found.warn("runbook_owner", "Runbook owner", f"{owner} (another account)")


def _parameters(
    found: Found, document: Mapping[str, Any], given: Mapping[str, Sequence[str]]
) -> None:
    """Complaints about what the runbook does not know, or does not get."""
    declared = {str(one["Name"]): one for one in document.get("Parameters") or []}
    if not declared:
        return
    unknown = sorted(given.keys() - declared.keys())
    missing = sorted(
        name
        for name, one in declared.items()
        if name not in given and one.get("DefaultValue") is None
    )
    if unknown == [ROLE]:
        text = f"The runbook takes no {ROLE}, so the role that the manifest pins would not be used."
        found.complain("InvalidAutomationExecutionParameters", f"{text} Choose another runbook.")
    elif unknown:
        names = visible(", ".join(unknown))
        found.complain(
            "InvalidAutomationExecutionParameters",
            f"The runbook knows no parameter {names}: the operator must correct the manifest.",
        )
    if missing:
        names = visible(", ".join(missing))
        found.complain(
            "InvalidAutomationExecutionParameters", f"The runbook needs {names}: give it, or them."
        )


def _request(call: Mapping[str, Any]) -> Mapping[str, Any]:
    request: Mapping[str, Any] = call["parameters"]["request"]
    return request
