"""What the operator's page says of mails, and how it spells addresses."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from infra.page_part import Part

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

# What may be left empty.
EmailOrNone = Annotated[str, StringConstraints(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")]


class Mail(Part):
    """How approvers and requesters are told."""

    channel: Literal["sns", "ses"] = "sns"
    """With `sns` each recipient confirms a subscription once, and gets only their own mails."""
    sender: EmailOrNone = Field("", alias="from")
    """For `ses`: an identity that was verified with SES in the region."""
    recipients: tuple[Email, ...] = ()
    """For `sns`: who is subscribed by the deploy; `countersign users add` subscribes the others."""

    @model_validator(mode="after")
    def ses_has_a_sender(self) -> Self:
        if self.channel == "ses" and not self.sender:
            raise ValueError("mail.from is needed with the channel ses")
        return self
