"""Chat's composition root: every client and store, made once, on first use."""

import json
import time
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.chat.ask_approval import Workflow
from functions.chat.chat_deps import ChatDeps
from functions.chat.idempotency import Claims
from functions.chat.measured_model import MeasuredModel
from functions.chat.model import OpenAIChatModel
from functions.chat.model_key import ReadKey, key_of
from functions.chat.rooms import FOREGROUND_SECONDS, SECONDS, LambdaRooms
from functions.chat.spending import ChatBudgets
from functions.chat.target_argument import aimed
from functions.shared.agent import Agents
from functions.shared.approval_table import ApprovalTable
from functions.shared.aws import client, error_code
from functions.shared.conversation_table import ConversationTable
from functions.shared.identifiers import new_id, utc_now
from functions.shared.kinds import Place
from functions.shared.observe import logger
from functions.shared.settings import ChatSettings
from functions.shared.targets import Targets
from functions.shared.uploads import Uploads

SPARE_SECONDS = 5
"""What a room may take longer than it was given."""


def compose(settings: ChatSettings) -> ChatDeps:
    """The dependencies of `POST /chat` and `continue_turn`."""
    dynamodb = client("dynamodb")
    uploads = Uploads(dynamodb, settings.conversations_table)
    targets = Targets.parsed(settings.targets)

    def go_on(command: Mapping[str, Any]) -> None:
        """Hand a turn to continue_turn; what cannot be handed over is found by the sweep."""
        try:
            client("lambda").invoke(
                FunctionName=settings.continue_turn_function,
                InvocationType="Event",
                Payload=json.dumps(command).encode(),
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("turn was left to the sweep", code=error_code(error))

    return ChatDeps(
        conversations=ConversationTable(dynamodb, settings.conversations_table),
        approvals=ApprovalTable(dynamodb, settings.approvals_table, settings.audit_table),
        claims=Claims(dynamodb, settings.conversations_table),
        agents=Agents(settings.agents_file, partial(aimed, targets=targets)),
        model=MeasuredModel(model_of(settings, key_of(settings)), settings.chat_model),
        model_name=settings.chat_model,
        budgets=ChatBudgets(
            client=dynamodb,
            table=settings.budgets_table,
            turns=settings.budget_turns,
            tokens=settings.budget_tokens,
            approvals=settings.budget_approvals,
            open_approvals=settings.budget_open_approvals,
        ),
        rooms=LambdaRooms(
            _room_client,
            {
                Place.RUN_ACTION: settings.run_action_function,
                Place.CATALOGUE: settings.catalogue_function,
                Place.SANDBOX: settings.ask_sandbox_function,
            },
        ),
        files=lambda owner, here: [upload.name for upload in uploads.all(owner, here)],
        workflow=Workflow(_LazyStates(), settings.state_machine_arn),
        targets=targets,
        sandbox=_sandbox(settings),
        launch=settings.launch,
        go_on=go_on,
        write_conflicts=(
            dynamodb.exceptions.ConditionalCheckFailedException,
            dynamodb.exceptions.TransactionCanceledException,
        ),
        new_id=new_id,
        clock=utc_now,
        sleep=time.sleep,
    )


def model_of(settings: ChatSettings, read_key: ReadKey) -> OpenAIChatModel:
    """The deployment's model."""
    return OpenAIChatModel(
        name=settings.chat_model, read_key=read_key, max_tokens=settings.model_max_tokens
    )


def _sandbox(settings: ChatSettings) -> dict[str, Any]:
    if not settings.ask_sandbox_function:
        return {}
    return {"confinement": settings.sandbox_confinement, "seconds": settings.sandbox_seconds}


def _room_client(seconds: float) -> Any:
    """A Lambda client that waits as long as a room may take, and asks once: a call may have run."""
    is_awaited = seconds < FOREGROUND_SECONDS + SPARE_SECONDS
    return _patient_client(FOREGROUND_SECONDS if is_awaited else max(SECONDS.values()))


@cache
def _patient_client(seconds: float) -> Any:
    import boto3
    from botocore.config import Config

    make: Any = boto3.client
    config = Config(
        connect_timeout=3,
        read_timeout=seconds + SPARE_SECONDS,
        retries={"total_max_attempts": 1},
    )
    return make("lambda", config=config)


class _LazyStates:
    """The Step Functions client, made when the first approval is started: most turns never need it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(client("stepfunctions"), name)
