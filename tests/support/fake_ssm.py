"""Systems Manager's runbooks, which moto lacks: a token starts once, executions are read back."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_states import client_error

RUNBOOK = {
    "Name": "Company-RestartService",
    "DocumentVersion": "4",
    "Owner": "123456789012",
    "Status": "Active",
    "DocumentType": "Automation",
    "Description": "Restarts one service.",
    "Parameters": [
        {"Name": "InstanceId", "Type": "String"},
        {"Name": "Reason", "Type": "String", "DefaultValue": ""},
        {"Name": "Services", "Type": "StringList", "DefaultValue": "[]"},
        {"Name": "AutomationAssumeRole", "Type": "String", "DefaultValue": ""},
    ],
}


@dataclass(frozen=True)
class Lost:
    """The request is carried out, and its answer is lost."""

    error: Exception


@dataclass
class FakeSsm:
    """`faults` are used up one per start, `statuses` one per look; the last status stays."""

    documents: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=lambda: {(RUNBOOK["Name"], "4"): dict(RUNBOOK)}
    )
    requests: list[dict[str, Any]] = field(default_factory=list)
    started: dict[str, tuple[dict[str, Any], str]] = field(default_factory=dict)
    """By token: the request, and the execution's id."""
    faults: list[Exception | Lost] = field(default_factory=list)
    statuses: list[str] = field(default_factory=lambda: ["Success"])
    failure: str = ""
    looks: list[str] = field(default_factory=list)
    look_faults: list[Exception] = field(default_factory=list)

    def can_paginate(self, _: str) -> bool:
        return False

    def describe_document(self, *, Name: str, DocumentVersion: str) -> dict[str, Any]:
        if (Name, DocumentVersion) in self.documents:
            return {"Document": self.documents[Name, DocumentVersion]}
        is_named = any(name == Name for name, _ in self.documents)
        raise client_error("InvalidDocumentVersion" if is_named else "InvalidDocument")

    def start_automation_execution(self, *, ClientToken: str, **request: Any) -> dict[str, str]:
        self.requests.append({**request, "ClientToken": ClientToken})
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        known, execution_id = self.started.setdefault(
            ClientToken, (request, f"execution-{len(self.started) + 1}")
        )
        if known != request:
            raise client_error("IdempotentParameterMismatch", "StartAutomationExecution")
        if fault is not None:
            raise fault.error
        return {"AutomationExecutionId": execution_id}

    def get_automation_execution(self, *, AutomationExecutionId: str) -> dict[str, Any]:
        self.looks.append(AutomationExecutionId)
        if self.look_faults:
            raise self.look_faults.pop(0)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        told = {"FailureMessage": self.failure} if self.failure else {}
        return {"AutomationExecution": {"AutomationExecutionStatus": status, **told}}
