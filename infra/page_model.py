"""What the operator's page says of the model."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from infra.page_part import Part
from infra.page_targets import Region

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#/@]+(/[^\s?#]*)?$")]
OPENAI = "https://api.openai.com/v1"


class Model(Part):
    """A Chat Completions endpoint; its key is a secret of the stack, never here, and Bedrock needs none."""

    provider: Literal["openai", "bedrock"] = "openai"
    """`openai`: any service that speaks its protocol, with a key. `bedrock`: the account's own, by its role."""
    name: str = ""
    """The model's name at its service. It must stand here, or in `CHAT_MODEL` of the deploying shell."""
    base_url: Url = OPENAI
    """Base address of the service, for `openai`; never with a key in it."""
    region: Region | None = None
    """For `bedrock`: its region; by default the stack's."""
    label: str = ""
    """What the pages tell people of the model; by default its name."""
    max_tokens: Annotated[int, Field(ge=0)] = 4096
    """The longest answer it is asked for (`max_completion_tokens`); 0 for a service that refuses that member."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Models by the names that manifests use; any other name is answered by the model above."""

    @model_validator(mode="after")
    def fits_its_provider(self) -> Self:
        if not self.name:
            raise ValueError("no model is named: write model.name, or set CHAT_MODEL")
        if self.provider == "openai" and self.region is not None:
            raise ValueError("model.region is for the provider bedrock")
        if self.provider == "bedrock" and "base_url" in self.model_fields_set:
            raise ValueError("model.base_url is for the provider openai; bedrock has model.region")
        return self
