"""Launching: the Lambda, and the target's launch role that only it may assume."""

from collections.abc import Mapping, Sequence

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam
from constructs import Construct

from functions.shared.instance_tags import (
    TAG_APPROVAL,
    TAG_APPROVER,
    TAG_CALL,
    TAG_REQUESTER,
    TAG_STACK,
)
from functions.shared.target_settings import LaunchInstanceSettings
from infra.deployment import Deployment
from infra.freeze import FreezeSwitch
from infra.python import Python
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.runbooks import Runbook, executions, starting
from infra.seal_key import SealKey
from infra.tables import Tables

RUN_ACTION = "run_action"
TAGS = (TAG_APPROVAL, TAG_CALL, TAG_REQUESTER, TAG_APPROVER, TAG_STACK)
PRESENT_TAGS = {"Null": {f"aws:RequestTag/{tag}": "false" for tag in TAGS}}


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
        caller = role_of(self, "FunctionRole", name=deployment.function_name("launch_instance"))
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
                instance_types=",".join(instance_types),
                account_id=deployment.stack.account,
                region=page.places[0].region,
                target=page.places[0].name,
                launch_role_arn=self.launch_role.role_arn,
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
        self.function.may(["sts:AssumeRole", "sts:SetSourceIdentity"], [self.launch_role.role_arn])


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
            assumed_by=trusted,
            description="Starts approved instances; each session carries its approval's id.",
        )
        if self.assume_role_policy:
            self.assume_role_policy.add_statements(
                iam.PolicyStatement(actions=["sts:SetSourceIdentity"], principals=[trusted])
            )
        self._deployment = deployment
        self._run(
            "instance",
            {
                **PRESENT_TAGS,
                "StringEquals": {
                    "ec2:InstanceType": instance_types,
                    "ec2:MetadataHttpTokens": "required",
                },
            },
        )
        self._run("volume", PRESENT_TAGS)
        for kind in ("image", "key-pair", "network-interface", "security-group", "subnet"):
            self._run(kind, {})
        self.add_to_policy(
            iam.PolicyStatement(
                sid="TagWhatIsStarted",
                actions=["ec2:CreateTags"],
                resources=[self._every("instance"), self._every("volume")],
                conditions={"StringEquals": {"ec2:CreateAction": "RunInstances"}},
            )
        )
        # Stopping and terminating: what carries this stack's tag and an approval's, as for the ends of leases.
        self.add_to_policy(
            iam.PolicyStatement(
                sid="EndWhatWasLaunchedHere",
                actions=["ec2:StopInstances", "ec2:TerminateInstances"],
                resources=[self._every("instance")],
                conditions={
                    "StringEquals": {f"aws:ResourceTag/{TAG_STACK}": deployment.page.stack},
                    "Null": {f"aws:ResourceTag/{TAG_APPROVAL}": "false"},
                },
            )
        )
        self.add_to_policy(
            iam.PolicyStatement(sid="See", actions=["ec2:DescribeInstances"], resources=["*"])
        )
        accept_wildcard(self, "ec2:DescribeInstances takes no resource.", "*")
        for statement in starting(runbooks, deployment):
            self.add_to_policy(statement)
        if runbooks:
            accept_wildcard(
                self, "An execution has no name before it runs.", executions(deployment)
            )

    def _run(self, kind: str, conditions: Mapping[str, object]) -> None:
        """One statement for one of the resource types that RunInstances checks."""
        self.add_to_policy(
            iam.PolicyStatement(
                sid="Run" + kind.title().replace("-", ""),
                actions=["ec2:RunInstances"],
                resources=[self._every(kind)],
                conditions=dict(conditions),
            )
        )
        accept_wildcard(
            self,
            "Which image, network and key are meant is for the approver; types and tags are bound.",
            self._every(kind),
        )

    def _every(self, kind: str) -> str:
        """Every resource of a type in the target; images belong to no account there."""
        return self._deployment.stack.format_arn(
            service="ec2",
            region=self._deployment.page.places[0].region,
            account="" if kind == "image" else None,
            resource=kind,
            resource_name="*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
