"""A plan in words of ours, for the approval page and for mails; made from the stored plan, never from model prose.

Plans of version 1 have no alias, no lease and no price: what is missing is left out.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from functions.shared import automation, countersigned_action, practice
from functions.shared.plan import DRY_RUN, launch_of

SOURCES: Mapping[str, str] = {
    "aws": "checked with AWS",
    "operator": "set by your operator",
    "model": "said by the model",
    "countersign": "checked by Countersign",
    "list": "list price",
    "table": "shipped price table",
}
"""The marks of facts and prices; a mark that is not here reads "source unknown"."""
ORIGINS: Mapping[str, str] = {
    "requester": "written by the requester",
    "result": "from a function's result",
    "model": "made up by the model",
    "operator": "set by your operator",
}
"""Where the model has an argument from, where that was kept."""
SHADOW = "Shadow mode: nothing is started, whatever is decided; AWS is only asked whether it would have worked."
DIGEST_CHARACTERS = 12
FUNCTIONS_NAMED = 5
_ELSEWHERE = frozenset({*countersigned_action.KINDS, practice.OPERATION})
_ENDS: Mapping[str, str] = {"stop_instances": "stop", "terminate_instances": "terminate"}


def sentence_of(plan: Mapping[str, Any]) -> str:
    """What will run, where and for how long: `Start 1 × t3.micro in payments-test (1234…), eu-west-1, for 8 hours.`

    What is rehearsed only lives for no hours: `Rehearsal only: start 1 × t3.micro in payments-test (1234…), eu-west-1.`
    """
    if plan.get("practice"):
        return practice.SENTENCE
    is_shadow = launch_of(plan) == DRY_RUN
    sentence = _sentence(plan, None if is_shadow else _lease_hours(plan))
    return f"Rehearsal only: {sentence[:1].lower()}{sentence[1:]}" if is_shadow else sentence


def _sentence(plan: Mapping[str, Any], hours: int | None) -> str:
    starts, others = _changes_of(plan)
    place = f" in {account_words(plan)}, {literal(plan.get('region'))}" if is_in_aws(plan) else ""
    lease = f"for {_count(hours, 'hour')}" if starts and hours else ""
    if not others:
        return f"Start {_and(starts)}{place}{', ' + lease if lease else ''}."
    started = [f"start {_and(starts)}{' ' + lease if lease else ''}"] if starts else []
    sentence = _and([*started, *others])
    return f"{sentence[:1].upper()}{sentence[1:]}{place}."


def shadow_words(plan: Mapping[str, Any]) -> str:
    """That nothing will be started, where it was asked for in shadow mode; empty otherwise."""
    return SHADOW if launch_of(plan) == DRY_RUN else ""


def short_words(plan: Mapping[str, Any]) -> str:
    """What is asked for, for a subject: `1 × t3.micro`."""
    starts, others = _changes_of(plan)
    return ", ".join([*starts, *others])


def is_in_aws(plan: Mapping[str, Any]) -> bool:
    """Whether something of it happens in the account."""
    calls = plan.get("calls", ())
    return not calls or any(call.get("operation") not in _ELSEWHERE for call in calls)


def host_of(call: Mapping[str, Any]) -> str:
    """Where a call goes that leaves the account, as its manifest says; empty for any other."""
    action = call.get("parameters", {}).get("action", {})
    return urlsplit(str(action.get("url", ""))).netloc


def mark_of(fact: Mapping[str, str], origins: Mapping[str, str]) -> str:
    """Who says a fact; for what the model said, where it has it from, if that was kept."""
    source = str(fact.get("source", ""))
    if source == "model" and fact.get("key") in origins:
        return ORIGINS.get(origins[str(fact["key"])], "source unknown")
    return SOURCES.get(source, "source unknown")


def after_words(calls: Iterable[Mapping[str, Any]]) -> str:
    """The warning that the model had read what somebody outside wrote; empty where it had not."""
    names = list(dict.fromkeys(name for call in calls for name in call.get("after", ())))
    if not names:
        return ""
    shown = ", ".join(literal(name) for name in names[:FUNCTIONS_NAMED])
    more = f" and {len(names) - FUNCTIONS_NAMED} more" if len(names) > FUNCTIONS_NAMED else ""
    return f"The model had read text from outside ({shown}{more}) before it asked for this."


def has_chosen_target(call: Mapping[str, Any]) -> bool:
    """Whether the model said where this call runs, which it only does where there are several targets."""
    return "target" in call.get("origins", {}) and "target" not in call.get("arguments", {})


def target_words(plan: Mapping[str, Any]) -> str:
    """Where it runs, if that was chosen: `Target: workloads (account 2109…, eu-west-1)`; empty where it was not."""
    if not any(map(has_chosen_target, plan["calls"])):
        return ""
    account, region = literal(plan.get("account")), literal(plan.get("region"))
    return f"Target: {literal(plan.get('target'))} (account {account}, {region})"


def account_words(plan: Mapping[str, Any]) -> str:
    """The account by its alias, if it has one, and its number: `payments-test (123456789012)`."""
    account, alias = literal(plan.get("account")), plan.get("account_alias")
    return f"{literal(alias)} ({account})" if alias else account


def account_short(plan: Mapping[str, Any]) -> str:
    """The account by its alias, or else its number."""
    return literal(plan.get("account_alias") or plan.get("account"))


def price_words(price: Mapping[str, Any]) -> str:
    """What it costs, and who says so: `0.0204 USD/h, 14.89 USD/month, … (list price, 2026-11-21)`."""
    currency = literal(price.get("currency"))
    parts = [
        f"{literal(price[key])} {currency}{unit}"
        for key, unit in (
            ("hourly", "/h"),
            ("monthly", "/month"),
            ("lease", " to the end of the lease"),
        )
        if price.get(key)
    ]
    source = SOURCES.get(str(price.get("source")), "source unknown")
    return f"{', '.join(parts)} ({source}, {literal(price.get('as_of'))})"


def hourly_words(price: Mapping[str, Any]) -> str:
    """The price of one hour, rounded for a subject: `0.02 USD/h`."""
    hourly = str(price.get("hourly", ""))
    try:
        amount = Decimal(hourly)
        cents = amount.quantize(Decimal("0.01"))
        hourly = f"{cents if cents or not amount else amount.normalize():f}"
    except InvalidOperation:
        hourly = literal(hourly)
    return f"{hourly} {literal(price.get('currency'))}/h"


def short_digest(digest: str) -> str:
    """The first characters of a digest, as page and mail show them."""
    return digest[:DIGEST_CHARACTERS]


def literal(value: object) -> str:
    """A value as it stands; anything but printable ASCII is written as JSON escapes, on one line."""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=True)


def _changes_of(plan: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What is started, by type (`2 × t3.micro`), and every other change in words."""
    starts: Counter[str] = Counter()
    others: list[str] = []
    for call in plan.get("calls", ()):
        arguments = call.get("arguments", {})
        if call.get("operation") == "run_instances":
            starts[literal(arguments.get("instance_type"))] += 1
        elif call.get("operation") == "extend_lease":
            instance, hours = literal(arguments.get("instance_id")), arguments.get("hours")
            others.append(f"extend the lease of {instance} by {_count(hours, 'hour')}")
        elif call.get("operation") in _ENDS:
            instance = literal(arguments.get("instance_id"))
            others.append(f"{_ENDS[str(call.get('operation'))]} {instance}")
        elif call.get("operation") == automation.KIND:
            others.append(automation.words(call))
        elif call.get("operation") in countersigned_action.KINDS:
            others.append(countersigned_action.words(call))
        elif call.get("operation") == practice.OPERATION:
            others.append("practice")
        else:
            others.append(f"run {literal(call.get('function'))}")
    return [f"{number} × {name}" for name, number in starts.items()], others


def _lease_hours(plan: Mapping[str, Any]) -> int | None:
    lease = plan.get("lease")
    return lease.get("hours") if isinstance(lease, Mapping) else None


def _count(number: object, noun: str) -> str:
    return f"{literal(number)} {noun}" + ("" if number == 1 else "s")


def _and(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
