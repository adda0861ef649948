"""An approval as people see it over HTTP: rendered from the stored plan, never from model prose."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from functions.shared.approval import Approval, Decision, Outcome, Person, Verdict
from functions.shared.countersigned_code import file_of, sandbox_of
from functions.shared.operations import OPERATIONS, confirmation_of, summary_of
from functions.shared.outside_text import is_outside_text
from functions.shared.plan import launch_of
from functions.shared.plan_words import host_of, is_in_aws, sentence_of, shadow_words
from functions.shared.turn import deciders_view, expiry_view

ROLES = frozenset(
    {
        "countersign",
        "request_approval",
        "decide_approval",
        "launch_instance",
        "record_outcome",
        "end_lease",
    }
)
"""Who acts in the audit beside people."""
SOMEBODY = "somebody else"
"""Who acted and is not named in the record: a subject says nothing to people."""


def approval_view(
    approval: Approval,
    *,
    audit: Iterable[Mapping[str, Any]],
    time_zone: str,
    reader: Person,
    groups: frozenset[str],
    self_confirm: bool,
    now: datetime,
) -> dict[str, Any]:
    """Everything the approver's page shows; `can_decide` is a hint for the page, decided again on POST."""
    plan = approval.plan_value()
    calls = approval.calls()
    return {
        "id": approval.id,
        "status": status_now(approval, now),
        "launch": launch_of(plan),
        "digest": approval.digest,
        "plan": plan,
        "summary": summary_of(calls),
        "sentence": sentence_of(plan),
        "account": {"id": plan["account"], "alias": plan.get("account_alias", "")},
        "region": plan["region"],
        "in_aws": is_in_aws(plan),
        "practice": bool(approval.practised_by),
        "target": plan["target"],
        "price": plan.get("price"),
        "lease": plan.get("lease"),
        "time_zone": time_zone,
        "confirmation": "\n\n".join(filter(None, [confirmation_of(calls), shadow_words(plan)])),
        "facts": [*_places(plan), *(fact for call in calls for fact in _facts(call))],
        "calls": [_call_view(approval, call) for call in calls],
        "requester": _person_view(approval.requester),
        "request_words": approval.request_words,
        "agent": approval.agent,
        "conversation_id": approval.conversation_id
        if reader.sub == approval.requester.sub
        else None,
        "created_at": approval.created_at,
        "expires_at": expiry_view(approval),
        "deciders": deciders_view(approval),
        "approvers": list(approval.approver_groups()),
        "decisions": [_decision_view(approval.decision)] if approval.decision else [],
        "ended_by": approval.ended_by,
        "closed_at": approval.closed_at,
        "history": [_history_row(approval, row) for row in audit],
        **_rights(approval, reader, groups, self_confirm, now),
    }


def approval_row(
    approval: Approval, *, reader: Person, groups: frozenset[str], self_confirm: bool, now: datetime
) -> dict[str, Any]:
    """One line of the inbox."""
    plan, calls = approval.plan_value(), approval.calls()
    return {
        "id": approval.id,
        "status": status_now(approval, now),
        "launch": launch_of(plan),
        "agent": approval.agent,
        "summary": summary_of(calls),
        "account": {"id": plan["account"], "alias": plan.get("account_alias", "")},
        "region": plan["region"],
        "in_aws": is_in_aws(plan),
        "practice": bool(approval.practised_by),
        "price": plan.get("price"),
        "requester": _person_view(approval.requester),
        "created_at": approval.created_at,
        "expires_at": expiry_view(approval),
        **_rights(approval, reader, groups, self_confirm, now),
    }


def status_now(approval: Approval, now: datetime) -> str:
    """The stored status; a pending record whose time is over reads as expired at once."""
    if (
        approval.decision is None
        and approval.status.value == "pending"
        and approval.has_expired(now)
    ):
        return "expired"
    return approval.status.value


def _places(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    if not is_in_aws(plan):
        return []
    alias = plan.get("account_alias")
    account = f"{alias} ({plan['account']})" if alias else plan["account"]
    return [
        {"key": key, "label": label, "value": value, "source": "operator", "level": "plain"}
        for key, label, value in (
            ("account", "Account", account),
            ("region", "Region", plan["region"]),
        )
    ]


def _facts(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the plan holds; a draft and a plan of the first release hold the model's own values only."""
    facts = call.get("facts") or OPERATIONS[call["operation"]].facts(call)
    return [{**fact, "call": call["id"]} for fact in facts]


def _history_row(approval: Approval, row: Mapping[str, Any]) -> dict[str, Any]:
    """One audit row for people: who is named as the record names them; no digests, no plans."""
    details = row["details"]
    known = [approval.requester, *approval.asked]
    if approval.decision is not None:
        known.append(approval.decision.by)
    unnamed = row["actor"] if row["actor"] in ROLES else SOMEBODY
    name = next((one.shown() for one in known if one.sub == row["actor"]), unnamed)
    text = details.get("reason") or details.get("ended_by") or details.get("text") or ""
    event = details.get("decision", row["event"]) if row["event"] == "decided" else row["event"]
    return {
        "number": row["number"],
        "at": row["at"],
        "event": event,
        "by": name,
        "text": text,
    }


def _rights(
    approval: Approval, reader: Person, groups: frozenset[str], self_confirm: bool, now: datetime
) -> dict[str, bool]:
    mine = reader.is_same_as(approval.requester)
    entitled = self_confirm if mine else approval.can_be_countersigned_by(reader.sub, groups)
    return {
        "mine": mine,
        "can_decide": entitled and approval.status.value == "pending" and approval.is_open(now),
    }


def _person_view(person: Person) -> dict[str, str]:
    return {"name": person.shown(), "email": person.email}


def _call_view(approval: Approval, call: dict[str, Any]) -> dict[str, Any]:
    verdict: Verdict | None = approval.decision.calls.get(call["id"]) if approval.decision else None
    outcome = approval.outcomes.get(call["id"])
    return {
        "id": call["id"],
        "name": call["function"],
        "operation": call["operation"],
        "host": host_of(call),
        "file": file_of(call),
        "sandbox": dict(sandbox_of(call)) or None,
        "arguments": call["arguments"],
        "summary": OPERATIONS[call["operation"]].summary(call),
        "price": call.get("price"),
        "origins": call.get("origins", {}),
        "after": call.get("after", []),
        "decision": verdict.value if verdict else None,
        "outcome": _outcome_view(str(call["operation"]), outcome) if outcome else None,
    }


def _outcome_view(operation: str, outcome: Outcome) -> dict[str, Any]:
    outside = {"outside": True} if is_outside_text(operation, outcome.status) else {}
    return {"status": outcome.status, "text": outcome.text, **outside}


def _decision_view(decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.decision.value,
        "by": _person_view(decision.by),
        "at": decision.at,
        "reason": decision.reason,
        "self_confirmed": decision.self_confirmed,
        "calls": [
            {"id": call_id, "decision": verdict.value}
            for call_id, verdict in decision.calls.items()
        ],
    }
