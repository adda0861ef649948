"""The list of guards names texts and tests that are there."""

from tests.sweeps.guard_list import GUARDS
from tests.sweeps.guards import PAGE, Found, begin_of_row, check, kept_rows, row, written


def test_every_guard_of_the_list_stands_exactly_once_in_the_product():
    check(GUARDS)


def test_the_page_keeps_the_rows_of_guards_that_were_seen_and_no_others():
    first, second, *others = GUARDS
    rows = {one: row(Found(one, "tests/test_x.py::test_it_is_seen[1]")) for one in GUARDS}
    rows[second] = row(Found(second, ""))
    once = f"{rows[first]}\n| a guard of once | `x.py` | y |"
    page = written(PAGE.read_text(), rows).replace(rows[first], once)
    kept = kept_rows(page)
    assert kept[first] == f"{begin_of_row(first)}test it is seen |"
    assert kept.keys() == {first, *others}
    assert f"{len(GUARDS) - 1} of {len(GUARDS)} guards are seen" in page
    assert "a guard of once" not in written(page, {**kept, second: rows[second]})
