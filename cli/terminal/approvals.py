"""Countersigning in a terminal: the same facts as on the page, and only an exact `y` approves."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from cli.terminal.chat import time_left
from cli.terminal.screen import Screen
from functions.shared.plan import DRY_RUN
from functions.shared.plan_words import after_words, mark_of, shadow_words


def show(screen: Screen, approval: Mapping[str, Any], now: datetime) -> None:
    """Everything that a decision is made on, in the order of the page."""
    screen.tell({"approval": dict(approval)})
    left = time_left(approval.get("expires_at"), now)
    is_open = approval["status"] == "pending"
    account = approval["account"]
    if approval.get("in_aws"):
        alias = f"{account['alias']} · " if account["alias"] else ""
        screen.say(f"{alias}{account['id']} · {approval['region']}", "bold")
    shadow = shadow_words(approval["plan"])
    if shadow:
        screen.say(shadow, "warning")
    screen.say(approval["sentence"], "bold")
    requester = approval["requester"]
    address = f" <{requester['email']}>" if requester["email"] else ""
    screen.say(f"Asked by {requester['name']}{address}:")
    screen.say(f"  “{approval['request_words']}”")
    screen.facts(_facts(approval))
    warning = after_words(approval["calls"])
    if warning:
        screen.say(warning, "warning")
    for call in approval["calls"]:
        outcome = call.get("outcome")
        if outcome:
            screen.say(f"{call['name']}: {outcome['status']}: {outcome['text']}")
    screen.say(f"Status: {approval['status']}{f', {left} left' if is_open and left else ''}")
    for decision in approval["decisions"]:
        reason = f": {decision['reason']}" if decision["reason"] else ""
        screen.say(
            f"{decision['decision']} by {decision['by']['name']} at {decision['at']}{reason}"
        )
    screen.say(f"Digest: {approval['digest']}", "dim")


def rows(approvals: list[dict[str, Any]], now: datetime) -> Iterator[list[str]]:
    """The inbox, a line each; account and region before what is asked for, as on the page."""
    for one in approvals:
        left = time_left(one.get("expires_at"), now) if one["status"] == "pending" else ""
        who = "you may decide" if one["can_decide"] else "yours" if one["mine"] else ""
        asked_by = one["requester"]["name"]
        yield [one["id"], one["status"], left, _where(one), asked_by, who, _what(one)]


def _where(one: Mapping[str, Any]) -> str:
    """Empty for what happens outside AWS."""
    account = one["account"]
    return f"{account['alias'] or account['id']} {one['region']}" if one.get("in_aws") else ""


def _what(one: Mapping[str, Any]) -> str:
    """Practice says so itself; what is only rehearsed is marked."""
    is_shadow = one.get("launch") == DRY_RUN and not one.get("practice")
    return f"{one['summary']} (shadow mode)" if is_shadow else str(one["summary"])


def _facts(approval: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    origins = {call["id"]: call.get("origins", {}) for call in approval["calls"]}
    several = len(approval["calls"]) > 1
    names = {call["id"]: call["name"] for call in approval["calls"]}
    for fact in approval["facts"]:
        said_by = mark_of(fact, origins.get(fact.get("call", ""), {}))
        call = f"{names[fact['call']]}: " if several and fact.get("call") in names else ""
        yield call + fact["label"], fact["value"], said_by, fact.get("level", "plain")
