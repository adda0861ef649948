"""The targets of the page as the rooms read them, and the fixed names by which two accounts know each other's roles.

A role's name is fixed only where another account has to name it: a deployment with one account is as it always was.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from functions.shared.targets import Target, Targets
from infra.deployment import Deployment
from infra.environment import deployed_length
from infra.page import NAME, BadPage, Page
from infra.page_targets import Place

MOST_CHARACTERS = 3000
"""Of TARGETS: Lambda keeps 4 KB of environment for a function, with all its names."""
ROLE_CHARACTERS = 64
LAUNCH, LOOK, LEASE = "launch", "look", "lease"
"""What the three roles of another account are for."""


def is_away(place: Place, page: Page) -> bool:
    """Whether it lies in another account than the deployment."""
    return place.account not in ("", page.account)


def places_here(page: Page) -> list[Place]:
    """The places in the deployment's own account, where its own roles reach."""
    return [place for place in page.places if not is_away(place, page)]


def places_away(page: Page) -> list[Place]:
    """The places in other accounts, each of which has the stack countersign-target."""
    return [place for place in page.places if is_away(place, page)]


def regions_of(places: Iterable[Place]) -> list[str]:
    """The regions of places, each once."""
    return list(dict.fromkeys(place.region for place in places))


def target_role_name(page: Page, target: str, word: str) -> str:
    """The name of a role in a target's account; raises `BadPage`."""
    return _short(f"{page.stack}-{target}-{word}", f"targets.{target}: choose a shorter name")


def home_role_name(page: Page, word: str) -> str | None:
    """The name of a room's own role, where another account has to trust it; raises `BadPage`."""
    if not places_away(page):
        return None
    return _short(f"{page.stack}-{page.region}-{word}", "stack: choose a shorter name")


def target_roles(page: Page, word: str) -> list[str]:
    """The ARNs of one of the three roles in every other account, each once."""
    return list(dict.fromkeys(_role_arn(page, place, word) for place in places_away(page)))


def targets_of(deployment: Deployment, *, launch_role: str = "") -> Targets:
    """Every place with its roles; `launch_role` is that of the deployment's own account."""
    page = deployment.page
    return Targets(
        Target(
            name=place.name,
            account=place.account or deployment.stack.account,
            region=place.region,
            fixed=place.fixed.parameters,
            passed_role=_passed_role(place),
            **(_roles(page, place) if is_away(place, page) else {"launch_role": launch_role}),
        )
        for place in page.places
    )


def targets_text(deployment: Deployment, *names: str, launch_role: str = "") -> str:
    """The variable TARGETS with the named members; raises `BadPage` where it would be too long."""
    text = targets_of(deployment, launch_role=launch_role).text(*names)
    if deployed_length(text) > MOST_CHARACTERS:
        raise BadPage(
            f"{NAME}: together the targets are longer than {MOST_CHARACTERS} characters: name fewer, or fix less"
        )
    return text


def images_text(page: Page) -> str:
    """The variable IMAGES: a target's own, and under no name those of the page; raises `BadPage`."""
    own = {place.name: place.images for place in page.places if place.images != page.images}
    text = _json({name: _images(images) for name, images in {"": page.images, **own}.items()})
    if len(text) > MOST_CHARACTERS:
        raise BadPage(
            f"{NAME}: together the images are longer than {MOST_CHARACTERS} characters: name fewer"
        )
    return text


def _roles(page: Page, place: Place) -> dict[str, str]:
    words = {"launch_role": LAUNCH, "look_role": LOOK, "lease_role": LEASE}
    roles = {name: _role_arn(page, place, word) for name, word in words.items()}
    return {**roles, "external_id": place.external_id}


def _role_arn(page: Page, place: Place, word: str) -> str:
    partition = Target(name="", account="", region=place.region).partition
    return f"arn:{partition}:iam::{place.account}:role/{target_role_name(page, place.target, word)}"


def _passed_role(place: Place) -> str:
    profile = place.fixed.instance_profile
    return profile.role_arn if profile else ""


def _short(name: str, advice: str) -> str:
    if len(name) > ROLE_CHARACTERS:
        raise BadPage(
            f"{NAME}: {advice}; the role {name} would have more than {ROLE_CHARACTERS} characters"
        )
    return name


def _images(images: Iterable[Any]) -> list[Mapping[str, Any]]:
    return [image.model_dump(exclude_defaults=True) for image in images]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
