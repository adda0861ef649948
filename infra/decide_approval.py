"""Decisions: the only reader of task tokens, the only one who may answer a waiting execution."""

from constructs import Construct

from functions.shared.settings import DecideApprovalSettings
from infra.deployment import Deployment
from infra.reasons import accept_wildcard
from infra.room import Room
from infra.seal_key import SealKey
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
        seal_key: SealKey,
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
                audit_table=tables.audit.table_name,
                time_zone=deployment.page.time_zone,
                fresh_sign_in_seconds=deployment.page.effective_fresh_sign_in_minutes * 60,
                decision_key=seal_key.current,
                task_tokens_table=tables.task_tokens.table_name,
                user_pool_id=sign_in.pool.user_pool_id,
                origin=origin,
                self_confirm=deployment.page.self_confirm,
            ),
            keeps_dead_letters=True,
        )
        tables.approvals.allow(self.function, "GetItem", "UpdateItem")
        tables.audit.allow(self.function, "PutItem", "Query")
        tables.task_tokens.allow(self.function, "GetItem")
        seal_key.allow_sealing(self.function)
        sign_in.allow(self.function, "AdminGetUser", "AdminListGroupsForUser")
        self.function.may(["states:SendTaskSuccess"], ["*"])
        accept_wildcard(
            self.function.own_role,
            "A task token names no resource, so only * grants; the bound is the tokens' table.",
            "*",
        )
