"""One call carried out: the request made, sent once, and what came back put into words without its secrets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.run_action import graphql, rest
from functions.run_action.deadline import Deadline
from functions.run_action.failure import ActionFailed, failure_text
from functions.run_action.fetch import SAFE, Allowance, Answer, Fetch, Outgoing
from functions.run_action.graphql import NeedsApproval
from functions.run_action.redact import redacted
from functions.run_action.secrets import Secret, Secrets
from functions.run_action.words import shortened
from functions.shared.agent import Action
from functions.shared.observe import logger

SECONDS = 10
MOST_SECONDS = 20
BYTES = 256 * 1024
REDIRECTS = 3
UNKNOWN = "{reason} It is not known whether the service did what was asked; look there before asking again."
BROKE_OFF = "The call broke off; the operator's log says where."
_AUTHORITY = re.compile(r"(?i)https://([^/?#{}]+)")
NEEDS_APPROVAL = "A person has to countersign this mutation first."


@dataclass(frozen=True, slots=True)
class Result:
    """`status` is succeeded, failed, gated or unknown."""

    status: str
    text: str


def carry_out(
    action: Action,
    arguments: Mapping[str, Any],
    *,
    fetch: Fetch,
    secrets: Secrets,
    deadline: Deadline,
    is_approved: bool = False,
    client_token: str = "",
) -> Result:
    """The result of one call of the kinds rest and graphql; every failure is one that the model can read."""
    used: list[Secret] = []
    outgoing: Outgoing | None = None
    try:
        if action.values.get("secret"):
            used.append(secrets.read(str(action.values["secret"]), host_of(action)))
        outgoing = request_of(
            action,
            arguments,
            used[0] if used else None,
            is_approved=is_approved,
            client_token=client_token,
        )
        answer = fetch(outgoing, allowance_of(action, deadline))
        was_done, text = _result(action, answer)
        result = Result("succeeded" if was_done else "failed", text)
        logger.info("an action was run", host=host_of(action), status=answer.status)
    except NeedsApproval:
        result = Result("gated", NEEDS_APPROVAL)
    except ActionFailed as failed:
        logger.info("an action gave no result", host=host_of(action), code=failed.code)
        result = _failure(failed, action, outgoing)
    except Exception as error:  # noqa: BLE001 - a mistake of ours hides no sibling's result
        # Its message may hold what was being sent, so only its class is told.
        logger.error("an action broke off", host=host_of(action), error=type(error).__name__)
        status = "failed" if outgoing is None else "unknown"
        result = Result(status, failure_text("broke_off", BROKE_OFF))
    return Result(result.status, shortened(redacted(result.text, used), len(result.text)))


def request_of(
    action: Action,
    arguments: Mapping[str, Any],
    secret: Secret | None,
    *,
    is_approved: bool = False,
    client_token: str = "",
) -> Outgoing:
    """The request that a call makes; raises `ActionFailed` or `NeedsApproval`."""
    if action.kind == "graphql":
        return graphql.request_of(action.values, arguments, secret, is_approved=is_approved)
    return rest.request_of(action.values, arguments, secret, client_token=client_token)


def allowance_of(action: Action, deadline: Deadline) -> Allowance:
    """How far the action's request may go."""
    seconds = min(float(action.values.get("seconds") or SECONDS), MOST_SECONDS)
    redirects = action.values.get("redirects")
    return Allowance(
        hosts=frozenset(action.values.get("hosts", ())),
        deadline=deadline.within(seconds),
        bytes=int(action.values.get("bytes") or BYTES),
        redirects=REDIRECTS if redirects is None else int(redirects),
    )


def host_of(action: Action) -> str:
    """The host of the action's address, as a list of hosts names it."""
    found = _AUTHORITY.match(str(action.values.get("url", "")))
    return found[1].lower().removesuffix(":443") if found else ""


def _result(action: Action, answer: Answer) -> tuple[bool, str]:
    return graphql.result(answer) if action.kind == "graphql" else rest.result(answer)


def _failure(failed: ActionFailed, action: Action, outgoing: Outgoing | None) -> Result:
    """What may have changed something, and was not answered to the end, is unknown; all else has failed."""
    changes = outgoing is not None and outgoing.method not in SAFE and not _only_reads(action)
    if failed.was_sent and changes:
        text = failure_text(failed.code, UNKNOWN.format(reason=failed), failed.extra)
        return Result("unknown", text)
    return Result("failed", failed.text())


def _only_reads(action: Action) -> bool:
    """A GraphQL query is a POST that changes nothing."""
    return action.kind == "graphql" and graphql.MUTATION not in action.values.get("operations", ())
