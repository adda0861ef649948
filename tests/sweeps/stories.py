"""The stories that are swept: what people do, and what must have come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.backend import LEASE_HOURS
from tests.sweeps.persons import approval_of, cancels, decides, says
from tests.sweeps.world import World


@dataclass(frozen=True)
class Story:
    name: str
    tell: Callable[[World], Any]
    status: str
    """How the approval ends."""
    instances: int
    alive: int | None = None
    """How many instances live at the end, where that is not all of them."""
    hours: float = 3
    outcome: str = "succeeded"
    """What becomes of an approved call."""


def approved(world: World) -> None:
    asked = says(world, "start 1")
    decides(world, asked, "approve")


def rejected(world: World) -> None:
    decides(world, says(world, "start 1"), "reject")


def expired(world: World) -> None:
    says(world, "start 1")


def denied(world: World) -> None:
    world.aws.ec2.denied = "UnauthorizedOperation"
    says(world, "start 1")


def split(world: World) -> None:
    decides(world, says(world, "start 2"), "approve", rejected=1)


def cancelled(world: World) -> None:
    cancels(world, says(world, "start 1"))


def refused(world: World) -> None:
    """AWS would have taken it when it was rehearsed, and takes it no more."""
    world.aws.ec2.refused = "InstanceLimitExceeded"
    approved(world)


def aborted(world: World) -> None:
    """An operator stops the execution while people are asked."""
    asked = says(world, "start 1")

    def stop() -> None:
        approval_id = approval_of(world, asked)
        if approval_id in world.engine.executions:
            world.engine.end(approval_id, "ABORTED")
        else:
            world.engine.at(60, "an operator stops it", stop)

    world.engine.at(90, "an operator stops it", stop)


def background(world: World) -> None:
    """The model takes longer than a request may."""
    decides(world, says(world, "slowly start 1"), "approve")


STORIES = {
    story.name: story
    for story in (
        Story("approved", approved, "approved", 1),
        Story("rejected", rejected, "rejected", 0),
        Story("expired", expired, "expired", 0),
        Story("denied", denied, "denied", 0),
        Story("split", split, "approved", 1),
        Story("cancelled", cancelled, "cancelled", 0),
        Story("refused", refused, "approved", 0, outcome="failed"),
        Story("aborted", aborted, "cancelled", 0),
        Story("background", background, "approved", 1),
        Story("leased", approved, "approved", 1, alive=0, hours=LEASE_HOURS + 7 * 24 + 2),
    )
}
