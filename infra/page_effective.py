"""Every value that holds on the operator's page, and where each comes from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from infra.page import FRESH_SIGN_IN_MINUTES, LEASE_HOURS, OVERRIDES, Page
from infra.page_file import Key, Written
from infra.page_targets import Fixed, Place, Target

EARLIER: Mapping[Key, Key] = {
    ("fixed", "subnet_ids"): ("subnet_id",),
    ("fixed", "security_group_ids"): ("security_group_ids",),
    ("regions",): ("region",),
}
"""What the first releases called the lines of their one `target`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """One value; exactly one of the last four tells where it comes from, none: it is the product's default."""

    key: str
    value: Any
    """As JSON has it."""
    line: int = 0
    variable: str = ""
    """The variable of the deploying shell that stands over the page."""
    stage: str = ""
    """The stage whose default it is."""
    follows: str = ""
    """The key whose value holds here too."""


def effective_values(
    page: Page, written: Written, environment: Mapping[str, str]
) -> Iterator[Effective]:
    """Every value of the page in its order; targets as the places that calls run in."""
    origins = _Origins(page, written, environment)
    for name, value in _fields(page):
        if name == "targets":
            yield from origins.places()
        else:
            yield from origins.below((name,), value, is_set=name in page.model_fields_set)


@dataclass(frozen=True, slots=True)
class _Origins:
    page: Page
    written: Written
    environment: Mapping[str, str]

    def below(self, key: Key, value: Any, *, is_set: bool) -> Iterator[Effective]:
        """The value, or those of its parts."""
        if isinstance(value, BaseModel):
            for name, part in _fields(value):
                yield from self.below((*key, name), part, is_set=is_set and _is_set(value, name))
        elif isinstance(value, Mapping) and value:
            for name, part in value.items():
                yield from self.below((*key, name), part, is_set=is_set)
        else:
            yield self.one(key, value, is_set=is_set)

    def one(self, key: Key, value: Any, *, is_set: bool) -> Effective:
        """A value with where it comes from; what is left open has the value that holds then."""
        name = _spelled(key)
        variable = _variable(key, self.environment)
        if variable:
            return Effective(key=name, value=_plain(value), variable=variable)
        if is_set and value not in (None, ""):
            return Effective(key=name, value=_plain(value), line=self.line(key))
        stage = STAGE_DEFAULTS.get(name)
        if stage is not None:
            return Effective(key=name, value=stage[self.page.stage], stage=self.page.stage)
        follows = self.follows(name)
        if follows:
            return Effective(key=name, value=follows[1], follows=follows[0])
        line = self.line(key) if is_set else 0
        return Effective(key=name, value=_plain(value), line=line)

    def follows(self, name: str) -> tuple[str, str] | None:
        """The key, and its value, that holds where this one is left open."""
        page = self.page
        if name == "model.label":
            return "model.name", page.model_label
        if name == "model.region" and page.model.provider == "bedrock":
            return "region", page.region
        if name == "origin" and page.domain:
            return "domain.name", page.domain.url
        return None

    def line(self, key: Key) -> int:
        """The line of a key, or of the nearest one that it lies in."""
        lines = self.written.lines
        if key[0] == "targets" and "target" in self.written.value:
            rest = key[2:]
            earlier = next((EARLIER[part] for part in EARLIER if rest[: len(part)] == part), rest)
            key = ("target", *earlier)
        while key and key not in lines:
            key = key[:-1]
        return lines[key] if key else 0

    def places(self) -> Iterator[Effective]:
        """What holds in each place; a region's line stands over its target's."""
        page = self.page
        regional = [
            (("targets", name), target, region)
            for name, target in page.targets.items()
            for region in target.regions or (None,)
        ]
        for place, (key, target, region) in zip(page.places, regional, strict=True):
            yield from self._place(place, key, target, region)

    def _place(
        self, place: Place, key: Key, target: Target, region: str | None
    ) -> Iterator[Effective]:
        name = f"targets.{place.name}"
        account = place.account or self.page.account
        if target.account:
            yield self._of(name, "account", account, (*key, "account"))
        else:
            yield Effective(key=f"{name}.account", value=account, follows="account")
        if region:
            yield self._of(name, "region", region, (*key, "regions", region))
        else:
            yield Effective(key=f"{name}.region", value=place.region, follows="region")
        if place.external_id:
            yield self._of(name, "external_id", place.external_id, (*key, "external_id"))
        if target.images:
            yield self._of(name, "images", target.images, (*key, "images"))
        else:
            yield Effective(key=f"{name}.images", value=_plain(self.page.images), follows="images")
        over = target.regions[region] if region else Fixed()
        for field, value in _fields(place.fixed):
            for part, one in value.items() if field == "tags" and value else ((None, value),):
                tail = (field,) if part is None else (field, part)
                is_over = field in over.model_fields_set and (part is None or part in over.tags)
                is_set = is_over or field in target.fixed.model_fields_set
                at = (*key, "regions", region, *tail) if is_over else (*key, "fixed", *tail)
                yield Effective(
                    key=f"{name}.fixed.{_spelled(tail)}",
                    value=_plain(one),
                    line=self.line(at) if is_set else 0,
                )

    def _of(self, name: str, field: str, value: Any, key: Key) -> Effective:
        return Effective(key=f"{name}.{field}", value=_plain(value), line=self.line(key))


STAGE_DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "fresh_sign_in_minutes": FRESH_SIGN_IN_MINUTES,
    "lease_hours": LEASE_HOURS,
}
"""What a stage says where the page does not."""


def _fields(part: BaseModel) -> Iterator[tuple[str, Any]]:
    """The fields by the names that the page uses."""
    for name, field in type(part).model_fields.items():
        yield field.alias or name, getattr(part, name)


def _is_set(part: BaseModel, name: str) -> bool:
    return any(
        field in part.model_fields_set and (described.alias or field) == name
        for field, described in type(part).model_fields.items()
    )


def _variable(key: Key, environment: Mapping[str, str]) -> str:
    return next(
        (name for name, place in OVERRIDES.items() if place == key and environment.get(name)), ""
    )


def _spelled(key: Key) -> str:
    return ".".join(map(str, key))


def _plain(value: Any) -> Any:
    """The value as JSON has it, without what a part of it leaves open."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return dict(value) if isinstance(value, Mapping) else value
