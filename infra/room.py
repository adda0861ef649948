"""One Lambda: its zip, its own role and log group; a grant stands beside each use."""

from collections.abc import Sequence

from aws_cdk import Duration, Size
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from functions.shared.settings import Settings
from infra.deployment import Deployment
from infra.environment import check_environment
from infra.reasons import accept, accept_wildcard


class Room(lambda_.Function):
    """A function of `functions/<room>`; `word` is its name where a room has two."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        room: str,
        settings: Settings,
        entry: str = "handler",
        word: str = "",
        seconds: int = 15,
        memory: int = 512,
        storage_mb: int = 512,
        keeps_dead_letters: bool = False,
        is_traced: bool = True,
        serves_tenants_apart: bool = False,
        role: iam.Role | None = None,
    ) -> None:
        name = deployment.function_name(word or room)
        log = logs.LogGroup(
            scope,
            f"{id}Log",
            encryption_key=deployment.key,
            retention=deployment.stage.log_retention,
            removal_policy=deployment.stage.removal_policy,
        )
        role = role or role_of(scope, f"{id}Role", name=name)
        environment = {**settings.environment(), "POWERTOOLS_SERVICE_NAME": name}
        check_environment(room, environment)
        super().__init__(
            scope,
            id,
            function_name=name,
            description=f"functions/{room}/{entry}.py",
            code=deployment.code_of(room),
            handler=f"functions.{room}.{entry}.handler",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory,
            ephemeral_storage_size=Size.mebibytes(storage_mb) if storage_mb > 512 else None,
            timeout=Duration.seconds(seconds),
            role=role,
            log_group=log,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE if is_traced else lambda_.Tracing.DISABLED,
            tenancy_config=lambda_.TenancyConfig.PER_TENANT if serves_tenants_apart else None,
            dead_letter_queue=deployment.dead_letters if keeps_dead_letters else None,
            environment=environment,
        )
        log.grant_write(role)
        if keeps_dead_letters:
            deployment.key.grant(role, "kms:Decrypt", "kms:GenerateDataKey")
        if is_traced:
            accept_wildcard(role, "X-Ray's two write actions take no resource.", "*")
        self.own_role = role
        accept(
            self, "3.13 is what the packages are compiled for; a newer one comes by decision.", "L1"
        )

    def may(
        self, actions: Sequence[str], resources: Sequence[str], *, sid: str | None = None
    ) -> None:
        """Allow actions on resources; written beside the use."""
        self.add_to_role_policy(
            iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources))
        )


def role_of(scope: Construct, id: str, *, name: str, role_name: str | None = None) -> iam.Role:
    """The role of a Lambda, empty; CloudFormation names it unless another account has to know it."""
    return iam.Role(
        scope,
        id,
        role_name=role_name,
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        description=f"What {name} may do.",
    )
