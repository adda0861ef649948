"""Decisions: the only reader of task tokens, the only one who may answer a waiting execution."""

from constructs import Construct

from functions.shared.settings import DecideApprovalSettings
from infra.deployment import Deployment
from infra.reasons import accept_wildcard
from infra.room import Room
from infra.sign_in import SignIn
from infra.tables import Tables


class DecideApproval(Construct):
    """Decision, cancel, settle and repair."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        sign_in: SignIn,
        origin: str,
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="decide_approval",
            settings=DecideApprovalSettings(
                approvals_table=tables.approvals.table_name,
                task_tokens_table=tables.task_tokens.table_name,
                user_pool_id=sign_in.pool.user_pool_id,
                origin=origin,
                self_confirm=deployment.page.self_confirm,
            ),
            keeps_dead_letters=True,
        )
        tables.approvals.allow(self.function, "GetItem", "UpdateItem")
        tables.task_tokens.allow(self.function, "GetItem")
        sign_in.allow(self.function, "AdminGetUser", "AdminListGroupsForUser")
        self.function.may(["states:SendTaskSuccess"], ["*"])
        accept_wildcard(
            self.function.own_role,
            "A task token names no resource, so only * grants; the bound is the tokens' table.",
            "*",
        )
