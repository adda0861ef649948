"""The approval workflow: statemachines/approval.asl.json with its names filled in."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.deployment import Deployment
from infra.reasons import accept_wildcard
from infra.room import Room

DEFINITION = Path(__file__).resolve().parent.parent / "statemachines" / "approval.asl.json"
GRACE_SECONDS = 60
"""How much longer the execution waits than the approval lives: expiry is decided by the record."""


class Workflow(Construct):
    """Its role may invoke the tasks' Lambdas, each by its own ARN, and write its log."""

    def __init__(
        self, scope: Construct, id: str, *, deployment: Deployment, tasks: Mapping[str, Room]
    ) -> None:
        super().__init__(scope, id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com"),
            description="What the approval workflow may do.",
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[function.function_arn for function in tasks.values()],
            )
        )
        self.machine = stepfunctions.StateMachine(
            self,
            "Machine",
            state_machine_name=deployment.state_machine_name,
            state_machine_type=stepfunctions.StateMachineType.STANDARD,
            definition_body=stepfunctions.DefinitionBody.from_string(
                DEFINITION.read_text(encoding="utf-8")
            ),
            definition_substitutions={
                **{f"{name}Function": room.function_arn for name, room in tasks.items()},
                "ApprovalWaitSeconds": str(
                    deployment.page.approval_timeout_seconds + GRACE_SECONDS
                ),
            },
            role=role,
            logs=stepfunctions.LogOptions(
                destination=logs.LogGroup(
                    self,
                    "Log",
                    encryption_key=deployment.key,
                    retention=deployment.stage.log_retention,
                    removal_policy=deployment.stage.removal_policy,
                ),
                level=stepfunctions.LogLevel.ALL,
                include_execution_data=False,
            ),
            tracing_enabled=True,
        )
        accept_wildcard(
            role,
            "Log delivery and X-Ray have no resource to name; the Lambdas are named one by one.",
            "*",
        )
