"""The operation `run_instances`: which arguments it takes, what the approver reads, what EC2 is sent.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from functions.shared.fixed_parameters import FixedParameters, awaits_disks, kept


class BadArguments(Exception):
    """Arguments that this operation cannot take; the message is made for the model and the person."""


AmiId = Annotated[str, StringConstraints(pattern=r"\Aami-[0-9a-f]{8,17}\z")]
InstanceType = Annotated[
    str, StringConstraints(pattern=r"\A[a-z0-9][a-z0-9-]{0,30}\.[a-z0-9-]{1,20}\z")
]
KeyPairName = Annotated[str, StringConstraints(pattern=r"\A[!-~](?:[ -~]{0,253}[!-~])?\z")]

_EXPECTED = {
    "image_id": "an AMI id such as ami-0123456789abcdef0",
    "instance_type": "an instance type such as t3.micro",
    "key_name": "the name of an existing key pair: 1 to 255 printable ASCII characters",
}


class RunInstances(BaseModel):
    """Identifiers by strict ASCII patterns: nothing invisible, nothing that looks like something else."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    image_id: AmiId
    instance_type: InstanceType
    key_name: KeyPairName


def check(arguments: Mapping[str, Any]) -> RunInstances:
    """The arguments as a type; raises `BadArguments` with what is wrong and what would be right."""
    try:
        return RunInstances.model_validate(dict(arguments))
    except ValidationError as error:
        names = sorted({str(item["loc"][0]) for item in error.errors()})
        complaints = [f"{name} must be {_EXPECTED.get(name, 'left out')}" for name in names]
        raise BadArguments("; ".join(complaints) + ".") from error


def confirmation(call: Mapping[str, Any]) -> str:
    """The program's own words for what was asked; hostile values cannot forge a line."""
    arguments, rule = call["arguments"], "-" * 32
    return (
        "\nYou are trying to start an instance.\n"
        "Below is information about the instance you are trying to launch.\n"
        f"{rule}\n"
        f"AMI ID: {_literal(arguments.get('image_id'))}\n"
        f"Instance type: {_literal(arguments.get('instance_type'))}\n"
        f"Key pair name: {_literal(arguments.get('key_name'))}\n"
        f"{rule}\n"
        "proceed? (y/n): "
    )


def summary(call: Mapping[str, Any]) -> str:
    """One line for an inbox or a subject."""
    arguments = call["arguments"]
    return f"Start 1 × {_literal(arguments.get('instance_type'))} from {_literal(arguments.get('image_id'))}"


def facts(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the approver's table; `source` says who said it."""
    return [
        {
            "key": name,
            "label": label,
            "value": _literal(call["arguments"].get(name)),
            "source": "model",
            "level": "plain",
        }
        for label, name in (
            ("AMI ID", "image_id"),
            ("Instance type", "instance_type"),
            ("Key pair name", "key_name"),
        )
    ]


class Parameters(FixedParameters):
    """The fields that EC2 may ever be sent, by their EC2 names; the token and our tags are added at the launch."""

    ImageId: AmiId
    InstanceType: InstanceType
    KeyName: KeyPairName
    MinCount: Literal[1]
    MaxCount: Literal[1]
    MetadataOptions: dict[Literal["HttpTokens", "HttpEndpoint"], Literal["required", "enabled"]]


def planned(arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """What EC2 will be sent for these arguments, with what the operator fixed, by EC2's names."""
    asked = check(arguments)
    sent = {
        "ImageId": asked.image_id,
        "InstanceType": asked.instance_type,
        "KeyName": asked.key_name,
        "MinCount": 1,
        "MaxCount": 1,
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        **kept(fixed),
    }
    _ = _allowed(sent)
    return sent


def request(
    parameters: Mapping[str, Any], *, client_token: str, tags: Mapping[str, str]
) -> dict[str, Any]:
    """The whole RunInstances request: an allow-list of fields, one instance; the same input gives the same bytes.

    `tags` are ours; the operator's come after them. Raises `BadArguments` for parameters that are anything else.
    """
    allowed = _allowed(parameters)
    if allowed["MetadataOptions"] != {"HttpTokens": "required", "HttpEndpoint": "enabled"}:
        raise BadArguments("The planned launch does not require metadata tokens.")
    if awaits_disks(allowed):
        raise BadArguments("The planned launch does not name the disks that are to be encrypted.")
    own = {key: value for key, value in allowed.pop("Tags", {}).items() if key not in tags}
    tag_list = [{"Key": key, "Value": named[key]} for named in (tags, own) for key in sorted(named)]
    return {
        **allowed,
        "ClientToken": client_token,
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": tag_list},
            {"ResourceType": "volume", "Tags": tag_list},
        ],
    }


def _allowed(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, if they are those of a launch; raises `BadArguments`."""
    try:
        return Parameters.model_validate(dict(parameters)).model_dump(exclude_none=True)
    except ValidationError as error:
        raise BadArguments("The planned parameters are not those of a launch.") from error


def _literal(value: object) -> str:
    """A value as it stands; anything but printable ASCII is written as JSON escapes, on one line."""
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=True)
