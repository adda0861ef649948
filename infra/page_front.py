"""What the operator's page says of the way in: its name, where people may come from, the laptop's sign-in pages."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from infra.page_model import Url
from infra.page_part import Part

AddressOrNone = Annotated[str, StringConstraints(pattern=r"^(https?://[^/\s?#]+)?$")]


def network(written: str) -> str:
    """A network as `ipaddress` spells it; raises `ValueError`."""
    return str(ip_network(written))


Network = Annotated[str, AfterValidator(network)]


class Domain(Part):
    """A name of the operator's own for the pages, so that links in mails never change."""

    name: Annotated[
        str, StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")
    ]
    """The name, which a DNS record leads to the API: the deploy tells which."""
    certificate_arn: Annotated[
        str, StringConstraints(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[\w-]+$")
    ]
    """Its certificate in Certificate Manager, in the region of the stack."""

    @property
    def url(self) -> str:
        """Where people open the pages."""
        return f"https://{self.name}"


class Login(Part):
    """Where the laptop run has its sign-in pages; in AWS the stack knows."""

    login_url: Url
    """Base address of the login pages."""
    token_url: Url
    """Base address of the token endpoint."""
