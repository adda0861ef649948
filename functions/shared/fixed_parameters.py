"""What the operator fixed for every launch: sent beside the model's values, shown to people, never to the model.

The page writes it once per target (`SubnetIds`, `SecurityGroupIds`, `InstanceProfile`, `Encrypted`, `PublicAddress`,
`Tags`; what is not set is left out); a plan holds it by EC2's own names, as it will be sent.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Subnet = Annotated[str, StringConstraints(pattern=r"\Asubnet-[0-9a-f]{8,17}\z")]
SecurityGroup = Annotated[str, StringConstraints(pattern=r"\Asg-[0-9a-f]{8,17}\z")]
ProfileArn = Annotated[
    str,
    StringConstraints(pattern=r"\Aarn:aws[a-z-]*:iam::[0-9]{12}:instance-profile/[!-~]{1,640}\z"),
]
Device = Annotated[str, StringConstraints(pattern=r"\A[a-z0-9/]{1,32}\z")]
TagKey = Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9 _.:/=+@-]{1,128}\z")]
TagValue = Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9 _.:/=+@-]{0,256}\z")]

NAMES = (
    "SubnetId",
    "SecurityGroupIds",
    "NetworkInterfaces",
    "IamInstanceProfile",
    "BlockDeviceMappings",
    "Tags",
)
"""The members of a plan's parameters that only the operator sets."""
DISKS = "BlockDeviceMappings"
"""Empty in a draft: the image knows the names of the disks that are to be encrypted."""
TAKEN_TAGS = ("aws:", "countersign:")
HIDDEN = "(set by your operator)"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Interface(_Part):
    """The first network interface, in the form that a public address needs; it ends with its instance."""

    DeviceIndex: Literal[0]
    DeleteOnTermination: Literal[True]
    AssociatePublicIpAddress: bool
    SubnetId: Subnet
    Groups: Annotated[list[SecurityGroup], Field(min_length=1, max_length=16)] | None = None


class Profile(_Part):
    Arn: ProfileArn


class Disk(_Part):
    """A disk of the image's own, with nothing changed but that it is encrypted."""

    DeviceName: Device
    Ebs: dict[Literal["Encrypted"], Literal[True]] = Field(min_length=1)


class FixedParameters(_Part):
    """The operator's part of a launch by EC2's names; `Tags` are added to ours when it is sent."""

    SubnetId: Subnet | None = None
    SecurityGroupIds: Annotated[list[SecurityGroup], Field(max_length=16)] | None = None
    NetworkInterfaces: Annotated[list[Interface], Field(min_length=1, max_length=1)] | None = None
    IamInstanceProfile: Profile | None = None
    BlockDeviceMappings: Annotated[list[Disk], Field(max_length=40)] | None = None
    Tags: Annotated[dict[TagKey, TagValue], Field(max_length=30)] | None = None

    @field_validator("Tags")
    @classmethod
    def tags_are_not_ours(cls, tags: dict[str, str] | None) -> dict[str, str] | None:
        if any(key.lower().startswith(TAKEN_TAGS) for key in tags or {}):
            raise ValueError("a tag is one of ours or of AWS's")
        return tags

    @model_validator(mode="after")
    def network_is_named_once(self) -> Self:
        if self.NetworkInterfaces and (self.SubnetId or self.SecurityGroupIds):
            raise ValueError("EC2 takes subnet and groups in the interface or beside it, not both")
        return self


