"""Notebooks over HTTP: files up, notebooks and pictures down."""

from constructs import Construct

from functions.shared.sandbox_settings import NotebooksSettings
from infra.deployment import Deployment
from infra.notebook_bucket import FILES, NOTEBOOKS, NotebookBucket
from infra.room import Room
from infra.tables import Tables


class Notebooks(Construct):
    """Keeps and removes a requester's files; no cell is written here."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        bucket: NotebookBucket,
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="notebooks",
            settings=NotebooksSettings(
                stage=deployment.page.stage,
                conversations_table=tables.conversations.table_name,
                notebooks_bucket=bucket.bucket_name,
                keep_days=deployment.page.sandbox.keep_days,
            ),
            seconds=29,
            memory=1024,
        )
        tables.conversations.allow(self.function, "Query", "PutItem", "DeleteItem")
        bucket.allow(self.function, get=(NOTEBOOKS, FILES), put=(FILES,), delete=(FILES,))
