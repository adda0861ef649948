"""What the operator's page says of the model."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from infra.page_part import Part
from infra.page_targets import Region

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#]+$")]
OPENAI = "https://api.openai.com/v1"


class Model(Part):
    """A Chat Completions endpoint; its key is a secret of the stack, never here, and Bedrock needs none."""

    provider: Literal["openai", "bedrock"] = "openai"
    """`openai`: any service that speaks its protocol, with a key. `bedrock`: the account's own, by its role."""
    name: str = ""
    base_url: Url = OPENAI
    region: Region | None = None
    """Bedrock's region; None: the stack's."""
    label: str = ""
    max_tokens: Annotated[int, Field(ge=0)] = 4096
    aliases: dict[str, str] = Field(default_factory=dict)
    """Models by the names that manifests use."""

    @model_validator(mode="after")
    def fits_its_provider(self) -> Self:
        if not self.name:
            raise ValueError("no model is named: write model.name, or set CHAT_MODEL")
        if self.provider == "openai" and self.region is not None:
            raise ValueError("model.region is for the provider bedrock")
        if self.provider == "bedrock" and "base_url" in self.model_fields_set:
            raise ValueError("model.base_url is for the provider openai; bedrock has model.region")
        return self
