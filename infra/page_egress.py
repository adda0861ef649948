"""What the operator's page says of hosts outside AWS."""

from typing import Annotated

from pydantic import Field, StringConstraints

from infra.page_part import Part

HostName = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*(:[1-9]\d{0,4})?$",
        max_length=259,
    ),
]


class SecretPlace(Part):
    """Where the value of a secret lies, and the one host that may see it."""

    host: HostName
    """The one host that may see the value."""
    arn: Annotated[
        str, StringConstraints(pattern=r"^(arn:aws[a-z-]*:secretsmanager:[^*\s]+)?$")
    ] = ""
    """The secret in Secrets Manager; empty: the stack makes one, and the operator puts its value in."""


class Egress(Part):
    """What the laptop run changes about the way out."""

    pins: dict[
        HostName, Annotated[str, StringConstraints(pattern=r"^http://127\.0\.0\.1:\d{1,5}$")]
    ] = Field(default_factory=dict)
    """Stand-ins on this machine: requests to the host go there, without TLS."""
