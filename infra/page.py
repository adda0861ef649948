"""The operator's page, countersign.yaml: what who deploys decides, read once at synth."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from infra.page_egress import Egress, SecretPlace
from infra.page_front import AddressOrNone, Domain, Login, Network
from infra.page_images import Image
from infra.page_model import Model
from infra.page_part import Part
from infra.page_sandbox import Sandbox
from infra.page_targets import (
    Place,
    Region,
    TagKey,
    TagValue,
    Target,
    TargetName,
    checked_tags,
    places_of,
)

ROOT = Path(__file__).resolve().parent.parent
NAME = "countersign.yaml"
EXAMPLE = "countersign.example.yaml"

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

# What may be left empty.
EmailOrNone = Annotated[str, StringConstraints(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")]
AccountOrNone = Annotated[str, StringConstraints(pattern=r"^(\d{12})?$")]

# Variables of the deploying shell, and the line of the page that each one overrides.
OVERRIDES = {
    "CHAT_MODEL": ("model", "name"),
    "OPENAI_BASE_URL": ("model", "base_url"),
    "APPROVAL_TIMEOUT_SECONDS": ("approval_timeout_seconds",),
}


FRESH_SIGN_IN_MINUTES = {"local": 0, "dev": 12 * 60, "prod": 12 * 60}
"""How long ago an approver may have signed in unless the page says, by stage; 0: however long."""
LEASE_HOURS = {"local": 8, "dev": 8, "prod": 72}
"""How long an instance may live unless the page says, by stage."""


class BadPage(Exception):
    """The operator's page cannot be used; the message is one line for the operator."""


Limit = Annotated[int, Field(ge=1)]


class Budgets(Part):
    """What one person may use on one day (UTC) and have open at once, and what may live in one target."""

    turns: Limit = 200
    tokens: Limit = 1_000_000
    approvals: Limit = 10
    launches: Limit = 5
    open_approvals: Limit = 3
    live_instances: Limit = 20


class Mail(Part):
    """How people are told."""

    channel: Literal["sns", "ses"] = "sns"
    sender: EmailOrNone = Field("", alias="from")
    recipients: tuple[Email, ...] = ()

    @model_validator(mode="after")
    def ses_has_a_sender(self) -> Self:
        if self.channel == "ses" and not self.sender:
            raise ValueError("mail.from is needed with the channel ses")
        return self


IMAGES_BYTES = 3000
"""Lambda keeps 4 KB of environment for a function."""


