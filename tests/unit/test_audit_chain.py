import copy
from dataclasses import replace

import pytest

from functions.shared.approval import Outcome, Person, Status, Verdict
from functions.shared.audit import hash_of
from functions.shared.audit_chain import CONTENT, first_version, verify_chain, verify_record
from tests.support.audited import APPROVAL_ID, a_plan, audited

APPROVAL, ROWS = audited()


def tampered(number, **changes):
    """The rows with one edited by hand."""
    rows = copy.deepcopy(ROWS)
    rows[number - 1].update(changes)
    return rows


def with_forged_hashes(rows):
    """Every hash made anew, as somebody could who knows how they are made."""
    forged, previous = [], "0" * 64
    for row in rows:
        one = {**row, "previous": previous}
        one["hash"] = hash_of({"approval": APPROVAL_ID, **{name: one[name] for name in CONTENT}})
        previous = one["hash"]
        forged.append(one)
    return forged


def test_a_chain_as_the_product_writes_it_verifies():
    assert verify_chain(APPROVAL_ID, ROWS) == []
    assert verify_record(APPROVAL, ROWS) == []


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize(
    "change",
    [
        {"details": {"edited": True}},
        {"actor": "sub-mallory"},
        {"at": "2026-11-21T03:00:01Z"},
        {"event": "noted"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_edited_row_is_found(number, change):
    [finding] = verify_chain(APPROVAL_ID, tampered(number, **change))
    assert finding == f"Row {number} is not what its hash was made of."


@pytest.mark.parametrize("number", range(1, 5))
def test_a_removed_row_is_found(number):
    rows = [row for row in ROWS if row["number"] != number]
    assert verify_chain(APPROVAL_ID, rows) + verify_record(APPROVAL, rows)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 3), (1, 4)])
def test_swapped_rows_are_found(one, other):
    rows = copy.deepcopy(ROWS)
    rows[one - 1], rows[other - 1] = rows[other - 1], rows[one - 1]
    assert verify_chain(APPROVAL_ID, rows)
    for row, number in zip(rows, range(1, 5), strict=True):
        row["number"] = number
    assert verify_chain(APPROVAL_ID, rows)


def test_a_row_that_stands_twice_is_found():
    assert verify_chain(APPROVAL_ID, [*ROWS[:2], ROWS[1], *ROWS[2:]])


@pytest.mark.parametrize("number", range(1, 5))
def test_a_forged_hash_is_found(number):
    findings = verify_chain(APPROVAL_ID, tampered(number, hash="f" * 64))
    assert f"Row {number} is not what its hash was made of." in findings


def test_an_edited_link_is_found():
    assert verify_chain(APPROVAL_ID, tampered(3, previous="f" * 64))


def test_the_rows_of_another_approval_are_found():
    assert len(verify_chain("b" * 26, ROWS)) == len(ROWS)


def test_a_chain_made_anew_from_an_edited_row_on_does_not_end_in_the_records_head():
    rows = with_forged_hashes(tampered(3, actor="sub-mallory"))
    assert verify_chain(APPROVAL_ID, rows) == []
    assert "The record does not end in the newest row." in verify_record(APPROVAL, rows)


def test_a_chain_cut_at_its_end_is_found_by_the_record():
    assert verify_chain(APPROVAL_ID, ROWS[:3]) == []
    findings = verify_record(APPROVAL, ROWS[:3])
    assert "The record does not end in the newest row." in findings
    assert "The record is version 4, the newest row 3." in findings


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"audit_head": "f" * 64}, "The record does not end in the newest row."),
        ({"version": 5}, "The record is version 5, the newest row 4."),
        (
            {"plan": a_plan(account_alias="prod")},
            "The record's plan is not the one that was opened.",
        ),
        ({"digest": "e" * 64}, "The record's digest is not the one that was opened."),
        ({"decision": None}, "A decision was written that the record does not hold."),
        ({"status": Status.EXPIRED}, "The record is expired and no row says so."),
        ({"closed_at": None}, "The record and its rows do not agree whether it was closed."),
        (
            {"outcomes": {"call_1": Outcome("failed", "no")}},
            "The record's outcomes are not the ones that were written.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_record_edited_by_hand_is_found(change, finding):
    assert finding in verify_record(replace(APPROVAL, **change), ROWS)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": Verdict.REJECT},
        {"calls": {"call_1": Verdict.REJECT}},
        {"by": Person("sub-mallory", "mallory@example.com", "Carol")},
        {"reason": "go ahead"},
        {"at": "2026-11-21T03:59:59Z"},
        {"self_confirmed": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_decision_edited_in_the_record_is_found(change):
    edited = replace(APPROVAL, decision=replace(APPROVAL.decision, **change))
    findings = verify_record(edited, ROWS)
    assert "The record's decision is not the one that was written." in findings


def test_a_decision_on_another_digest_is_found():
    edited = replace(APPROVAL, decision=replace(APPROVAL.decision, digest="d" * 64))
    assert "The decision was made on another digest than the record's." in verify_record(
        edited, ROWS
    )


def test_an_opened_plan_that_does_not_have_its_digest_is_found():
    rows = with_forged_hashes(tampered(2, details={**ROWS[1]["details"], "digest": "e" * 64}))
    findings = verify_record(APPROVAL, rows)
    assert "The plan that was opened does not have the digest that was opened." in findings


def test_a_decision_that_no_row_tells_of_is_found():
    rows = with_forged_hashes(tampered(3, event="noted"))
    assert "The record holds a decision that no row tells of." in verify_record(APPROVAL, rows)


def test_an_ending_that_the_record_does_not_have_is_found():
    rows = with_forged_hashes(tampered(4, event="cancelled"))
    assert "The record is approved, a row says cancelled." in verify_record(APPROVAL, rows)


def test_no_rows_are_a_finding():
    assert verify_chain(APPROVAL_ID, []) == ["There is no audit row."]
    assert verify_record(APPROVAL, []) == ["The record has no audit row."]


def test_what_cannot_be_hashed_is_a_finding():
    [finding] = verify_chain(APPROVAL_ID, tampered(2, details={"x": float("nan")}))
    assert finding == "Row 2 is not what its hash was made of."


def test_a_record_of_the_first_release_begins_its_chain_where_it_was_taken_over():
    later = with_forged_hashes(ROWS[2:])
    assert first_version(1, later) == 3
    assert first_version(2, later) == 1
    assert verify_chain(APPROVAL_ID, later, first=3) == []
    assert verify_chain(APPROVAL_ID, later)
