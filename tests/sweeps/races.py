"""The race sweep: a few people and machines do things at once, in an order that a seed gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.sweeps.persons import cancels, decides, says
from tests.sweeps.promises import Expected, Violation, violations
from tests.sweeps.stage import GRACE_SECONDS, Stage
from tests.sweeps.world import World

OPENED = 20
"""Seconds after which a request lies before its approvers."""


@dataclass(frozen=True)
class Race:
    name: str
    run: Callable[[World], Any]
    mails_each: int = 1
    """A mail may come as often as its task is delivered at once: nobody is left out, and one more look costs little."""


def _pending(world: World, count: int = 1) -> dict[str, Any]:
    asked = says(world, f"start {count}")
    world.run_until(OPENED)
    return asked


def _soon(world: World, within: float = 0.4) -> float:
    return world.random.random() * within


def approve_approve(world: World) -> None:
    asked = _pending(world)
    decides(world, asked, "approve", by="carol", after=_soon(world))
    decides(world, asked, "approve", by="bob", after=_soon(world))
    world.race(30)


def approve_reject(world: World) -> None:
    asked = _pending(world, 2)
    decides(world, asked, "approve", by="carol", after=_soon(world), rejected=1)
    decides(world, asked, "reject", by="bob", after=_soon(world))
    world.race(30)


def approve_twice(world: World) -> None:
    """One person, two clicks."""
    asked = _pending(world)
    for _ in range(2):
        decides(world, asked, "approve", after=_soon(world))
    world.race(30)


def approve_expire(world: World) -> None:
    """A vote in the second of expiry; the sweep, the time-out and settle come at the same time."""
    asked = _pending(world)
    [record] = [item for item in world.items("approvals") if "expires_at" in item]
    left = int(record["expires_at"]["N"]) - world.clock().timestamp()
    world.run_until(left - 2)
    decides(world, asked, "approve", after=1 + _soon(world, 1.5))
    approval_id = record["pk"]["S"]
    for command in ("repair", "settle"):
        payload = {"v": 1, "command": command, "approval_id": approval_id}
        if command == "repair" or world.random.random() < 0.3:
            world.engine.at(
                1 + _soon(world, 1.5),
                command,
                lambda p=payload: world.hand_over("decide_approval", p),
            )
    world.race(GRACE_SECONDS + 5)


def two_turns(world: World) -> None:
    """Two messages of one conversation at once, each of which may ask for the same instance."""
    hello = says(world, "hello")
    world.run_until(1)
    conversation = hello["conversation"]
    first = says(world, "start 1", conversation=conversation, after=_soon(world))
    other = world.random.choice(["start 1 please", "what is this?"])
    second = says(world, other, conversation=conversation, after=_soon(world))
    world.race(45)
    for asked in (first, second):
        decides(world, asked, "approve", after=5)


def same_key(world: World) -> None:
    """One message sent twice at once under one key."""
    asked = says(world, "start 1", after=_soon(world))
    again = says(world, "start 1", after=_soon(world), key="key-0")
    world.race(45)
    decides(world, asked, "approve", after=5)
    assert again["conversation"] == asked["conversation"], "I7 one key, two conversations"


def redelivered(world: World) -> None:
    """Every task of the state machine may be delivered twice at once."""
    world.engine.redeliver = lambda _: world.random.random() < 0.7
    asked = _pending(world, world.random.choice([1, 2]))
    decides(world, asked, "approve", after=_soon(world))
    world.race(60)


def repaired(world: World) -> None:
    """The sweep takes up what is just being done."""
    asked = says(world, "start 1")
    decides(world, asked, world.random.choice(["approve", "reject"]), after=OPENED)
    for _ in range(6):
        after = _soon(world, OPENED + 5)
        world.engine.at(after, "sweep", lambda: _take_up(world))
    world.race(45)


def _take_up(world: World) -> None:
    for item in world.items("approvals"):
        approval_id = item["pk"]["S"]
        if item["sk"]["S"] != "approval":
            continue
        world.hand_over(
            "decide_approval", {"v": 1, "command": "repair", "approval_id": approval_id}
        )
        world.hand_over("record_outcome", {"v": 1, "approval_id": approval_id})
        world.hand_over("continue_turn", {"v": 1, "command": "start", "approval_id": approval_id})


def cancel_approve(world: World) -> None:
    asked = _pending(world)
    cancels(world, asked, after=_soon(world))
    decides(world, asked, "approve", after=_soon(world))
    world.race(30)


def cancel_open(world: World) -> None:
    """Taken back while it is being prepared."""
    asked = says(world, "start 1")
    cancels(world, asked, after=_soon(world, 3))
    decides(world, asked, "approve", after=2)
    world.race(45)


RACES = {
    race.name: race
    for race in (
        Race("approve-approve", approve_approve),
        Race("approve-reject", approve_reject),
        Race("approve-twice", approve_twice),
        Race("approve-expire", approve_expire),
        Race("two-turns", two_turns),
        Race("same-key", same_key),
        Race("redelivered", redelivered, mails_each=2),
        Race("repaired", repaired, mails_each=2),
        Race("cancel-approve", cancel_approve),
        Race("cancel-open", cancel_open),
    )
}


def tried(stage: Stage, name: str, seed: int) -> list[Violation]:
    """What one order breaks."""
    world = stage.begin(seed=seed)
    race = RACES[name]
    race.run(world)
    world.run()
    return violations(world, Expected(mails_each=race.mails_each))
