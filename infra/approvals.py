"""The inbox and one approval."""

from constructs import Construct

from functions.shared.settings import ApprovalsSettings
from infra.deployment import Deployment
from infra.room import Room
from infra.tables import Tables


class Approvals(Construct):
    """Reads only."""

    def __init__(
        self, scope: Construct, id: str, *, deployment: Deployment, tables: Tables
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="approvals",
            settings=ApprovalsSettings(
                approvals_table=tables.approvals.table_name,
                audit_table=tables.audit.table_name,
                time_zone=deployment.page.time_zone,
                self_confirm=deployment.page.self_confirm,
            ),
        )
        tables.approvals.allow(self.function, "GetItem", "Query")
        tables.audit.allow(self.function, "Query")
        tables.approvals.allow(self.function, "Query", indexes=["by_status"])
