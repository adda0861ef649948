"""The chat: turns over HTTP, and the same zip again for what goes on in the background."""

from constructs import Construct

from functions.shared.settings import ChatSettings
from infra.agents import FILE as AGENTS_FILE
from infra.deployment import Deployment
from infra.model import Model
from infra.python import Python
from infra.room import Room
from infra.tables import Tables
from infra.targets import targets_text

CONTINUE_TURN = "continue_turn"
RUN_ACTION = "run_action"
CATALOGUE = "catalogue"


class Chat(Construct):
    """`function` answers within the API's 30 seconds; `continue_turn` has minutes."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        model: Model,
        python: Python | None,
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        settings = ChatSettings(
            stage=page.stage,
            conversations_table=tables.conversations.table_name,
            approvals_table=tables.approvals.table_name,
            audit_table=tables.audit.table_name,
            state_machine_arn=deployment.state_machine_arn,
            continue_turn_function=deployment.function_name(CONTINUE_TURN),
            run_action_function=deployment.function_name(RUN_ACTION),
            catalogue_function=deployment.function_name(CATALOGUE),
            ask_sandbox_function=python.ask_sandbox if python else "",
            sandbox_confinement=python.confinement if python else "",
            sandbox_seconds=page.sandbox.seconds if python else 0,
            agents_file=AGENTS_FILE,
            model_secret_arn=model.secret_arn,
            model_region=model.region,
            chat_model=page.model.name,
            openai_base_url=model.base_url,
            targets=targets_text(deployment, "fixed"),
            approval_timeout_seconds=page.approval_timeout_seconds,
            launch=page.launch,
            model_max_tokens=page.model.max_tokens,
            budgets_table=tables.budgets.table_name if page.budgets else "",
            budget_turns=page.budgets.turns if page.budgets else 0,
            budget_tokens=page.budgets.tokens if page.budgets else 0,
            budget_approvals=page.budgets.approvals if page.budgets else 0,
            budget_open_approvals=page.budgets.open_approvals if page.budgets else 0,
        )
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="chat",
            settings=settings,
            seconds=29,
            memory=1024,
        )
        self.continue_turn = Room(
            self,
            "ContinueTurn",
            deployment=deployment,
            room="chat",
            entry=CONTINUE_TURN,
            word=CONTINUE_TURN,
            settings=settings,
            seconds=180,
            keeps_dead_letters=True,
        )
        for function in (self.function, self.continue_turn):
            tables.conversations.allow(function, "Query", "PutItem", "UpdateItem")
            tables.approvals.allow(function, "GetItem", "PutItem")
            tables.audit.allow(function, "PutItem")
            tables.budgets.allow(function, "GetItem", "UpdateItem")
            model.allow(function)
            function.may(["states:StartExecution"], [deployment.state_machine_arn])
            function.may(
                ["lambda:InvokeFunction"],
                [deployment.function_arn(room) for room in (CONTINUE_TURN, RUN_ACTION, CATALOGUE)],
            )
            if python:
                python.allow_asking(function)
