"""`agents call FILE FUNCTION`: one call as the product would run it: the request it makes, or what comes back."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import agents_python
from cli.agents_python import NotRun
from functions.chat.emit import emitted
from functions.chat.model import RequestedCall
from functions.chat.tool_calls import CheckedCall, check_calls
from functions.run_action.carry_out import carry_out, request_of
from functions.run_action.deadline import Deadline
from functions.run_action.failure import ActionFailed
from functions.run_action.fetch import Fetch, Fetcher, Outgoing
from functions.run_action.graphql import NeedsApproval
from functions.run_action.secrets import Secret, Secrets, missing
from functions.shared.agent import Action, Agent
from functions.shared.observe import logger
from functions.shared.placeholders import MissingValue
from functions.shared.text_actions import BadText, data_url_text, message_text
from infra.manifests.code import Code
from infra.manifests.compile import compile_manifest

SECONDS = 30.0
OUTSIDE = ("rest", "graphql")
TEXTS = {"data_url": data_url_text, "message_template": message_text}
COUNTERSIGNED = (
    "A person countersigns this call first, in a deployment; --dry-run shows what would be sent."
)
NOT_HERE = "A call of the kind {kind} is not run from here: {why}."
WHY_NOT = {
    "aws": "a deployment sends it to AWS",
    "document": "a deployment sends it to AWS",
    "client": "the chat's client answers it",
    "slots": "it belongs to a conversation",
}


class NotCalled(Exception):
    """Why there is no result; the message is one line for the author."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says."""

    file: Path
    function: str
    arguments: str
    dry_run: bool
    unconfined: bool
    root: Path | None


@dataclass(frozen=True, slots=True)
class SecretsOfTheShell:
    """Values from environment variables of the secrets' names, or of SlashGPT's; for any host of the manifest."""

    environment: Mapping[str, str]

    def read(self, name: str, host: str) -> Secret:
        value = self.environment.get(name) or self.environment.get(f"SLASH_GPT_ENV_{name}", "")
        domain, separator, key = value.partition(",")
        value = key if separator and domain == host else value
        if not value:
            raise missing(name)
        return Secret(name, value)


def run(asked: Asked) -> int:
    """Print the result or the request; 1 where the manifest, the arguments or the service refuse."""
    verdict = compile_manifest(asked.file, root=asked.root, shown=str(asked.file))
    if verdict.agent is None:
        for problem in verdict.problems:
            print(f"error: {problem}", file=sys.stderr)
        return 1
    agent = Agent.of(verdict.id, verdict.agent)
    try:
        call = checked(agent, asked.function, asked.arguments)
        if asked.dry_run:
            print(json.dumps(planned(call), indent=2, ensure_ascii=False))
            return 0
        # The author's own shell holds the secrets, so they stand in no command line.
        secrets = SecretsOfTheShell(os.environ)
        with quiet():
            was_done, text = called(
                call,
                fetch=Fetcher(),
                secrets=secrets,
                code=verdict.code,
                is_unconfined=asked.unconfined,
            )
    except (NotCalled, NotRun) as refused:
        print(f"error: {refused}", file=sys.stderr)
        return 1
    print(text)
    return 0 if was_done else 1


def checked(agent: Agent, function: str, arguments: str) -> CheckedCall:
    """The call as the chat checks a model's; raises `NotCalled`."""
    requested = RequestedCall("call_1", function, arguments)
    [call] = check_calls([requested], agent=agent, turn=1, used_ids=frozenset())
    if call.complaint:
        raise NotCalled(call.complaint)
    return call


def planned(call: CheckedCall) -> dict[str, Any]:
    """What the call would do, as a JSON value; secrets stand there by their names.

    Raises `NotCalled` or `NotRun`.
    """
    action, arguments = _action(call), dict(call.arguments or {})
    said: dict[str, Any] = {"kind": action.kind, "countersigned": action.is_gated}
    if action.kind in OUTSIDE:
        name = str(action.values.get("secret") or "")
        try:
            made = request_of(action, arguments, Secret(name, name) if name else None)
        except NeedsApproval:
            said["countersigned"] = True
            secret = Secret(name, name) if name else None
            made = request_of(action, arguments, secret, is_approved=True)
        except ActionFailed as failed:
            raise NotCalled(str(failed)) from failed
        return {**said, **_shown(made), **({"secrets": [name]} if name else {})}
    if action.kind in TEXTS or action.kind == "emit":
        return {**said, "result": _made_here(action, arguments)}
    if action.kind in agents_python.KINDS:
        return {**said, **agents_python.planned(action, call.name, arguments)}
    operation = {"operation": action.operation} if action.operation else {}
    return {**said, **operation, "arguments": arguments}


def called(
    call: CheckedCall,
    *,
    fetch: Fetch,
    secrets: Secrets,
    code: Code | None = None,
    is_unconfined: bool = False,
) -> tuple[bool, str]:
    """Whether it was done, and the text that the model would read. Raises `NotCalled` or `NotRun`.

    Python runs here also where a person would countersign it: it changes nothing outside.
    """
    action, arguments = _action(call), dict(call.arguments or {})
    if action.kind in WHY_NOT:
        raise NotCalled(NOT_HERE.format(kind=action.kind, why=WHY_NOT[action.kind]))
    if action.kind in agents_python.KINDS:
        return agents_python.ran(
            action, call.name, arguments, code or Code(), is_unconfined=is_unconfined
        )
    if action.is_gated:
        raise NotCalled(COUNTERSIGNED)
    if action.kind in TEXTS or action.kind == "emit":
        made = _made_here(action, arguments)
        return True, made if isinstance(made, str) else json.dumps(made, ensure_ascii=False)
    result = carry_out(
        action, arguments, fetch=fetch, secrets=secrets, deadline=Deadline.after(SECONDS)
    )
    if result.status == "gated":
        raise NotCalled(COUNTERSIGNED)
    return result.status == "succeeded", result.text


@contextmanager
def quiet() -> Iterator[None]:
    """The Lambdas' log is for their log groups: here only mistakes are told."""
    level = logger.log_level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


def _action(call: CheckedCall) -> Action:
    if call.action is None:
        raise NotCalled(f"There is no function {call.name!r}.")
    return call.action


def _made_here(action: Action, arguments: Mapping[str, Any]) -> Any:
    """What is made without asking anybody."""
    try:
        if action.kind == "emit":
            method, data = emitted(action.values, arguments)
            return {"method": method, "data": data}
        return TEXTS[action.kind](action.values, arguments)
    except (MissingValue, BadText) as error:
        raise NotCalled(str(error)) from error


def _shown(outgoing: Outgoing) -> dict[str, Any]:
    body = outgoing.body.decode() if outgoing.body is not None else None
    return {
        "method": outgoing.method,
        "url": outgoing.url,
        "headers": dict(outgoing.headers),
        "body": json.loads(body) if body else body,
    }
