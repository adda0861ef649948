"""Who may decide what, when: tables of cases."""

from datetime import timedelta

import pytest

from functions.record_outcome.outcomes import outcome_without_launch
from functions.shared.approval import (
    AlreadyClosed,
    AlreadyDecided,
    DigestDiffers,
    Expired,
    NotReady,
    Person,
    Status,
    Verdict,
    decide,
)
from functions.shared.entitlement import NotAnApprover, NotEligible, OwnRequest, check_entitled
from functions.shared.errors import BadRequest, NotFound
from tests.support.approvals import (
    ALICE,
    BOB,
    CAROL,
    EXPIRES_AT,
    approval_with,
    decided,
)
from tests.support.clock import START
from tests.support.fake_model import INSTANCE

APPROVERS = frozenset({"approvers"})
NOBODY = frozenset()


def deciding(approval, verdict=Verdict.APPROVE, *, by=CAROL, now=START, digest=None, calls=None):
    return decide(
        approval,
        verdict,
        digest=approval.digest if digest is None else digest,
        calls=calls or {},
        reason="",
        by=by,
        now=now,
        at="2026-11-21T03:00:00Z",
    )


@pytest.mark.parametrize(
    "person",
    [
        ALICE,
        Person("sub-alice"),
        Person("another-sub", "alice@example.com"),
        Person("another-sub", "ALICE@Example.COM"),
        Person("sub-alice", "new-address@example.com"),
    ],
    ids=[
        "same",
        "same subject, no e-mail",
        "same e-mail",
        "e-mail in another case",
        "e-mail changed",
    ],
)
def test_nobody_decides_their_own_request_not_even_as_an_approver(person):
    with pytest.raises(OwnRequest):
        check_entitled(approval_with(), person, APPROVERS, self_confirm=False)


@pytest.mark.parametrize(
    ("requester", "person"),
    [
        (Person("sub-1", "strasse@example.com"), Person("sub-2", "STRASSE@example.com")),
        (Person("sub-1", "straße@example.com"), Person("sub-2", "STRASSE@example.com")),
    ],
)
def test_e_mails_are_compared_after_case_folding(requester, person):
    assert person.is_same_as(requester)


def test_two_people_without_an_e_mail_are_two_people():
    assert not Person("one").is_same_as(Person("two"))


@pytest.mark.parametrize(
    ("person", "groups", "refusal"),
    [
        (CAROL, APPROVERS, None),
        (Person("sub-new", "new@example.com"), APPROVERS, None),
        (CAROL, NOBODY, NotAnApprover),
        (CAROL, frozenset({"auditors", "operators"}), NotAnApprover),
        (Person("sub-mallory", "mallory@example.com"), NOBODY, NotFound),
        (Person("sub-mallory", "carol@example.com"), frozenset({"requesters"}), NotFound),
    ],
    ids=[
        "an approver who was asked",
        "an approver who came later",
        "asked once, not an approver any more",
        "other groups do not count",
        "a stranger",
        "a stranger with an approver's address",
    ],
)
def test_only_who_is_an_approver_now_may_decide(person, groups, refusal):
    if refusal is None:
        check_entitled(approval_with(), person, groups, self_confirm=False)
        return
    with pytest.raises(refusal):
        check_entitled(approval_with(), person, groups, self_confirm=False)


@pytest.mark.parametrize(
    ("groups", "refusal"),
    [
        (("approvers", "security"), None),
        (("approvers", "ops", "security"), None),
        (("approvers", "network"), NotEligible),
        (("approvers",), NotEligible),
        (("approvers", "Security"), NotEligible),
        (("security",), NotAnApprover),
        ((), NotAnApprover),
    ],
    ids=str,
)
def test_an_agent_can_name_the_groups_whose_approvers_decide_its_calls(groups, refusal):
    approval = approval_with(approvers=("security", "ops"))
    if refusal is None:
        check_entitled(approval, CAROL, frozenset(groups), self_confirm=False)
        return
    with pytest.raises(refusal):
        check_entitled(approval, CAROL, frozenset(groups), self_confirm=False)


def test_who_is_refused_reads_which_groups_decide():
    for named, words in ((("ops",), "the group ops"), (("a", "b"), "one of the groups a, b")):
        with pytest.raises(NotEligible, match=f"in {words} can"):
            check_entitled(approval_with(approvers=named), CAROL, APPROVERS, self_confirm=False)


def test_being_in_a_named_group_lets_nobody_decide_their_own_request():
    everything = frozenset({"approvers", "security"})
    with pytest.raises(OwnRequest):
        check_entitled(
            approval_with(approvers=("security",)), ALICE, everything, self_confirm=False
        )


def test_self_confirm_lets_the_requester_decide_and_the_decision_says_so():
    approval = approval_with()
    check_entitled(approval, ALICE, NOBODY, self_confirm=True)
    assert deciding(approval, by=ALICE).self_confirmed
    assert not deciding(approval, by=CAROL).self_confirmed


