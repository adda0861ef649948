"""What must hold between the lines of the operator's page; each check raises `ValueError` with one sentence."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.page import Page

MOST_NETWORKS_CHARACTERS = 400
"""Lambda keeps 4 KB of environment for a function, and the targets need most of chat's."""


def check_stage(page: "Page") -> None:
    """What a stage refuses."""
    if page.stage == "prod" and page.self_confirm:
        raise ValueError("self_confirm is refused for prod")
    if page.stage == "local":
        return
    if page.login:
        raise ValueError("login is for the stage local")
    if page.egress.pins:
        raise ValueError("egress.pins is for the stage local")
    if page.sandbox.unconfined:
        raise ValueError("sandbox.unconfined is for the stage local")
    if page.origin.startswith("http://"):
        raise ValueError("origin must be https")


def check_front(page: "Page") -> None:
    """One name for the pages, with a certificate that the API can use; networks that fit into an environment."""
    if page.domain and page.origin:
        raise ValueError("write domain or origin, one of them")
    if page.domain:
        _, _, _, region, account, _ = page.domain.certificate_arn.split(":")
        if region != page.region:
            raise ValueError(
                f"domain.certificate_arn is of {region}: the API needs a certificate of {page.region}"
            )
        if page.account and account != page.account:
            raise ValueError(f"domain.certificate_arn is of another account than {page.account}")
    if len(",".join(page.allowed_cidrs)) > MOST_NETWORKS_CHARACTERS:
        raise ValueError(
            f"allowed_cidrs are longer than {MOST_NETWORKS_CHARACTERS} characters together"
        )


def check_targets(page: "Page") -> None:
    """Another account's targets are named with what its role asks for; no two have one name."""
    for name, target in page.targets.items():
        is_away = target.account is not None and target.account != page.account
        if is_away and not page.account:
            raise ValueError(f"targets.{name} has an account, so the page must name its own")
        if is_away != bool(target.external_id):
            raise ValueError(
                f"targets.{name}.external_id is needed for another account, and for no other"
            )
    _ = page.places
