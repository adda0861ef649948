"""The list of guards names texts and tests that are there."""

from tests.sweeps.guard_list import GUARDS
from tests.sweeps.guards import check


def test_every_guard_of_the_list_stands_exactly_once_in_the_product():
    check(GUARDS)
