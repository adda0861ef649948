"""What the models of a manifest's parts share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

FUNCTION_NAME = r"^[A-Za-z0-9_-]{1,64}$"
Name = Annotated[str, StringConstraints(pattern=FUNCTION_NAME)]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Group = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+=,.@-]{1,128}$")]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
AgentId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Host = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$")
]
Seconds = Annotated[int, Field(ge=1, le=20)]
Bytes = Annotated[int, Field(ge=1, le=1_048_576)]


class Part(BaseModel):
    """A frozen part of a manifest that knows all of its keys and converts nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def refused(code: str, message: str) -> PydanticCustomError:
    """What a validator raises so that the problem carries our own code."""
    return PydanticCustomError(code, "{message}", {"message": message})