@pytest.mark.parametrize(
    ("seconds", "is_over"),
    [(-600, False), (-1, False), (-0.001, False), (0, True), (0.001, True), (1, True)],
)
def test_at_the_second_of_expiry_it_is_over(seconds, is_over):
    approval = approval_with()
    now = START + timedelta(seconds=600 + seconds)
    assert approval.has_expired(now) is is_over
    assert approval.expires_at == EXPIRES_AT
    if is_over:
        with pytest.raises(Expired):
            deciding(approval, now=now)
    else:
        assert deciding(approval, now=now).decision is Verdict.APPROVE


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (Status.PREPARING, NotReady),
        (Status.PENDING, None),
        (Status.DENIED, AlreadyClosed),
        (Status.EXPIRED, Expired),
        (Status.CANCELLED, AlreadyClosed),
        (Status.FAILED, AlreadyClosed),
    ],
)
def test_only_a_pending_request_can_be_decided(status, refusal, verdict):
    approval = approval_with(status)
    if refusal is None:
        assert deciding(approval, verdict).decision is verdict
        return
    with pytest.raises(refusal):
        deciding(approval, verdict)


@pytest.mark.parametrize("digest", ["", "0" * 64, "same but upper case"])
def test_another_digest_decides_nothing(digest):
    approval = approval_with()
    wanted = approval.digest.upper() if digest.startswith("same") else digest
    with pytest.raises(DigestDiffers):
        deciding(approval, digest=wanted)


@pytest.mark.parametrize("first", list(Verdict))
@pytest.mark.parametrize("second", list(Verdict))
@pytest.mark.parametrize("who", [CAROL, BOB], ids=["the same person", "another person"])
def test_after_a_decision_only_the_very_same_one_is_answered(first, second, who):
    approval = approval_with()
    stored = decided(approval, first)
    status = Status.APPROVED if first is Verdict.APPROVE else Status.REJECTED
    after = approval_with(status, decision=stored)
    later = START + timedelta(hours=2)
    if who is CAROL and first is second:
        assert deciding(after, second, now=later) is stored
        return
    with pytest.raises(AlreadyDecided) as refused:
        deciding(after, second, by=who, now=later)
    assert refused.value.headers["x-should-retry"] == "false"
    assert refused.value.extra["decided_by"] == "Carol"


def test_the_same_decision_with_another_digest_is_another_decision():
    approval = approval_with()
    after = approval_with(Status.APPROVED, decision=decided(approval, Verdict.APPROVE))
    with pytest.raises(AlreadyDecided):
        deciding(after, digest="0" * 64)


TWO = {"call_1": {**INSTANCE, "key_name": "a"}, "call_2": {**INSTANCE, "key_name": "b"}}
APPROVE, REJECT = Verdict.APPROVE, Verdict.REJECT


@pytest.mark.parametrize(
    ("verdict", "calls", "wanted"),
    [
        (APPROVE, {}, {"call_1": APPROVE, "call_2": APPROVE}),
        (APPROVE, {"call_2": REJECT}, {"call_1": APPROVE, "call_2": REJECT}),
        (REJECT, {}, {"call_1": REJECT, "call_2": REJECT}),
        (REJECT, {"call_1": REJECT}, {"call_1": REJECT, "call_2": REJECT}),
        (APPROVE, {"call_1": REJECT, "call_2": REJECT}, BadRequest),
        (REJECT, {"call_1": APPROVE}, BadRequest),
        (APPROVE, {"call_3": APPROVE}, BadRequest),
    ],
)
def test_each_call_has_its_own_decision(verdict, calls, wanted):
    approval = approval_with(calls=TWO)
    if wanted is BadRequest:
        with pytest.raises(BadRequest):
            deciding(approval, verdict, calls=calls)
        return
    assert deciding(approval, verdict, calls=calls).calls == wanted


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (Status.EXPIRED, "expired"),
        (Status.CANCELLED, "cancelled"),
        (Status.DENIED, "denied"),
        (Status.FAILED, "failed"),
    ],
)
def test_an_ending_without_a_decision_says_that_nothing_was_started(status, outcome):
    told = outcome_without_launch(approval_with(status, ended_by="Because."), "call_1")
    assert told.status == outcome
    assert "nothing was started" in told.text
    assert told.text.endswith("Because.")


def test_a_rejection_names_who_and_why():
    approval = approval_with()
    rejected = approval_with(
        Status.REJECTED, decision=decided(approval, REJECT, reason="not today")
    )
    told = outcome_without_launch(rejected, "call_1")
    assert told.status == "rejected"
    assert told.text == "Carol rejected this; nothing was started. Reason: not today"


@pytest.mark.parametrize("status", list(Status))
def test_a_request_is_unfinished_while_its_calls_may_still_run(status):
    closed = approval_with(status, closed_at="2026-11-21T03:10:00Z")
    approval = approval_with(status)
    may_run = status in (Status.PREPARING, Status.PENDING, Status.APPROVED)
    assert approval.is_unfinished(START) is may_run
    if status is Status.APPROVED:
        assert not closed.is_unfinished(START)
