"""The stack countersign-target: what another account grants to one deployment, and to no more than its four rooms."""

from collections.abc import Sequence

from aws_cdk import (
    CfnOutput,
    Environment,
    LegacyStackSynthesizer,
    Stack,
    Tags,
)
from aws_cdk import aws_iam as iam
from constructs import Construct

from functions.shared.targets import Target as Where
from infra.agents import Compiled, launchable_types
from infra.catalogue import CATALOGUE
from infra.catalogue import READS as CATALOGUE_READS
from infra.ending_rights import allow_ending
from infra.launch_rights import NAMES_ITS_APPROVAL, allow_launching
from infra.page import NAME, BadPage, Page
from infra.page_targets import Place
from infra.preflight import PREFLIGHT
from infra.preflight import READS as PREFLIGHT_READS
from infra.public_parameters import allow_public_parameters
from infra.reasons import accept_wildcard
from infra.runbooks import runbooks_of, starting
from infra.targets import (
    LAUNCH,
    LEASE,
    LOOK,
    home_role_name,
    places_away,
    regions_of,
    target_role_name,
)

READS = sorted({*CATALOGUE_READS, *PREFLIGHT_READS} - {"pricing:GetProducts"})
"""Prices are asked of the deployment's own account: they are the same for all."""


def target_stack_name(page: Page, target: str) -> str:
    """The name of the stack in the target's account."""
    return f"{page.stack}-target-{target}"


class CountersignTarget(Stack):
    """Three roles of fixed names; each trusts the rooms of the deployment that need it, by the external id of the page.

    It needs no bootstrap: there is no file in it. Raises `BadPage` for a target of the deployment's own account.
    """

    def __init__(self, scope: Construct, *, page: Page, agents: Compiled, target: str) -> None:
        places = [place for place in places_away(page) if place.target == target]
        if not places:
            raise BadPage(
                f"{NAME}: targets.{target} is no target in another account, and only those need this stack"
            )
        super().__init__(
            scope,
            target_stack_name(page, target),
            description=f"Countersign: what {page.stack} in {page.account} may do here.",
            env=Environment(account=places[0].account, region=places[0].region),
            synthesizer=LegacyStackSynthesizer(),
        )
        Tags.of(self).add("countersign:stack", page.stack)
        for key, value in page.tags.items():
            Tags.of(self).add(key, value)
        trust = _Trust(page, places[0])
        self.launch_role = iam.Role(
            self,
            "LaunchRole",
            role_name=target_role_name(page, target, LAUNCH),
            assumed_by=trust.of(LAUNCH, names_its_approval=True),
            description="Starts approved instances; each session carries its approval's id.",
        )
        trust.admit_source_identity(self.launch_role, LAUNCH)
        allow_launching(
            self.launch_role,
            places,
            stack=page.stack,
            instance_types=launchable_types(agents),
        )
        runbooks = runbooks_of(agents, page, places)
        for statement in starting(runbooks, self):
            self.launch_role.add_to_policy(statement)
        executions = {runbook.executions(self) for runbook in runbooks}
        accept_wildcard(
            self.launch_role, "An execution has no name before it runs.", *sorted(executions)
        )
        self.look_role = iam.Role(
            self,
            "LookRole",
            role_name=target_role_name(page, target, LOOK),
            assumed_by=trust.of(PREFLIGHT, CATALOGUE),
            description="Looks at what an approved instance would meet, and at what people can choose from.",
        )
        self._look(places, [runbook.arn(self) for runbook in runbooks])
        self.lease_role = iam.Role(
            self,
            "LeaseRole",
            role_name=target_role_name(page, target, LEASE),
            assumed_by=trust.of(LEASE),
            description="Stops and terminates what carries this deployment's tags when its lease ends.",
        )
        self._end(page, places)
        for name, role in (
            ("LaunchRoleArn", self.launch_role),
            ("LookRoleArn", self.look_role),
            ("LeaseRoleArn", self.lease_role),
        ):
            CfnOutput(self, name, value=role.role_arn)

    def _look(self, places: Sequence[Place], documents: Sequence[str]) -> None:
        _allow(self.look_role, "Look", READS, ["*"])
        accept_wildcard(
            self.look_role,
            "EC2's Describe actions, the account's alias and quotas take no resource.",
            "*",
        )
        allow_public_parameters(self.look_role, regions_of(places))
        if documents:
            _allow(self.look_role, "Runbooks", ["ssm:DescribeDocument"], sorted(set(documents)))

    def _end(self, page: Page, places: Sequence[Place]) -> None:
        _allow(self.lease_role, "See", ["ec2:DescribeInstances"], ["*"])
        accept_wildcard(self.lease_role, "ec2:DescribeInstances takes no resource.", "*")
        allow_ending(self.lease_role, regions_of(places), stack=page.stack)


class _Trust:
    """Who of the deployment is trusted: rooms by their roles' names, with the page's external id."""

    def __init__(self, page: Page, place: Place) -> None:
        self._page = page
        self._place = place

    def of(self, *rooms: str, names_its_approval: bool = False) -> iam.IPrincipal:
        external = {"StringEquals": {"sts:ExternalId": self._place.external_id}}
        named = NAMES_ITS_APPROVAL if names_its_approval else {}
        return iam.PrincipalWithConditions(self._rooms(*rooms), {**external, **named})

    def admit_source_identity(self, role: iam.Role, room: str) -> None:
        """Naming one is a right of its own, which who assumes the role has to have here too."""
        if role.assume_role_policy:
            role.assume_role_policy.add_statements(
                iam.PolicyStatement(
                    actions=["sts:SetSourceIdentity"], principals=[self._rooms(room)]
                )
            )

    def _rooms(self, *rooms: str) -> iam.CompositePrincipal:
        partition = Where(name="", account="", region=self._page.region).partition
        home = f"arn:{partition}:iam::{self._page.account}:role"
        return iam.CompositePrincipal(
            *(iam.ArnPrincipal(f"{home}/{home_role_name(self._page, room)}") for room in rooms)
        )


def _allow(role: iam.Role, sid: str, actions: Sequence[str], resources: Sequence[str]) -> None:
    role.add_to_policy(
        iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources))
    )
