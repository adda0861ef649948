"""The freeze switch: one SSM parameter that stops everything approved from running; never cached, strictly read.

Absent, unreadable or not in one of the two forms below, it cannot be read, and whoever launches must not:
`{"frozen":false}` and `{"frozen":true,"reason":…,"by":…,"at":…}`; the first may name reason, by and at too.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, ValidationError

from functions.shared.aws import error_code
from functions.shared.strict_json import unique


class FreezeUnreadable(Exception):
    """Whether launches are frozen cannot be read; who launches treats that as frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """The switch as it stands; `by` is a name for people, `at` is ISO 8601 in UTC. Empty: never set."""

    frozen: bool
    reason: str = ""
    by: str = ""
    at: str = ""

    def value(self) -> str:
        """What the parameter holds, at most 4 KB."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    def sentence(self) -> str:
        """For banners, mails and outcomes; empty where nothing is frozen."""
        if not self.frozen:
            return ""
        return f'Launches are frozen by {self.by} since {self.at}: "{self.reason}".'


NOT_FROZEN = '{"frozen":false}'
"""What a new stack's parameter holds."""


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    frozen: bool
    reason: str = ""
    by: str = ""
    at: str = ""


def read_freeze(ssm: Any, name: str) -> Freeze:
    """The switch as it stands now, asked anew each time; raises `FreezeUnreadable`."""
    try:
        text = str(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except (BotoCoreError, ClientError) as error:
        raise FreezeUnreadable(error_code(error)) from error
    return parse_freeze(text)


def parse_freeze(text: str) -> Freeze:
    """A stored value, readable in one way only; raises `FreezeUnreadable`."""
    try:
        value = json.loads(text, object_pairs_hook=unique)
        stored = _Stored.model_validate(value)
    except (ValueError, RecursionError, ValidationError) as error:
        raise FreezeUnreadable("The switch holds something else.") from error
    if stored.frozen and not (stored.reason and stored.by and stored.at):
        raise FreezeUnreadable("The switch does not say who froze, when and why.")
    return Freeze(**stored.model_dump())


def write_freeze(ssm: Any, name: str, freeze: Freeze) -> None:
    """Set the switch; raises what the client raises."""
    ssm.put_parameter(Name=name, Value=freeze.value(), Type="String", Overwrite=True)
