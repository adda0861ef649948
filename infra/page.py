"""The operator's page, countersign.yaml: what who deploys decides, read once at synth."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from infra.page_budgets import Budgets
from infra.page_egress import Egress, SecretPlace
from infra.page_file import Written, read_written
from infra.page_fit import check_front, check_stage, check_targets
from infra.page_front import AddressOrNone, Domain, Login, Network
from infra.page_images import Image
from infra.page_mail import Email, EmailOrNone, Mail
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


IMAGES_BYTES = 3000
"""Lambda keeps 4 KB of environment for a function."""


class Page(Part):
    """What who deploys the product decides: the operator's page, `countersign.yaml`."""

    stack: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,39}$")] = (
        "Countersign"
    )
    """Name of the CloudFormation stack; two stacks can live in one account."""
    stage: Literal["local", "dev", "prod"]
    """In `dev` data go when the stack goes; in `prod` they stay, and everyone signs in with two factors. `local` is the
    laptop run's own."""
    region: Region
    """Where the product is deployed."""
    account: AccountOrNone = ""
    """The account it is deployed to; empty: that of the credentials."""
    launch: Literal["dry_run", "live"]
    """What becomes of what was countersigned: `live` launches it; `dry_run` is shadow mode, in which everything happens
    but the launch, which AWS only rehearses. It has to be chosen."""
    targets: Annotated[dict[TargetName, Target], Field(min_length=1, max_length=10)] = Field(
        default_factory=lambda: {"default": Target()}
    )
    """Where approved calls run, by names that people read; by default the account and region above."""
    model: Model
    """Which model is asked, and where."""
    approvers: tuple[Email, ...] = ()
    """Who may countersign, by e-mail; empty: whoever `countersign users add` makes an approver."""
    domain: Domain | None = None
    """A name of the operator's own for the pages; without it they are at the API's own address."""
    origin: AddressOrNone = ""
    """Where people open the pages, without a path, when something else stands before the API; empty: the API's own."""
    allowed_cidrs: tuple[Network, ...] = ()
    """Networks that people may come from; empty: from everywhere. See docs/decisions/front-door.md."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict)
    """On every resource of the stack that takes tags."""
    approval_timeout_seconds: Annotated[int, Field(ge=5, le=7 * 24 * 3600)] = 3600
    """How long an approval waits for a person, in seconds."""
    time_zone: str = "UTC"
    """The time zone that mails and pages speak, by its name in the time zone database."""
    fresh_sign_in_minutes: Annotated[int, Field(ge=0, le=30 * 24 * 60)] | None = None
    """How many minutes ago an approver may have signed in, 0 for however long; by default 720, in `local` 0."""
    lease_hours: Annotated[int, Field(ge=1, le=720)] | None = None
    """How many hours a launched instance may live; by default 8, in `prod` 72."""
    images: tuple[Image, ...] = ()
    """What people can choose from by name."""
    mail: Mail = Mail()
    """How approvers and requesters are told."""
    budgets: Budgets | None = Budgets()
    """What one person may use; `off` sets no limit."""
    self_confirm: bool = False
    """Lets a requester countersign their own request, which the record says; refused in `prod`."""
    retired_seal_keys: tuple[
        Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:.+$")], ...
    ] = ()
    """ARNs of the keys that sealed decisions before the current one: they go on verifying what they sealed."""
    alarm_email: EmailOrNone = ""
    """Who is mailed when approvals hang, executions fail or work is dropped; empty: alarms without a mail."""
    permissions_boundary: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{0,128}$")] = ""
    """A managed policy, by name, that bounds every role of the stack (docs/permissions.md); empty: none."""
    login: Login | None = None
    """The laptop run's own sign-in pages; refused elsewhere."""
    secrets: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")], SecretPlace
    ] = Field(default_factory=dict)
    """Keys of the services that manifests call, by the names that manifests use; never the keys themselves."""
    egress: Egress = Egress()
    """What the laptop run changes about the way out."""
    sandbox: Sandbox = Sandbox()
    """Python, where a manifest asks for it."""

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
    def fits_together(self) -> Self:
        check_stage(self)
        check_front(self)
        check_targets(self)
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
    """The page of a directory, or the example's where the product's own has none; raises `BadPage`."""
    written = written_page(directory)
    try:
        return Page.model_validate(overridden(written.value, environment))
    except ValidationError as error:
        raise BadPage(f"{written.file.name}: {complaints(error)}") from error


def written_page(directory: Path) -> Written:
    """The page of a directory as it is written; raises `BadPage`."""
    file = directory / NAME
    if not file.exists():
        if directory.resolve() != ROOT:
            raise BadPage(f"{file} does not exist: write it with countersign init.")
        file = ROOT / EXAMPLE
    try:
        return read_written(file)
    except ValueError as error:
        raise BadPage(f"{file.name}: {one_line(error)}") from error


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
            (".".join(map(str, item["loc"])), message_of(item)) for item in error.errors()
        )
    )


def message_of(item: Mapping[str, Any]) -> str:
    """What is wrong with one key; a key with nothing after it is told as such."""
    said = str(item["msg"]).removeprefix("Value error, ")
    return f"has to be written: {said}" if item["input"] is None else said


def one_line(error: Exception) -> str:
    """An exception's text without its line breaks."""
    return re.sub(r"\s+", " ", str(error))
