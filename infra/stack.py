"""The product, composed: read it as the architecture diagram."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Environment, PermissionsBoundary, Stack, Tags
from constructs import Construct

from infra.agents import Compiled, launchable_types, uses_python
from infra.alarms import Alarms
from infra.api import Api
from infra.approvals import Approvals
from infra.catalogue import Catalogue
from infra.chat import Chat
from infra.conversations import Conversations
from infra.dashboard import Dashboard
from infra.decide_approval import DecideApproval
from infra.deployed_from import deployed_from
from infra.deployment import Deployment
from infra.end_lease import EndLease
from infra.freeze import Freeze, FreezeSwitch
from infra.launch_instance import LaunchInstance
from infra.model import Model
from infra.notifications import Notifications
from infra.packages import Packages
from infra.page import Page
from infra.pages import Pages
from infra.preflight import Preflight
from infra.protection import Protection
from infra.python import Python
from infra.record_outcome import RecordOutcome
from infra.request_approval import RequestApproval
from infra.room import Room
from infra.run_action import RunAction
from infra.runbooks import runbooks_of
from infra.seal_key import SealKey
from infra.session import Session
from infra.sign_in import SignIn
from infra.stage import stage_of
from infra.sweep import Sweep
from infra.tables import Tables
from infra.targets import places_here
from infra.workflow import Workflow


class Countersign(Stack):
    """One deployment in one account and region."""

    def __init__(
        self, scope: Construct, *, page: Page, agents: Compiled, packages: Packages
    ) -> None:
        super().__init__(
            scope,
            page.stack,
            description="Countersign: the model proposes, a person countersigns, AWS does.",
            env=Environment(account=page.account or None, region=page.region),
            permissions_boundary=PermissionsBoundary.from_name(page.permissions_boundary)
            if page.permissions_boundary
            else None,
        )
        for key, value in {**page.tags, "countersign:stack": page.stack}.items():
            Tags.of(self).add(key, value)
        stage = stage_of(page.stage)
        protection = Protection(self, "Protection", page=page, stage=stage)
        deployment = Deployment(
            stack=self,
            page=page,
            stage=stage,
            packages=packages,
            key=protection.key,
            dead_letters=protection.dead_letters,
        )
        api = Api(self, "Api", deployment=deployment)
        sign_in = SignIn(self, "SignIn", deployment=deployment, agents=agents, origin=api.origin)
        tables = Tables(self, "Tables", deployment=deployment)
        notifications = Notifications(self, "Notifications", deployment=deployment)
        model = Model(self, "Model", deployment=deployment)
        freeze_switch = FreezeSwitch(self, "FreezeSwitch", deployment=deployment)
        seal_key = SealKey(self, "SealKey", deployment=deployment)
        python = (
            Python(self, "Python", deployment=deployment, tables=tables, seal_key=seal_key)
            if uses_python(agents)
            else None
        )

        chat = Chat(self, "Chat", deployment=deployment, tables=tables, model=model, python=python)
        conversations = Conversations(
            self, "Conversations", deployment=deployment, tables=tables, python=python
        )
        approvals = Approvals(self, "Approvals", deployment=deployment, tables=tables)
        types = launchable_types(agents)
        catalogue = Catalogue(self, "Catalogue", deployment=deployment, instance_types=types)
        runbooks = runbooks_of(agents, page, places_here(page))
        preflight = Preflight(
            self, "Preflight", deployment=deployment, tables=tables, runbooks=runbooks
        )
        request_approval = RequestApproval(
            self,
            "RequestApproval",
            deployment=deployment,
            tables=tables,
            sign_in=sign_in,
            freeze_switch=freeze_switch,
            notifications=notifications,
            origin=api.origin,
        )
        decide_approval = DecideApproval(
            self,
            "DecideApproval",
            deployment=deployment,
            tables=tables,
            sign_in=sign_in,
            seal_key=seal_key,
            origin=api.origin,
        )
        launch_instance = LaunchInstance(
            self,
            "LaunchInstance",
            deployment=deployment,
            tables=tables,
            seal_key=seal_key,
            freeze_switch=freeze_switch,
            python=python,
            instance_types=types,
            runbooks=runbooks,
        )
        run_action = RunAction(
            self, "RunAction", deployment=deployment, tables=tables, seal_key=seal_key
        )
        record_outcome = RecordOutcome(
            self,
            "RecordOutcome",
            deployment=deployment,
            tables=tables,
            notifications=notifications,
            origin=api.origin,
        )
        end_lease = EndLease(
            self,
            "EndLease",
            deployment=deployment,
            tables=tables,
            notifications=notifications,
            origin=api.origin,
        )
        freeze = Freeze(
            self,
            "Freeze",
            deployment=deployment,
            switch=freeze_switch,
            sign_in=sign_in,
            origin=api.origin,
        )
        sweep = Sweep(self, "Sweep", deployment=deployment, tables=tables)
        pages = Pages(self, "Pages", deployment=deployment)
        session = Session(
            self, "Session", deployment=deployment, sign_in=sign_in, origin=api.origin
        )

        workflow = Workflow(
            self,
            "Workflow",
            deployment=deployment,
            tasks={
                "Preflight": preflight.function,
                "RequestApproval": request_approval.function,
                "DecideApproval": decide_approval.function,
                "LaunchInstance": launch_instance.function,
                "RecordOutcome": record_outcome.function,
                "ContinueTurn": chat.continue_turn,
            },
        )
        api.serve(
            sign_in=sign_in,
            rooms={
                "chat": chat.function,
                "conversations": conversations.function,
                "approvals": approvals.function,
                "decide_approval": decide_approval.function,
                "freeze": freeze.function,
                "pages": pages.function,
                "session": session.function,
                **({"notebooks": python.notebooks} if python else {}),
            },
        )
        alarms = Alarms(
            self,
            "Alarms",
            deployment=deployment,
            sweep=sweep.function,
            machine=workflow.machine,
        )
        dashboard = Dashboard(self, "Dashboard", deployment=deployment)
        functions: Mapping[str, Room] = {
            "Chat": chat.function,
            "ContinueTurn": chat.continue_turn,
            "Conversations": conversations.function,
            "Approvals": approvals.function,
            "DecideApproval": decide_approval.function,
            "Catalogue": catalogue.function,
            "Preflight": preflight.function,
            "RequestApproval": request_approval.function,
            "LaunchInstance": launch_instance.function,
            "RunAction": run_action.function,
            "RecordOutcome": record_outcome.function,
            "EndLease": end_lease.function,
            "Freeze": freeze.function,
            "Sweep": sweep.function,
            "Pages": pages.function,
            "Session": session.function,
            **(python.functions if python else {}),
        }
        self._tell(
            ApiUrl=api.url,
            Origin=api.origin,
            DnsRecord=api.dns_record,
            UserPoolId=sign_in.pool.user_pool_id,
            UserPoolClientId=sign_in.client.user_pool_client_id,
            LoginUrl=sign_in.login_url,
            ModelSecretArn=model.secret_arn,
            MailTopicArn=notifications.topic_arn,
            AlarmTopicArn=alarms.topic_arn,
            DeployedFrom=deployed_from(page, agents),
            ConversationsTable=tables.conversations.table_name,
            ApprovalsTable=tables.approvals.table_name,
            TaskTokensTable=tables.task_tokens.table_name,
            BudgetsTable=tables.budgets.table_name,
            AuditTable=tables.audit.table_name,
            DecisionKeys=",".join(seal_key.trusted),
            FreezeParameter=freeze_switch.parameter_name,
            StateMachineArn=workflow.machine.state_machine_arn,
            LaunchRoleArn=launch_instance.launch_role.role_arn,
            DashboardName=dashboard.name,
            DeadLetterQueueUrl=protection.dead_letters.queue_url,
            NotebooksBucket=python.bucket.bucket_name if python else "",
            **run_action.secret_arns,
            **{f"{name}Function": function.function_name for name, function in functions.items()},
        )

    def _tell(self, **outputs: str) -> None:
        """The addresses that people and scripts need after a deploy; what is empty is left out."""
        for name, value in outputs.items():
            if value:
                CfnOutput(self, name, value=value)
