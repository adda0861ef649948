"""Launching: the Lambda, and the target's launch role that only it may assume."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from functions.shared.target_settings import LaunchInstanceSettings
from infra.deployment import Deployment
from infra.freeze import FreezeSwitch
from infra.launch_rights import NAMES_ITS_APPROVAL, allow_launching
from infra.python import Python
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.runbooks import Runbook, starting
from infra.seal_key import SealKey
from infra.tables import Tables
from infra.targets import LAUNCH, home_role_name, places_here, target_roles, targets_text

RUN_ACTION = "run_action"


class LaunchInstance(Construct):
    """Runs one approved call under the launch role; the session's source identity is the approval."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        tables: Tables,
        seal_key: SealKey,
        freeze_switch: FreezeSwitch,
        python: Python | None,
        instance_types: list[str],
        runbooks: Sequence[Runbook],
    ) -> None:
        super().__init__(scope, id)
        page = deployment.page
        caller = role_of(
            self,
            "FunctionRole",
            name=deployment.function_name("launch_instance"),
            role_name=home_role_name(page, LAUNCH),
        )
        self.launch_role = LaunchRole(
            self,
            "LaunchRole",
            deployment=deployment,
            caller=caller,
            instance_types=instance_types,
            runbooks=runbooks,
        )
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="launch_instance",
            role=caller,
            settings=LaunchInstanceSettings(
                stage=page.stage,
                approvals_table=tables.approvals.table_name,
                audit_table=tables.audit.table_name,
                decision_keys=",".join(seal_key.trusted),
                freeze_parameter=freeze_switch.parameter_name,
                stack=page.stack,
                launch=page.launch,
                instance_types=",".join(instance_types),
                targets=targets_text(
                    deployment,
                    "launch_role",
                    "external_id",
                    "passed_role",
                    launch_role=self.launch_role.role_arn,
                ),
                run_action_function=deployment.function_name(RUN_ACTION),
                ask_sandbox_function=python.ask_sandbox if python else "",
                budgets_table=tables.budgets.table_name,
                budget_launches=page.budgets.launches if page.budgets else 0,
                budget_live_instances=page.budgets.live_instances if page.budgets else 0,
            ),
            seconds=300,
            memory=256,
        )
        tables.approvals.allow(
            self.function, "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "ConditionCheckItem"
        )
        tables.audit.allow(self.function, "PutItem")
        tables.budgets.allow(self.function, "UpdateItem")
        seal_key.allow_checking(self.function)
        freeze_switch.allow(self.function, "GetParameter")
        self.function.may(["lambda:InvokeFunction"], [deployment.function_arn(RUN_ACTION)])
        if python:
            python.allow_asking(self.function)
        self.function.may(
            ["sts:AssumeRole", "sts:SetSourceIdentity"],
            [self.launch_role.role_arn, *target_roles(page, LAUNCH)],
        )


class LaunchRole(iam.Role):
    """May start tagged instances of the named types, see and end what is so tagged, and start pinned runbooks."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        deployment: Deployment,
        caller: iam.Role,
        instance_types: list[str],
        runbooks: Sequence[Runbook],
    ) -> None:
        trusted = iam.ArnPrincipal(caller.role_arn)
        super().__init__(
            scope,
            id,
            assumed_by=iam.PrincipalWithConditions(trusted, NAMES_ITS_APPROVAL),
            description="Starts approved instances; each session carries its approval's id.",
        )
        if self.assume_role_policy:
            self.assume_role_policy.add_statements(
                iam.PolicyStatement(actions=["sts:SetSourceIdentity"], principals=[trusted])
            )
        allow_launching(
            self,
            places_here(deployment.page),
            stack=deployment.page.stack,
            instance_types=instance_types,
        )
        for statement in starting(runbooks, deployment.stack):
            self.add_to_policy(statement)
        if runbooks:
            accept_wildcard(
                self,
                "An execution has no name before it runs.",
                *{runbook.executions(deployment.stack) for runbook in runbooks},
            )