class Page(Part):
    """Everything the operator sets."""

    stack: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,39}$")] = (
        "Countersign"
    )
    stage: Literal["local", "dev", "prod"]
    region: Region
    account: AccountOrNone = ""
    launch: Literal["dry_run", "live"]
    """`dry_run` is shadow mode: everything happens but the launch, which AWS only rehearses. It must be chosen."""
    targets: Annotated[dict[TargetName, Target], Field(min_length=1, max_length=10)] = Field(
        default_factory=lambda: {"default": Target()}
    )
    model: Model
    approvers: tuple[Email, ...] = ()
    """Who may countersign, by e-mail; empty: whoever `countersign users add` makes an approver."""
    domain: Domain | None = None
    origin: AddressOrNone = ""
    allowed_cidrs: tuple[Network, ...] = ()
    """Where people may come from; empty: from everywhere."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """On every resource of the stack."""
    approval_timeout_seconds: Annotated[int, Field(ge=5, le=7 * 24 * 3600)] = 3600
    time_zone: str = "UTC"
    fresh_sign_in_minutes: Annotated[int, Field(ge=0, le=30 * 24 * 60)] | None = None
    lease_hours: Annotated[int, Field(ge=1, le=720)] | None = None
    images: tuple[Image, ...] = ()
    mail: Mail = Mail()
    budgets: Budgets | None = Budgets()
    self_confirm: bool = False
    retired_seal_keys: tuple[
        Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:.+$")], ...
    ] = ()
    alarm_email: EmailOrNone = ""
    login: Login | None = None
    secrets: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")], SecretPlace
    ] = Field(default_factory=dict)
    egress: Egress = Egress()
    sandbox: Sandbox = Sandbox()

    @field_validator("budgets", mode="before")
    @classmethod
    def off_is_none(cls, written: object) -> object:
        """YAML reads `off` as false; a key without a value is an oversight, not a wish for none."""
        return None if written is False or written == "off" else written or {}

    @model_validator(mode="before")
    @classmethod
    def one_target_is_a_target(cls, written: object) -> object:
        """Pages of the first releases had one `target`, with its name in it."""
        if not isinstance(written, Mapping) or "target" not in written:
            return written
        page = dict(written)
        if "targets" in page:
            raise ValueError("write targets, and not target beside it")
        target = dict(page.pop("target") or {})
        page["targets"] = {str(target.pop("name", "default")): target}
        return page

    @field_validator("tags")
    @classmethod
    def tags_are_free(cls, tags: dict[str, str]) -> dict[str, str]:
        return checked_tags(tags)

    @field_validator("images")
    @classmethod
    def catalogue_is_short(cls, images: tuple[Image, ...]) -> tuple[Image, ...]:
        names = [image.name for image in images]
        if len(set(names)) < len(names):
            raise ValueError("two images have one name")
        if (
            sum(len(image.model_dump_json(exclude_defaults=True)) for image in images)
            > IMAGES_BYTES
        ):
            raise ValueError(f"together they are longer than {IMAGES_BYTES} characters")
        return images

    @model_validator(mode="after")
    def fits_its_stage(self) -> Self:
        if self.stage == "prod" and self.self_confirm:
            raise ValueError("self_confirm is refused for prod")
        if self.login and self.stage != "local":
            raise ValueError("login is for the stage local")
        if self.egress.pins and self.stage != "local":
            raise ValueError("egress.pins is for the stage local")
        if self.sandbox.unconfined and self.stage != "local":
            raise ValueError("sandbox.unconfined is for the stage local")
        if self.origin.startswith("http://") and self.stage != "local":
            raise ValueError("origin must be https")
        if self.domain and self.origin:
            raise ValueError("write domain or origin, one of them")
        for name, target in self.targets.items():
            is_away = target.account is not None and target.account != self.account
            if is_away and not self.account:
                raise ValueError(f"targets.{name} has an account, so the page must name its own")
            if is_away != bool(target.external_id):
                raise ValueError(
                    f"targets.{name}.external_id is needed for another account, and for no other"
                )
        _ = self.places
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone {self.time_zone!r} is not in the time zone database")
        return self

    @property
    def places(self) -> tuple[Place, ...]:
        """Where calls run, each with its name; the first is meant where there is only one."""
        return places_of(self.targets, region=self.region, images=self.images)

    @property
    def effective_fresh_sign_in_minutes(self) -> int:
        """How long ago an approver may have signed in; by its stage unless the page says."""
        chosen = self.fresh_sign_in_minutes
        return FRESH_SIGN_IN_MINUTES[self.stage] if chosen is None else chosen

    @property
    def effective_lease_hours(self) -> int:
        """How long a launched instance may live; by its stage unless the page says."""
        return self.lease_hours or LEASE_HOURS[self.stage]

    @property
    def model_label(self) -> str:
        """What the page tells people about the model."""
        return self.model.label or self.model.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone that mails speak."""
        return ZoneInfo(self.time_zone)


def agents_directory(home: Path) -> Path:
    """The manifests of an operator's home; those we ship where it has none."""
    own = home / "agents"
    return own if own.is_dir() else ROOT / "agents"


def read_page(directory: Path, environment: Mapping[str, str]) -> Page:
    """The page of a directory, or the example's where there is none; raises `BadPage`."""
    file = directory / NAME
    if not file.exists():
        if directory.resolve() != ROOT:
            raise BadPage(f"{file} does not exist.")
        file = ROOT / EXAMPLE
    try:
        written = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadPage(f"{file.name}: {one_line(error)}") from error
    if not isinstance(written, dict):
        raise BadPage(f"{file.name}: a mapping is expected.")
    try:
        return Page.model_validate(overridden(written, environment))
    except ValidationError as error:
        raise BadPage(f"{file.name}: {complaints(error)}") from error


def overridden(written: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The page with the environment's overrides in their places."""
    page = dict(written)
    page["model"] = dict(page.get("model") or {})
    for variable, path in OVERRIDES.items():
        if environment.get(variable):
            part = page[path[0]] if len(path) > 1 else page
            part[path[-1]] = environment[variable]
    return page


def complaints(error: ValidationError) -> str:
    """What is wrong, key by key, on one line."""
    return "; ".join(
        f"{key}: {message}" if key else message
        for key, message in (
            (".".join(map(str, item["loc"])), item["msg"].removeprefix("Value error, "))
            for item in error.errors()
        )
    )


def one_line(error: Exception) -> str:
    """An exception's text without its line breaks."""
    return re.sub(r"\s+", " ", str(error))
