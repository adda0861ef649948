"""The crash sweep: one run is recorded, then run again once for each of its outward calls and each way it can fail."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.sweeps.gate import MODES, Fault, Point
from tests.sweeps.promises import Expected, Violation, violations
from tests.sweeps.stage import Stage
from tests.sweeps.stories import STORIES, Story
from tests.sweeps.world import World


@dataclass(frozen=True)
class Case:
    """One fault in one story; `str` of it is what `--only` takes."""

    story: str
    point: Point
    mode: str

    def __str__(self) -> str:
        return f"crash/{self.story}/{self.point}/{self.mode}"


def point_of(text: str) -> Point:
    """What `str` of a point wrote, read back."""
    number, room, call = text.split(":")
    return Point(int(number), room, call)


def told(stage: Stage, story: Story, fault: Fault | None = None) -> World:
    world = stage.begin(fault=fault, seed=1)
    story.tell(world)
    world.run(story.hours)
    return world


def _expected(story: Story) -> Expected:
    return Expected(story.status, story.instances, story.alive, story.outcome)


def record(stage: Stage, story: Story) -> list[Point]:
    """Every outward call of a run without faults, which must keep every promise."""
    world = told(stage, story)
    points = list(world.gate.points)
    found: list[object] = [*violations(world, _expected(story))]
    found += [error for error in world.engine.unexpected if "NobodyToAsk" not in error]
    if found:
        raise AssertionError(f"{story.name} without any fault: {'; '.join(map(str, found))}")
    return points


def cases(stage: Stage) -> Iterator[Case]:
    """Every point of every story in every mode that it knows."""
    for story in STORIES.values():
        for point in record(stage, story):
            for mode in MODES:
                if mode != "conflict" or point.call == "dynamodb.TransactWriteItems":
                    yield Case(story.name, point, mode)


def tried(stage: Stage, case: Case) -> list[Violation]:
    """What one fault breaks."""
    story = STORIES[case.story]
    world = told(stage, story, Fault(case.point.number, case.mode))
    if not world.gate.has_struck:
        return [Violation("broken", "the run did not come to this point")]
    return violations(world, replace(_expected(story), mails_each=2))
