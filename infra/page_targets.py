"""What the operator's page says of targets: the accounts and regions where calls run, and what is fixed there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from infra.page_images import Image
from infra.page_part import Part

Account = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
TargetName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
TagKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 _.:/=+@-]{1,128}$")]
TagValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 _.:/=+@-]{0,256}$")]
RESERVED_TAGS = ("aws:", "countersign:")
MOST_TAGS = 30
"""EC2 takes 50 on a resource; six of them are ours."""


def checked_tags(tags: dict[str, str]) -> dict[str, str]:
    """The tags, none of which AWS or the product keeps for itself; raises `ValueError`."""
    for key in tags:
        if key.lower().startswith(RESERVED_TAGS):
            raise ValueError(f"the tag {key!r} begins with aws: or countersign:, which are taken")
    if len({key.lower() for key in tags}) < len(tags):
        raise ValueError("two tags differ only by capitals, which IAM takes for one")
    if len(tags) > MOST_TAGS:
        raise ValueError(f"more than {MOST_TAGS} tags")
    return tags


class InstanceProfile(Part):
    """The instance profile that launched instances get, and the role in it: the only one that may be passed."""

    arn: Annotated[
        str,
        StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:instance-profile/[\w+=,.@/-]+$"),
    ]
    """The instance profile."""
    role_arn: Annotated[
        str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")
    ]
    """The role in it."""


class Fixed(Part):
    """Sent with every launch, whatever the model says, and never seen by it; what is not set is not sent."""

    subnet_ids: Annotated[tuple[SubnetId, ...], Field(max_length=16)] = ()
    """Subnets; with several, each launch goes into one of them, by its approval. Empty: the default network."""
    security_group_ids: Annotated[tuple[SecurityGroupId, ...], Field(max_length=16)] = ()
    """Security groups; empty: the network's default one."""
    instance_profile: InstanceProfile | None = None
    """The instance profile that launched instances get; without it they get none."""
    encrypted_root_volume: bool = False
    """Whether the root volume is encrypted, whatever the image says."""
    public_address: bool | None = None
    """Whether instances get a public address; by default as the subnet says."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """On every launched instance and its volumes, beside ours."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What launches are sent beside the model's values, as functions/shared/fixed_parameters.py reads it."""
        profile = self.instance_profile
        sent: dict[str, Any] = {
            "SubnetIds": list(self.subnet_ids),
            "SecurityGroupIds": list(self.security_group_ids),
            "InstanceProfile": profile.arn if profile else "",
            "Encrypted": self.encrypted_root_volume,
            "Tags": dict(self.tags),
        }
        is_public = {} if self.public_address is None else {"PublicAddress": self.public_address}
        return {name: value for name, value in sent.items() if value} | is_public

    @field_validator("tags")
    @classmethod
    def tags_are_free(cls, tags: dict[str, str]) -> dict[str, str]:
        return checked_tags(tags)

    @model_validator(mode="after")
    def fits(self) -> Self:
        check_address(self)
        return self


def check_address(fixed: Fixed) -> None:
    """Raises `ValueError` where a public address is fixed and no subnet."""
    if fixed.public_address is not None and not fixed.subnet_ids:
        raise ValueError("public_address needs subnet_ids: EC2 takes it with a subnet only")


class Target(Part):
    """One target as the page has it: an account, its regions, and what is fixed there."""

    account: Account | None = None
    """The account; by default that of the stack itself."""
    regions: Annotated[dict[Region, Fixed], Field(max_length=8)] = Field(default_factory=dict)
    """Its regions, and what each fixes over what the target fixes; a list of names fixes nothing. With several, each is
    a target of its own, named `<target>-<region>`. Empty: the region of the stack itself."""
    fixed: Fixed = Fixed()
    """What is sent with every launch there."""
    external_id: Annotated[str, StringConstraints(pattern=r"^([\w+=,.@:/-]{8,128})?$")] = ""
    """What the launch role of another account asks for; needed there, and refused here."""
    images: tuple[Image, ...] = ()
    """What people can choose from there; empty: the page's own images."""

    @field_validator("regions", mode="before")
    @classmethod
    def names_alone_fix_nothing(cls, written: object) -> object:
        """`regions: [a, b]` says only which they are."""
        if isinstance(written, list | tuple):
            return {name: {} for name in written}
        return {} if written is None else written

    @model_validator(mode="before")
    @classmethod
    def earlier_words(cls, written: object) -> object:
        """Pages of the first releases said `region`, `subnet_id` and `security_group_ids` of their one target."""
        if not isinstance(written, Mapping):
            return written
        page = dict(written)
        region = page.pop("region", None)
        if region:
            page.setdefault("regions", [region])
        subnet_id = page.pop("subnet_id", None)
        groups = page.pop("security_group_ids", None)
        if subnet_id or groups:
            earlier = {"subnet_ids": [subnet_id]} if subnet_id else {}
            if groups:
                earlier["security_group_ids"] = groups
            fixed = page.get("fixed") or {}
            page["fixed"] = {**earlier, **fixed} if isinstance(fixed, Mapping) else fixed
        return page


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One account and one region where calls run, by the name that people and plans use."""

    name: str
    account: str
    """Empty: the account of the stack itself."""
    region: str
    fixed: Fixed
    target: str
    """The line of the page that it comes from."""
    external_id: str = ""
    images: tuple[Image, ...] = ()


def places_of(
    targets: Mapping[str, Target], *, region: str, images: tuple[Image, ...]
) -> tuple[Place, ...]:
    """Every place of the page, in its order; a target with several regions gives one place for each.

    Raises `ValueError` where two places would have one name, or what is fixed in one does not fit together.
    """
    places = [
        Place(
            name=name if len(target.regions) < 2 else f"{name}-{one}",
            account=target.account or "",
            region=one,
            fixed=merged(target.fixed, regional),
            target=name,
            external_id=target.external_id,
            images=target.images or images,
        )
        for name, target in targets.items()
        for one, regional in (target.regions or {region: Fixed()}).items()
    ]
    names = [place.name for place in places]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two targets have the name {twice[0]}")
    for place in places:
        try:
            check_address(place.fixed)
        except ValueError as error:
            raise ValueError(f"targets.{place.target} in {place.region}: {error}") from error
    return tuple(places)


def merged(target: Fixed, regional: Fixed) -> Fixed:
    """What a region fixes over what its target fixes; tags of both."""
    over: dict[str, Any] = {name: getattr(regional, name) for name in regional.model_fields_set}
    over["tags"] = checked_tags({**target.tags, **regional.tags})
    return target.model_copy(update=over)
