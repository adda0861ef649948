"""Gated calls become one approval: the plan, its digest, the record; then its execution is started."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.chat.target_argument import without_target
from functions.chat.tool_calls import CheckedCall
from functions.shared.agent import Agent
from functions.shared.approval import Approval, Person, Status
from functions.shared.aws import error_code
from functions.shared.countersigned_action import shown
from functions.shared.fixed_parameters import chosen
from functions.shared.identifiers import timestamp
from functions.shared.kinds import KINDS, Place
from functions.shared.observe import APPROVALS_ASKED, count, logger
from functions.shared.operations import OPERATIONS, confirmation_of
from functions.shared.plan import LIVE, PlannedCall, canonical, digest_of, draft_of
from functions.shared.plan_words import shadow_words, target_words
from functions.shared.targets import Target, Targets
from functions.shared.turn import Turn, parsed_arguments

REQUEST_WORDS_CHARACTERS = 2000
PLAN_BYTES = 150_000
"""A record holds its plan twice over, and an item of DynamoDB 400 KB."""
WAITS = "Another person has to countersign this; nothing has been started. You will be told here."
WAITS_ALREADY = "This is already waiting for another person; nothing has been started and nobody was asked again."


class TooMuchToAsk(Exception):
    """The calls of one request are too large together; the message is made for people and the model."""

    def __init__(self) -> None:
        super().__init__(
            "These calls are too large to be shown to a person together; ask for fewer at once."
        )


def approval_of(
    calls: Sequence[CheckedCall],
    *,
    approval_id: str,
    random: str,
    agent: Agent,
    targets: Targets,
    sandbox: Mapping[str, Any],
    requester: str,
    conversation_id: str,
    turn: int,
    words: str,
    now: datetime,
    launch: str = LIVE,
    request_id: str = "",
) -> Approval:
    """The record of what was asked, before anyone is; ids and time are arguments. Raises `TooMuchToAsk`.

    Its calls to AWS name one target; where there are none, the first one stands in the record. `sandbox` is what
    confines code, and for how many seconds it may run; empty where there is none.
    """
    target = next((call.target for call in calls if call.target is not None), targets.first)
    draft = draft_of(
        calls=[_planned(call, agent, target, sandbox, approval_id) for call in calls],
        account=target.account,
        region=target.region,
        target=target.name,
        requester=requester,
        conversation_id=conversation_id,
        turn=turn,
        agent=agent.id,
        manifest=agent.digest,
        random=random,
        approvers=agent.approve,
        launch=launch,
    )
    text = canonical(draft)
    if len(text.encode()) > PLAN_BYTES:
        raise TooMuchToAsk
    return Approval(
        id=approval_id,
        status=Status.PREPARING,
        version=1,
        digest=digest_of(text),
        plan=text,
        agent=agent.id,
        conversation_id=conversation_id,
        turn=turn,
        requester=Person(requester),
        request_words=words[:REQUEST_WORDS_CHARACTERS],
        created_at=timestamp(now),
        request_id=request_id,
    )


def _planned(
    call: CheckedCall, agent: Agent, target: Target, sandbox: Mapping[str, Any], approval_id: str
) -> PlannedCall:
    """The call with what its kind will be sent; the operator's part of it is in the manifest or on the page."""
    action, arguments = call.action, dict(call.arguments or {})
    if action is None:
        raise ValueError(f"{call.name} has no action")
    is_aws = action.kind == "aws"
    arguments = without_target(arguments) if is_aws else arguments
    operation = action.operation if is_aws else action.kind
    fixed = (
        chosen(target.fixed, approval_id=approval_id, call_id=call.id)
        if is_aws
        else {"action": action.compiled(), "title": agent.title}
    )
    if KINDS[action.kind].place is Place.SANDBOX and sandbox:
        fixed = {**fixed, "sandbox": dict(sandbox)}
    return PlannedCall(
        id=call.id,
        function=call.name,
        operation=operation,
        arguments=arguments if is_aws else shown(arguments),
        parameters=OPERATIONS[operation].planned(arguments, fixed),
        origins=call.origins,
        after=call.after,
    )


def confirmation_reply(approval: Approval) -> str:
    """The program's confirmation, and who goes on from here."""
    plan = approval.plan_value()
    shadow, where = shadow_words(plan), target_words(plan)
    told = [
        *([where] if where else []),
        confirmation_of(approval.calls()),
        *([shadow] if shadow else []),
        WAITS,
    ]
    return "\n\n".join(told)


def already_waiting(call: CheckedCall, turns: Sequence[Turn]) -> str | None:
    """The approval in which an identical call waits for its decision, newest first."""
    wanted = canonical(dict(call.arguments or {}))
    for turn in reversed(turns):
        if turn.approval_id is None:
            continue
        for waiting in turn.waiting_calls():
            function = waiting["function"]
            if function["name"] == call.name and canonical(parsed_arguments(waiting)) == wanted:
                return turn.approval_id
    return None


def waiting_step(call: CheckedCall) -> Mapping[str, Any]:
    """The tool message of a call that already waits under another id."""
    return {
        "role": "tool",
        "tool_call_id": call.id,
        "content": json.dumps({"status": "waiting_for_approval", "note": WAITS_ALREADY}),
        "status": "waiting",
    }


def refused_step(call: CheckedCall, sentence: str, code: str = "") -> Mapping[str, Any]:
    """The tool message of a call that nobody is asked about; `code` says why where a page has to know."""
    error = {"error": sentence, **({"code": code} if code else {})}
    return {
        "role": "tool",
        "tool_call_id": call.id,
        "content": json.dumps(error, ensure_ascii=False),
        "status": "refused",
    }


class Workflow:
    """Starts executions by the approval's name, so starting twice is harmless."""

    def __init__(self, client: Any, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, approval: Approval) -> None:
        """Start the approval's execution; raises what the client raises but "already exists"."""
        request = {"request_id": approval.request_id} if approval.request_id else {}
        try:
            self._client.start_execution(
                stateMachineArn=self._arn,
                name=approval.id,
                input=json.dumps({"v": 2, "approval_id": approval.id, **request}),
            )
        except self._client.exceptions.ExecutionAlreadyExists:
            logger.info("execution was already started", approval_id=approval.id)

    def start_or_leave(self, approval: Approval) -> None:
        """Start it now if that works; the record is the promise, and the sweep starts what was left."""
        from botocore.exceptions import BotoCoreError, ClientError

        count(APPROVALS_ASKED)
        try:
            self.start(approval)
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "execution was left to the sweep", approval_id=approval.id, code=error_code(error)
            )
