"""Opens the approval: stores the task token, and tells every eligible approver."""

from constructs import Construct

from functions.shared.settings import RequestApprovalSettings
from infra.deployment import Deployment
from infra.freeze import FreezeSwitch
from infra.notifications import Notifications
from infra.room import Room
from infra.sign_in import SignIn
from infra.tables import Tables


class RequestApproval(Construct):
    """The only writer of task tokens."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        sign_in: SignIn,
        freeze_switch: FreezeSwitch,
        notifications: Notifications,
        origin: str,
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="request_approval",
            settings=RequestApprovalSettings(
                stage=page.stage,
                approvals_table=tables.approvals.table_name,
                audit_table=tables.audit.table_name,
                freeze_parameter=freeze_switch.parameter_name,
                lease_hours=page.effective_lease_hours,
                task_tokens_table=tables.task_tokens.table_name,
                user_pool_id=sign_in.pool.user_pool_id,
                origin=origin,
                approval_timeout_seconds=page.approval_timeout_seconds,
                time_zone=page.time_zone,
                channel=notifications.channel,
                topic_arn=notifications.topic_arn,
                mail_from=notifications.mail_from,
                self_confirm=page.self_confirm,
            ),
            seconds=60,
        )
        tables.approvals.allow(self.function, "GetItem", "UpdateItem", "ConditionCheckItem")
        tables.audit.allow(self.function, "PutItem")
        tables.task_tokens.allow(self.function, "PutItem")
        freeze_switch.allow(self.function, "GetParameter")
        sign_in.allow(self.function, "AdminGetUser", "ListUsersInGroup")
        notifications.allow(self.function)