def chosen(fixed: Mapping[str, Any], *, approval_id: str, call_id: str) -> dict[str, Any]:
    """What one call is sent of what the page fixes; of several subnets the same one for the same call."""
    subnet = _one_of(fixed.get("SubnetIds") or (), f"{approval_id}\n{call_id}")
    groups = list(fixed.get("SecurityGroupIds") or ())
    sent: dict[str, Any] = {}
    if fixed.get("PublicAddress") is not None:
        interface = {
            "DeviceIndex": 0,
            "DeleteOnTermination": True,
            "AssociatePublicIpAddress": bool(fixed["PublicAddress"]),
            "SubnetId": subnet,
        }
        sent["NetworkInterfaces"] = [interface | ({"Groups": groups} if groups else {})]
    else:
        sent |= {"SubnetId": subnet} if subnet else {}
        sent |= {"SecurityGroupIds": groups} if groups else {}
    if fixed.get("InstanceProfile"):
        sent["IamInstanceProfile"] = {"Arn": fixed["InstanceProfile"]}
    if fixed.get("Encrypted"):
        sent[DISKS] = []
    if fixed.get("Tags"):
        sent["Tags"] = dict(fixed["Tags"])
    return sent


def kept(fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Of a call's parameters those that the operator fixed; what is empty is not set."""
    return {
        name: fixed[name] for name in NAMES if fixed.get(name) or (name == DISKS and name in fixed)
    }


def disks_of(image: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every disk that starts with an instance of the image, encrypted; none where its root is no such disk.

    IAM cannot tell a root disk from another, so all of them are.
    """
    devices = [
        str(one["DeviceName"])
        for one in image.get("BlockDeviceMappings") or ()
        if "Ebs" in one and one.get("DeviceName")
    ]
    root = image.get("RootDeviceName")
    if root not in devices:
        return []
    return [{"DeviceName": name, "Ebs": {"Encrypted": True}} for name in dict.fromkeys(devices)]


def awaits_disks(parameters: Mapping[str, Any]) -> bool:
    """Whether the names of the disks that are to be encrypted are still missing."""
    return DISKS in parameters and not parameters[DISKS]


def network_of(parameters: Mapping[str, Any]) -> tuple[str, list[str], bool | None]:
    """Subnet, security groups, and whether there is a public address; empty and None where nothing is fixed."""
    for interface in parameters.get("NetworkInterfaces") or ():
        return (
            interface["SubnetId"],
            list(interface.get("Groups") or ()),
            interface["AssociatePublicIpAddress"],
        )
    groups = list(parameters.get("SecurityGroupIds") or ())
    return str(parameters.get("SubnetId") or ""), groups, None


def facts(parameters: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the approver's table, one for each thing that the operator fixed."""
    subnet, groups, is_public = network_of(parameters)
    profile = (parameters.get("IamInstanceProfile") or {}).get("Arn", "")
    disks = [str(disk["DeviceName"]) for disk in parameters.get(DISKS) or ()]
    address = "" if is_public is None else "yes" if is_public else "no"
    rows = [
        ("fixed_subnet", "Subnet", subnet),
        ("fixed_security_groups", "Security groups", ", ".join(groups)),
        ("fixed_public_address", "Public address", address),
        ("fixed_instance_profile", "Instance profile", profile),
        ("fixed_encryption", "Encrypted disks", ", ".join(disks)),
        *(
            ("fixed_tag", "Tag", f"{key} = {value}")
            for key, value in sorted((parameters.get("Tags") or {}).items())
        ),
    ]
    return [
        {"key": key, "label": label, "value": value, "source": "operator", "level": "plain"}
        for key, label, value in rows
        if value
    ]


def hidden(text: str, parameters: Mapping[str, Any]) -> str:
    """A sentence for requester and model, without what the operator fixed: AWS's own words may name it."""
    subnet, groups, _ = network_of(parameters)
    profile = (parameters.get("IamInstanceProfile") or {}).get("Arn", "")
    tags = parameters.get("Tags") or {}
    words = (*tags, *tags.values(), profile.partition("/")[2])
    quoted = [f"{mark}{word}{mark}" for word in words if word for mark in "'\""]
    for known in filter(None, (subnet, *groups, profile, *quoted)):
        text = text.replace(known, HIDDEN)
    return text


def _one_of(subnets: Sequence[str], call: str) -> str:
    if not subnets:
        return ""
    number = int.from_bytes(hashlib.sha256(call.encode()).digest()[:8])
    return subnets[number % len(subnets)]
