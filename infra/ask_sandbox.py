"""Asking the sandbox: the only Lambda that may, with a conversation's cells and files."""

from constructs import Construct

from functions.shared.sandbox_settings import AskSandboxSettings
from infra.agents import FILE as AGENTS_FILE
from infra.code_files import FILE as CODE_FILES
from infra.deployment import Deployment
from infra.notebook_bucket import FILES, NOTEBOOKS, SNAPSHOTS, NotebookBucket
from infra.room import Room
from infra.run_code import RUN_CODE
from infra.seal_key import SealKey
from infra.tables import Tables
from infra.targets import targets_text

ASK_SANDBOX = "ask_sandbox"


class AskSandbox(Construct):
    """Reads uploads and approvals, verifies seals, invokes the sandbox, writes notebooks."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        seal_key: SealKey,
        bucket: NotebookBucket,
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room=ASK_SANDBOX,
            settings=AskSandboxSettings(
                stage=page.stage,
                agents_file=AGENTS_FILE,
                code_files=CODE_FILES,
                conversations_table=tables.conversations.table_name,
                notebooks_bucket=bucket.bucket_name,
                run_code_function=deployment.function_name(RUN_CODE),
                seconds=page.sandbox.seconds,
                approvals_table=tables.approvals.table_name,
                decision_keys=",".join(seal_key.trusted),
                targets=targets_text(deployment),
            ),
            seconds=180,
            memory=1024,
        )
        tables.conversations.allow(self.function, "Query")
        tables.approvals.allow(self.function, "GetItem")
        seal_key.allow_checking(self.function)
        bucket.allow(self.function, get=(NOTEBOOKS, SNAPSHOTS, FILES), put=(NOTEBOOKS, SNAPSHOTS))
        self.function.may(["lambda:InvokeFunction"], [deployment.function_arn(RUN_CODE)])
