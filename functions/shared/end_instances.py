"""The operations `stop_instances` and `terminate_instances`: one instance that was launched here ends.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.shared.extend_lease import InstanceId
from functions.shared.lease import LeaseStep
from functions.shared.plan_words import literal
from functions.shared.run_instances import BadArguments


class EndInstance(BaseModel):
    """Which instance."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    instance_id: InstanceId


@dataclass(frozen=True, slots=True)
class Ending:
    """One of the two operations: the lease's step that a person asks for, and its words."""

    step: LeaseStep
    verb: str
    done: str
    """The participle: `stopped`."""
    means: str
    """What it means for the disks, for who reads the confirmation."""

    def check(self, arguments: Mapping[str, Any]) -> EndInstance:
        """The arguments as a type; raises `BadArguments` with what is wrong and what would be right."""
        try:
            return EndInstance.model_validate(dict(arguments))
        except ValidationError as error:
            names = sorted({str(item["loc"][0]) for item in error.errors()})
            expected = {"instance_id": "an instance id such as i-0123456789abcdef0"}
            complaints = [f"{name} must be {expected.get(name, 'left out')}" for name in names]
            raise BadArguments("; ".join(complaints) + ".") from error

    def planned(self, arguments: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """What EC2 will be sent; the operator fixes nothing here."""
        return {"InstanceIds": [self.check(arguments).instance_id]}

    def confirmation(self, call: Mapping[str, Any]) -> str:
        """The program's own words for what was asked; hostile values cannot forge a line."""
        rule = "-" * 32
        return (
            f"\nYou are trying to {self.verb} an instance.\n"
            f"{self.means}\n"
            f"{rule}\n"
            f"Instance: {literal(call['arguments'].get('instance_id'))}\n"
            f"{rule}\n"
            "proceed? (y/n): "
        )

    def summary(self, call: Mapping[str, Any]) -> str:
        """One line for an inbox or a subject."""
        return f"{self.verb.capitalize()} {literal(call['arguments'].get('instance_id'))}"

    def facts(self, call: Mapping[str, Any]) -> list[dict[str, str]]:
        """Rows of the approver's table; `source` says who said it."""
        return [
            {
                "key": "instance_id",
                "label": "Instance",
                "value": literal(call["arguments"].get("instance_id")),
                "source": "model",
                "level": "plain",
            }
        ]


STOP = Ending(
    LeaseStep.STOP, "stop", "stopped", "It keeps its disks for seven days; then it is terminated."
)
TERMINATE = Ending(
    LeaseStep.TERMINATE,
    "terminate",
    "terminated",
    "Nobody can bring it back, nor the disks that are deleted with it.",
)
ENDINGS: Mapping[str, Ending] = {"stop_instances": STOP, "terminate_instances": TERMINATE}
"""By operation."""
