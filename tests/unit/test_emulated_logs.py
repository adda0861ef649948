"""Which lines of a Lambda's process belong to one call, on a machine that hands them over late."""

import queue

from local.emulator.lambda_runtime import log_of_a_call
from local.emulator.lambda_worker import END_OF_LOG


class Pipe:
    """Lines at the second in which they arrive; a clock that goes on only while it is waited."""

    def __init__(self, *arrivals: tuple[float, str]) -> None:
        self._arrivals = list(arrivals)
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def get(self, timeout: float) -> str:
        if not self._arrivals or self._arrivals[0][0] > self.now + timeout:
            self.now += timeout
            raise queue.Empty
        at, line = self._arrivals.pop(0)
        self.now = max(self.now, at)
        return line

    def log(self, call: str | None, *, is_running: bool = True) -> str:
        mark = call and END_OF_LOG + call
        return log_of_a_call(self, mark, is_running=lambda: is_running, clock=self.clock)


def test_a_call_has_its_lines_however_late_the_machine_hands_them_over():
    pipe = Pipe((4.0, "late"), (9.0, f"{END_OF_LOG}first"), (9.0, "next"), (9.0, END_OF_LOG + "b"))
    assert pipe.log("first") == "late"
    assert pipe.log("b") == "next"


def test_a_mark_left_by_an_earlier_call_does_not_put_every_later_call_one_behind():
    pipe = Pipe((0, f"{END_OF_LOG}earlier"), (0, "own"), (0, f"{END_OF_LOG}this"))
    assert pipe.log("this") == "own"


def test_a_last_line_without_its_end_is_a_line():
    assert Pipe((0, f"no newline{END_OF_LOG}this")).log("this") == "no newline"


def test_a_process_that_ended_is_not_waited_for():
    pipe = Pipe((0.1, "last words"), (5.0, "of another"))
    assert pipe.log("this", is_running=False) == "last words"
    assert pipe.now < 0.3


def test_a_program_that_makes_no_marks_is_given_a_quarter_of_a_second():
    pipe = Pipe((0.1, "a line"))
    assert pipe.log(None) == "a line"
    assert pipe.now < 0.3


def test_a_mark_that_never_comes_is_given_up():
    pipe = Pipe((1.0, "a line"))
    assert pipe.log("this") == "a line"
    assert pipe.now >= 30
