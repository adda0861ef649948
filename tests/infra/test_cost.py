"""docs/cost.md is what `make cost` writes today, and says plainly how the goals stand."""

import pytest

from benchmarks.cost import bill, prices
from benchmarks.cost.__main__ import FILE
from benchmarks.cost.conversation import record, record_sweep
from benchmarks.cost.dynamodb_units import Units, read_units, size_of, write_units
from benchmarks.cost.report import Counted, page
from benchmarks.cost.stack import stack_of, transitions

INDEX = {
    "KeySchema": [{"AttributeName": "status"}, {"AttributeName": "created_at"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def counted(production):
    return Counted(stack_of(production.content), transitions(), record(), record_sweep())


def test_the_committed_page_is_what_the_script_writes(counted):
    assert FILE.read_text() == page(counted), "run `make cost`"


def test_an_idle_month_is_within_its_goal(counted):
    assert bill.total(counted.idle_month) <= bill.IDLE_GOAL


def test_how_far_the_conversations_are_from_their_goal_is_said_plainly(counted):
    usd = bill.total(counted.conversations)
    words = (
        f"missed by {usd - bill.CONVERSATIONS_GOAL:.2f}" if usd > bill.CONVERSATIONS_GOAL else "met"
    )
    assert f"**{usd:.2f} USD**, {words}" in FILE.read_text()


def test_the_conversation_takes_the_happy_path(counted):
    assert counted.states[0] == "Prepare"
    assert counted.states[-1] == "ContinueTurn"
    assert counted.conversation.count("kms") == 2
    assert counted.conversation.count("sns", "Publish") == 5
    assert counted.conversation.count("model") == 4


def test_every_room_that_was_invoked_is_a_function_of_the_stack(counted):
    assert set(counted.conversation.invocations) <= set(counted.stack.functions)


def test_a_price_is_for_its_units():
    assert prices.TRANSITIONS.of(8_000) == pytest.approx(0.2)
    assert prices.KMS_REQUESTS.text == "0.03 USD for 10,000 requests"


@pytest.mark.parametrize(
    ("bytes_", "in_transaction", "units"),
    [(100, False, 1), (1024, False, 1), (1025, False, 2), (100, True, 2), (2049, True, 6)],
)
def test_a_write_is_paid_by_the_kilobyte_and_twice_in_a_transaction(bytes_, in_transaction, units):
    item = {"pk": {"S": "x" * (bytes_ - 2)}}
    assert size_of(item) == bytes_
    assert write_units(None, item, indexes=[], in_transaction=in_transaction).writes == units


def test_an_index_is_paid_when_what_it_holds_changes():
    old = {"pk": {"S": "a"}, "status": {"S": "x"}, "created_at": {"S": "1"}}
    moved, beside = {**old, "status": {"S": "y"}}, {**old, "text": {"S": "z"}}

    def writes(before, after):
        return write_units(before, after, indexes=[INDEX], in_transaction=False).writes

    assert writes(None, old) == 2
    assert writes(old, beside) == 1
    assert writes(old, moved) == 3
    assert writes(old, {"pk": {"S": "a"}}) == 2


def test_a_read_is_paid_by_four_kilobytes_and_half_when_it_may_be_late():
    item = {"pk": {"S": "x" * 5000}}
    assert read_units({"Item": item}, is_consistent=True) == Units(reads=2)
    assert read_units({"Items": []}, is_consistent=False) == Units(reads=0.5)
