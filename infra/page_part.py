"""What every part of the operator's page is."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen part of the page that knows all of its keys; what stands below a field is told of it to operators."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True
    )
