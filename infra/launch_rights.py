"""What a launch role may: no more than the operator's page fixes for the places that it reaches, all in one account."""

from collections.abc import Callable, Hashable, Mapping, Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from functions.shared.instance_tags import (
    TAG_APPROVAL,
    TAG_APPROVER,
    TAG_CALL,
    TAG_REQUESTER,
    TAG_STACK,
)
from infra.ending_rights import allow_ending
from infra.page_targets import Fixed, Place
from infra.reasons import accept_wildcard
from infra.targets import regions_of

TAGS = (TAG_APPROVAL, TAG_CALL, TAG_REQUESTER, TAG_APPROVER, TAG_STACK)
PRESENT_TAGS = {"Null": {f"aws:RequestTag/{tag}": "false" for tag in TAGS}}
NAMES_ITS_APPROVAL = {"Null": {"sts:SourceIdentity": "false"}}
"""Of who assumes a launch role: each session carries its approval's id."""
FOR_THE_APPROVER = (
    "Which image, network and key are meant is for the approver; types and tags are bound."
)

Conditions = Mapping[str, Mapping[str, object]]


def allow_launching(
    role: iam.Role, places: Sequence[Place], *, stack: str, instance_types: Sequence[str]
) -> None:
    """Tagged instances of these types may be started as the page fixes it, seen, and ended by this stack's tag.

    `places` lie in the role's account; `stack` is what the tag countersign:stack says.
    """
    if not places:
        return
    rights = _LaunchRights(role, places)
    rights.run("instance", lambda fixed: _as_an_instance(fixed, instance_types))
    rights.run("volume", _as_a_volume)
    rights.run("network-interface", _as_an_interface)
    for kind in ("image", "key-pair"):
        rights.run(kind, lambda _: {})
    rights.run_in("subnet", lambda fixed: fixed.subnet_ids)
    rights.run_in("security-group", lambda fixed: fixed.security_group_ids)
    rights.hand_over_roles()
    rights.tag()
    allow_ending(role, regions_of(places), stack=stack)
    rights.see()


def _as_an_instance(fixed: Fixed, instance_types: Sequence[str]) -> Conditions:
    profile = fixed.instance_profile
    return {
        **PRESENT_TAGS,
        "StringEquals": {
            "ec2:InstanceType": list(instance_types),
            "ec2:MetadataHttpTokens": "required",
        },
        **({"ArnEquals": {"ec2:InstanceProfile": profile.arn}} if profile else {}),
    }


def _as_a_volume(fixed: Fixed) -> Conditions:
    """IAM cannot tell a root volume from another: where it has to be encrypted, each has."""
    encrypted = {"Bool": {"ec2:Encrypted": "true"}} if fixed.encrypted_root_volume else {}
    return {**PRESENT_TAGS, **encrypted}


def _as_an_interface(fixed: Fixed) -> Conditions:
    if fixed.public_address is None:
        return {}
    return {"Bool": {"ec2:AssociatePublicIpAddress": str(fixed.public_address).lower()}}


class _LaunchRights:
    def __init__(self, role: iam.Role, places: Sequence[Place]) -> None:
        self._role = role
        self._places = places

    def run(self, kind: str, conditions_of: Callable[[Fixed], Conditions]) -> None:
        """RunInstances on a resource type: one statement for the regions with the same conditions."""
        by_conditions: dict[Hashable, tuple[Conditions, list[str]]] = {}
        for place in self._places:
            conditions = conditions_of(place.fixed)
            _, regions = by_conditions.setdefault(repr(conditions), (conditions, []))
            regions.append(place.region)
        for number, (conditions, regions) in enumerate(by_conditions.values(), start=1):
            resources = self._every(kind, regions)
            self._allow(_sid("Run", kind, number), ["ec2:RunInstances"], resources, conditions)
            accept_wildcard(self._role, FOR_THE_APPROVER, *resources)

    def run_in(self, kind: str, named: Callable[[Fixed], Sequence[str]]) -> None:
        """RunInstances on what the page names; on every one of a region where it names none."""
        anywhere = [place.region for place in self._places if not named(place.fixed)]
        every = self._every(kind, anywhere)
        shared = [
            self._arn(kind, place.region, name, account="*")
            for place in self._places
            for name in named(place.fixed)
        ]
        resources = list(dict.fromkeys([*every, *shared]))
        self._allow(_sid("Run", kind), ["ec2:RunInstances"], resources)
        accept_wildcard(self._role, FOR_THE_APPROVER, *every)
        accept_wildcard(
            self._role, "A shared network belongs to the account that shares it.", *shared
        )

    def hand_over_roles(self) -> None:
        """The roles in the instance profiles of the page, to EC2 alone; without one, none."""
        profiles = [place.fixed.instance_profile for place in self._places]
        roles = sorted({profile.role_arn for profile in profiles if profile})
        if roles:
            to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
            self._allow("PassFixedRoles", ["iam:PassRole"], roles, to_ec2)

    def tag(self) -> None:
        created = self._every("instance") + self._every("volume")
        while_starting = {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
        self._allow("TagWhatIsStarted", ["ec2:CreateTags"], created, while_starting)

    def see(self) -> None:
        """Instances; and images, where the rehearsal has to name the disks that are to be encrypted."""
        encrypts = any(place.fixed.encrypted_root_volume for place in self._places)
        actions = ["ec2:DescribeInstances", *(["ec2:DescribeImages"] if encrypts else [])]
        self._allow("See", actions, ["*"])
        accept_wildcard(self._role, "EC2's Describe actions take no resource.", "*")

    def _allow(
        self,
        sid: str,
        actions: Sequence[str],
        resources: Sequence[str],
        conditions: Conditions | None = None,
    ) -> None:
        self._role.add_to_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=list(actions),
                resources=list(resources),
                conditions=dict(conditions or {}),
            )
        )

    def _every(self, kind: str, regions: Sequence[str] | None = None) -> list[str]:
        """Every resource of a type in some of the places' regions; images belong to no account there."""
        wanted = [place.region for place in self._places] if regions is None else regions
        account = "" if kind == "image" else None
        return [self._arn(kind, region, "*", account=account) for region in dict.fromkeys(wanted)]

    def _arn(self, kind: str, region: str, name: str, *, account: str | None) -> str:
        return Stack.of(self._role).format_arn(
            service="ec2",
            region=region,
            account=account,
            resource=kind,
            resource_name=name,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )


def _sid(verb: str, kind: str, number: int = 1) -> str:
    return verb + kind.title().replace("-", "") + ("" if number == 1 else str(number))
