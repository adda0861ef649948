"""What all constructs of a deployment share: the operator's page, early names, the key."""

from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from infra.packages import Packages
from infra.page import Page
from infra.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Names follow from the stack's, so Lambdas and state machine know each other without a cycle."""

    stack: Stack
    page: Page
    stage: Stage
    packages: Packages
    key: kms.Key
    """Encrypts whatever holds people's words or names."""
    dead_letters: sqs.Queue
    """Takes what an asynchronous call could not deliver."""

    def function_name(self, role: str) -> str:
        """The Lambda's name in the account, after its role here."""
        return f"{self.page.stack}-{role}"

    def function_arn(self, role: str) -> str:
        """The Lambda's ARN, known before the Lambda is."""
        return self.stack.format_arn(
            service="lambda",
            resource="function",
            resource_name=self.function_name(role),
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    @property
    def state_machine_name(self) -> str:
        """The approval workflow's name in the account."""
        return f"{self.page.stack}-approval"

    @property
    def state_machine_arn(self) -> str:
        """The approval workflow's ARN, known before the workflow is."""
        return self.state_machine("stateMachine")

    def state_machine(self, resource: str, name: str = "") -> str:
        """The ARN of the workflow's machine, or of executions of it."""
        suffix = f":{name}" if name else ""
        return self.stack.format_arn(
            service="states",
            resource=resource,
            resource_name=self.state_machine_name + suffix,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def code_of(self, room: str) -> lambda_.Code:
        """The room's zip; where CDK asks for no bundling, any small asset in its place."""
        if self.stack.bundling_required:
            return lambda_.Code.from_asset(str(self.packages.zip_of(room)))
        return lambda_.Code.from_asset("statemachines")
