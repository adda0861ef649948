"""The runbooks that manifests pin, and the grants that each of them needs."""

from collections.abc import Iterable
from dataclasses import dataclass

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam

from infra.agents import Compiled
from infra.deployment import Deployment
from infra.manifests.rights import is_of_aws


@dataclass(frozen=True, slots=True, order=True)
class Runbook:
    """One version of one document, and the role that it assumes."""

    document: str
    version: str
    role: str


def runbooks_of(agents: Compiled) -> list[Runbook]:
    """Every runbook that a manifest pins, each once."""
    actions = [action for agent in agents.values() for action in agent.get("actions", {}).values()]
    return sorted(
        {
            Runbook(action["document"], action["version"], action["role"])
            for action in actions
            if action["kind"] == "document"
        }
    )


def arn_of(runbook: Runbook, deployment: Deployment, resource: str = "document") -> str:
    """The document's ARN in the target's region; AWS's own documents are in no account."""
    if runbook.document.startswith("arn:"):
        return runbook.document.replace(":document/", f":{resource}/")
    return deployment.stack.format_arn(
        service="ssm",
        region=deployment.page.places[0].region,
        account="" if is_of_aws(runbook.document) else None,
        resource=resource,
        resource_name=runbook.document,
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )


def executions(deployment: Deployment) -> str:
    """The executions of runbooks, which have no name before they run."""
    return deployment.stack.format_arn(
        service="ssm",
        region=deployment.page.places[0].region,
        resource="automation-execution",
        resource_name="*",
        arn_format=ArnFormat.SLASH_RESOURCE_NAME,
    )


def starting(runbooks: Iterable[Runbook], deployment: Deployment) -> list[iam.PolicyStatement]:
    """What the launch role needs: these versions alone, these roles alone, and to see how it ends.

    Systems Manager checks the document with its version, or the definition, which names it; and the execution.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-setup-identity-based-policies.html
    """
    statements: list[iam.PolicyStatement] = []
    runbooks = list(runbooks)
    for runbook in runbooks:
        statements.append(
            iam.PolicyStatement(
                actions=["ssm:StartAutomationExecution"],
                resources=[arn_of(runbook, deployment)],
                conditions={"ForAnyValue:StringEquals": {"ssm:DocumentVersion": [runbook.version]}},
            )
        )
    if runbooks:
        definitions = [
            f"{arn_of(one, deployment, 'automation-definition')}:{one.version}" for one in runbooks
        ]
        statements += [
            iam.PolicyStatement(
                sid="StartPinnedRunbooks",
                actions=["ssm:StartAutomationExecution"],
                resources=[*definitions, executions(deployment)],
            ),
            iam.PolicyStatement(
                sid="SeeRunbooks",
                actions=["ssm:GetAutomationExecution"],
                resources=[executions(deployment)],
            ),
            iam.PolicyStatement(
                sid="PassPinnedRoles",
                actions=["iam:PassRole"],
                resources=sorted({one.role for one in runbooks}),
                conditions={"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            ),
        ]
    return statements
