"""A clock that tests turn by hand."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)


class Clock:
    """Called, it tells the time; `sleep` turns it, so waiting costs nothing."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    sleep = turn
