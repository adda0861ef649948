"""The freeze switch: one parameter, the room that shows and sets it, and the grant to read it."""

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from functions.shared.freeze import NOT_FROZEN
from functions.shared.settings import FreezeSettings
from infra.deployment import Deployment
from infra.room import Room
from infra.sign_in import SignIn


class FreezeSwitch(Construct):
    """The parameter. Its value here never changes, so that a deploy never thaws: CloudFormation writes differences."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self.parameter_name = f"/{deployment.page.stack}/freeze"
        ssm.CfnParameter(
            self,
            "Parameter",
            name=self.parameter_name,
            type="String",
            value=NOT_FROZEN,
            description="Stops everything approved from running; set by POST /freeze.",
        )

    def allow(self, function: Room, *verbs: str) -> None:
        """Allow a Lambda `GetParameter` or `PutParameter` on exactly this one."""
        arn = Stack.of(self).format_arn(
            service="ssm", resource="parameter", resource_name=self.parameter_name[1:]
        )
        function.may([f"ssm:{verb}" for verb in verbs], [arn])


class Freeze(Construct):
    """Everybody signed in sees the switch, operators set it."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        switch: FreezeSwitch,
        sign_in: SignIn,
        origin: str,
    ) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="freeze",
            settings=FreezeSettings(
                freeze_parameter=switch.parameter_name,
                user_pool_id=sign_in.pool.user_pool_id,
                origin=origin,
            ),
        )
        switch.allow(self.function, "GetParameter", "PutParameter")
        sign_in.allow(self.function, "AdminGetUser", "AdminListGroupsForUser")
