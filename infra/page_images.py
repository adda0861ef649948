"""The operator's catalogue of images, as the page has it."""

from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from infra.page_part import Part


class Image(Part):
    """One line of the catalogue: an AMI by its id, or by the public parameter of AWS that names the newest one."""

    name: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,60}$")]
    """What people call it."""
    description: Annotated[str, StringConstraints(pattern=r"^[ -~]{0,200}$")] = ""
    """What else they are told of it."""
    image_id: Annotated[str, StringConstraints(pattern=r"^(ami-[0-9a-f]{8,17})?$")] = ""
    """The AMI's id."""
    parameter: Annotated[str, StringConstraints(pattern=r"^(/aws/service/[A-Za-z0-9_./-]+)?$")] = ""
    """AWS's public parameter that names the newest AMI."""

    @model_validator(mode="after")
    def is_named_in_one_way(self) -> Self:
        if bool(self.image_id) == bool(self.parameter):
            raise ValueError("write image_id or parameter, one of them")
        return self
