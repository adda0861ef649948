"""The sandbox: code that nobody has read, in a network without a way out, under a role without rights."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from functions.shared.sandbox_settings import RunCodeSettings
from infra.deployment import Deployment
from infra.reasons import accept_wildcard
from infra.room import Room, role_of
from infra.sandbox_network import SandboxNetwork

RUN_CODE = "run_code"
BEYOND_A_RUN_SECONDS = 30
"""For starting a process, unpacking files and reading the answer."""
BEYOND_A_RUN_MB = 512
"""For the handler and what watches the run."""
STORAGE_MB = 1024
LOGGING = ["logs:CreateLogStream", "logs:PutLogEvents"]
INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
"""What Lambda asks of a function's role to attach it to a network."""


class RunCode(Construct):
    """One environment serves one conversation alone, and what runs in it may use no right but to write its log."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        page = deployment.page
        self._role = role_of(self, "FunctionRole", name=deployment.function_name(RUN_CODE))
        self._refuse_from_within(deployment)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room=RUN_CODE,
            role=self._role,
            settings=RunCodeSettings(
                stage=page.stage,
                confinement=confinement(deployment),
                seconds=page.sandbox.seconds,
                memory_mb=page.sandbox.memory_mb,
            ),
            seconds=page.sandbox.seconds + BEYOND_A_RUN_SECONDS,
            memory=page.sandbox.memory_mb + BEYOND_A_RUN_MB,
            storage_mb=STORAGE_MB,
            is_traced=False,
            serves_tenants_apart=True,
        )
        if deployment.stage.isolates_by_network:
            self._attach(SandboxNetwork(self, "Network", deployment=deployment))

    def _refuse_from_within(self, deployment: Deployment) -> None:
        """Whatever is asked with the credentials that lie in an environment of this function.

        Lambda asks for network interfaces itself, which carries no source function, and writes the log, which does:
        https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
        """
        arn = deployment.function_arn(RUN_CODE)
        self._role.add_to_policy(
            iam.PolicyStatement(
                sid="NothingFromWithin",
                effect=iam.Effect.DENY,
                not_actions=LOGGING,
                resources=["*"],
                conditions={"ArnEquals": {"lambda:SourceFunctionArn": [arn, f"{arn}:*"]}},
            )
        )

    def _attach(self, network: SandboxNetwork) -> None:
        self._role.add_to_policy(
            iam.PolicyStatement(sid="NetworkInterfaces", actions=INTERFACES, resources=["*"])
        )
        accept_wildcard(
            self._role,
            "Lambda tries these without a resource before it attaches a function; its code is denied all of them.",
            "*",
        )
        function = self.function.node.default_child
        if not isinstance(function, lambda_.CfnFunction):
            raise TypeError("A function's default child is its resource.")
        self.function.node.add_dependency(network)
        function.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(network.subnet_ids), security_group_ids=[network.security_group_id]
        )


def confinement(deployment: Deployment) -> str:
    """What the sandbox relies on; it refuses to run where it cannot have it."""
    if deployment.stage.isolates_by_network:
        return "vpc"
    return "unconfined" if deployment.page.sandbox.unconfined else "namespaces"
