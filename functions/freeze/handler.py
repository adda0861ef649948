"""`GET /freeze` for everyone signed in, `POST /freeze` for operators: the switch that stops all launches."""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field

from functions.shared.aws import client, error_code
from functions.shared.errors import BadRequest, NotAllowed, Unavailable
from functions.shared.freeze import Freeze, FreezeUnreadable, read_freeze, write_freeze
from functions.shared.http import (
    Body,
    Request,
    Response,
    json_response,
    own_origin_only,
    read_body,
    serve,
)
from functions.shared.identifiers import timestamp, utc_now
from functions.shared.observe import logger
from functions.shared.people import People, UnknownPerson
from functions.shared.settings import FreezeSettings

OPERATORS = "operators"
REASON_CHARACTERS = 300


class FreezeBody(Body):
    frozen: bool
    reason: str = Field(min_length=1, max_length=REASON_CHARACTERS)


class NotAnOperator(NotAllowed):
    code = "not_an_operator"

    def __init__(self) -> None:
        super().__init__("Only operators can freeze launches or let them go on.")


class FreezeNotReadable(Unavailable):
    code = "freeze_unreadable"

    def __init__(self) -> None:
        super().__init__("The freeze switch cannot be read; until it can, nothing is launched.")


class FreezeNotWritten(Unavailable):
    code = "freeze_not_written"

    def __init__(self) -> None:
        super().__init__("The freeze switch could not be set; look at it before you try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Freezing:
    parameter: str
    origin: str
    ssm: Any
    people: People
    clock: Callable[[], datetime]


@cache
def deps() -> Freezing:
    settings = FreezeSettings.load(os.environ)
    return Freezing(
        parameter=settings.freeze_parameter,
        origin=settings.origin,
        ssm=client("ssm"),
        people=People(client("cognito-idp"), settings.user_pool_id),
        clock=utc_now,
    )


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return serve(event, context, {"GET /freeze": get_freeze, "POST /freeze": post_freeze})


def get_freeze(request: Request) -> Response:
    """The switch as the launch function would read it now."""
    request.signed_in()
    try:
        return json_response(asdict(read_freeze(deps().ssm, deps().parameter)))
    except FreezeUnreadable as error:
        logger.warning("the freeze switch cannot be read", reason=str(error))
        raise FreezeNotReadable from error


def post_freeze(request: Request) -> Response:
    """Set the switch; who is an operator is read from the user pool now, not from the token."""
    own_origin_only(request, deps().origin)
    body = read_body(request, FreezeBody)
    reason = body.reason.strip()
    if not reason or not reason.isprintable():
        raise BadRequest("The reason must be plain text on one line.")
    sub = request.signed_in().sub
    freeze = Freeze(
        frozen=body.frozen, reason=reason, by=_operator(sub), at=timestamp(deps().clock())
    )
    try:
        write_freeze(deps().ssm, deps().parameter, freeze)
    except (BotoCoreError, ClientError) as error:
        logger.error("the freeze switch could not be set", code=error_code(error))
        raise FreezeNotWritten from error
    logger.warning("the freeze switch was set", frozen=freeze.frozen, person=sub, reason=reason)
    return json_response(asdict(freeze))


def _operator(sub: str) -> str:
    """An operator's name for people; raises `NotAnOperator`."""
    try:
        person = deps().people.person(sub)
    except UnknownPerson as error:
        raise NotAnOperator from error
    if OPERATORS not in deps().people.groups(sub):
        raise NotAnOperator
    name = "".join(one if one.isprintable() else " " for one in person.shown())
    return " ".join(name.split()) or sub
