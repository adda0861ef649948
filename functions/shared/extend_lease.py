"""The operation `extend_lease`: a later end for an instance that was launched here."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from functions.shared.plan_words import literal
from functions.shared.run_instances import BadArguments

MOST_HOURS = 72
InstanceId = Annotated[str, StringConstraints(pattern=r"\Ai-[0-9a-f]{8,17}\z")]

_EXPECTED = {
    "instance_id": "an instance id such as i-0123456789abcdef0",
    "hours": f"a whole number from 1 to {MOST_HOURS}",
}


class ExtendLease(BaseModel):
    """Which instance, and how many hours its lease ends later."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    instance_id: InstanceId
    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]


def check(arguments: Mapping[str, Any]) -> ExtendLease:
    """The arguments as a type; raises `BadArguments` with what is wrong and what would be right."""
    try:
        return ExtendLease.model_validate(dict(arguments))
    except ValidationError as error:
        names = sorted({str(item["loc"][0]) for item in error.errors()})
        complaints = [f"{name} must be {_EXPECTED.get(name, 'left out')}" for name in names]
        raise BadArguments("; ".join(complaints) + ".") from error


def planned(arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """What will be done; the operator fixes nothing here."""
    asked = check(arguments)
    return {"instance_id": asked.instance_id, "hours": asked.hours}


def confirmation(call: Mapping[str, Any]) -> str:
    """The program's own words for what was asked; hostile values cannot forge a line."""
    arguments, rule = call["arguments"], "-" * 32
    return (
        "\nYou are trying to extend the lease of an instance.\n"
        "Below is information about the lease you are trying to extend.\n"
        f"{rule}\n"
        f"Instance: {literal(arguments.get('instance_id'))}\n"
        f"Hours: {literal(arguments.get('hours'))}\n"
        f"{rule}\n"
        "proceed? (y/n): "
    )


def summary(call: Mapping[str, Any]) -> str:
    """One line for an inbox or a subject."""
    arguments = call["arguments"]
    instance_id, hours = literal(arguments.get("instance_id")), literal(arguments.get("hours"))
    return f"Extend the lease of {instance_id} by {hours} h"


def facts(call: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the approver's table; `source` says who said it."""
    return [
        {
            "key": name,
            "label": label,
            "value": literal(call["arguments"].get(name)),
            "source": "model",
            "level": "plain",
        }
        for label, name in (("Instance", "instance_id"), ("Hours", "hours"))
    ]
