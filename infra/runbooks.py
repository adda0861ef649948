"""The runbooks that manifests pin, and the grants that each of them needs."""

from collections.abc import Iterable
from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from infra.agents import Compiled
from infra.manifests.rights import is_of_aws
from infra.page import Page
from infra.page_targets import Place


@dataclass(frozen=True, slots=True, order=True)
class Runbook:
    """One version of one document, the role that it assumes, and the region where it runs."""

    document: str
    version: str
    role: str
    region: str = ""

    def arn(self, stack: Stack, resource: str = "document") -> str:
        """The document's ARN in the stack's account; AWS's own documents are in none."""
        if self.document.startswith("arn:"):
            return self.document.replace(":document/", f":{resource}/")
        return stack.format_arn(
            service="ssm",
            region=self.region,
            account="" if is_of_aws(self.document) else None,
            resource=resource,
            resource_name=self.document,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

    def executions(self, stack: Stack) -> str:
        """The executions of runbooks, which have no name before they run."""
        return stack.format_arn(
            service="ssm",
            region=self.region,
            resource="automation-execution",
            resource_name="*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )


def runbooks_of(agents: Compiled, page: Page, places: Iterable[Place]) -> list[Runbook]:
    """Every runbook that a manifest pins and that runs in one of these places, each once."""
    actions = [action for agent in agents.values() for action in agent.get("actions", {}).values()]
    here = {place.name for place in places}
    return sorted(
        {
            Runbook(action["document"], action["version"], action["role"], there.region)
            for action in actions
            if action["kind"] == "document"
            and (there := place_of_role(page, action["role"])).name in here
        }
    )


def place_of_role(page: Page, role: str) -> Place:
    """Where a runbook runs: the first place in the account of its role, as the chat chooses it."""
    account = role.split(":")[4]
    in_it = (place for place in page.places if (place.account or page.account) == account)
    return next(in_it, page.places[0])


def starting(runbooks: Iterable[Runbook], stack: Stack) -> list[iam.PolicyStatement]:
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
                resources=[runbook.arn(stack)],
                conditions={"ForAnyValue:StringEquals": {"ssm:DocumentVersion": [runbook.version]}},
            )
        )
    if runbooks:
        definitions = [
            f"{one.arn(stack, 'automation-definition')}:{one.version}" for one in runbooks
        ]
        executions = list(dict.fromkeys(one.executions(stack) for one in runbooks))
        statements += [
            iam.PolicyStatement(
                sid="StartPinnedRunbooks",
                actions=["ssm:StartAutomationExecution"],
                resources=[*definitions, *executions],
            ),
            iam.PolicyStatement(
                sid="SeeRunbooks",
                actions=["ssm:GetAutomationExecution"],
                resources=executions,
            ),
            iam.PolicyStatement(
                sid="PassPinnedRoles",
                actions=["iam:PassRole"],
                resources=sorted({one.role for one in runbooks}),
                conditions={"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}},
            ),
        ]
    return statements
