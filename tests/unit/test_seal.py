"""The seal of a decision: made over everything in it, verified with trusted keys alone."""

from dataclasses import fields, replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.shared.approval import Decision, Person, Seal, Verdict
from functions.shared.approval_item import approval_of_item, attributes, decision_item, person_item
from functions.shared.seal import SealCheck, Sealer
from tests.support.approvals import APPROVAL_ID, BOB, approval_with, decided
from tests.support.fake_kms import FakeKms

CURRENT, RETIRED, STRANGE = (f"arn:aws:kms:us-east-1:123456789012:key/{n}" for n in "abc")

texts = st.text(st.characters(codec="utf-8"), max_size=8)
OTHERS = {
    "decision": st.sampled_from(Verdict),
    "by": st.builds(Person, texts, texts, texts),
    "at": texts,
    "digest": texts,
    "calls": st.dictionaries(texts, st.sampled_from(Verdict), max_size=3),
    "reason": texts,
    "self_confirmed": st.booleans(),
}


def a_decision():
    return replace(decided(approval_with(), Verdict.APPROVE, reason="fine"), self_confirmed=False)


def sealed(decision=None, *, key=CURRENT, approval_id=APPROVAL_ID):
    decision = decision or a_decision()
    return replace(decision, seal=Sealer(FakeKms(), key).seal(approval_id, decision))


def is_genuine(decision, *trusted, approval_id=APPROVAL_ID):
    return SealCheck(FakeKms(), trusted or (CURRENT,)).is_genuine(approval_id, decision)


def test_what_was_sealed_is_genuine():
    assert is_genuine(sealed())


def test_every_member_of_a_decision_is_sealed():
    assert set(OTHERS) == {one.name for one in fields(Decision)} - {"seal"}


@given(st.data())
def test_a_decision_with_any_member_changed_is_refused(data):
    name = data.draw(st.sampled_from(sorted(OTHERS)))
    value = data.draw(OTHERS[name])
    assume(value != getattr(a_decision(), name))
    assert not is_genuine(replace(sealed(), **{name: value}))


@given(st.sampled_from(["sub", "email", "name"]), texts)
def test_the_seal_names_the_person_by_every_name(name, value):
    by = a_decision().by
    assume(value != getattr(by, name))
    assert not is_genuine(replace(sealed(), by=replace(by, **{name: value})))


@given(texts)
def test_a_seal_fits_one_approval(approval_id):
    assume(approval_id != APPROVAL_ID)
    assert not is_genuine(sealed(), approval_id=approval_id)


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda mac: mac.hex()))
def test_a_made_up_mac_is_refused(mac):
    assume(mac != sealed().seal.mac)
    assert not is_genuine(replace(sealed(), seal=Seal(CURRENT, mac)))


def test_without_a_seal_nothing_is_genuine_and_kms_is_not_asked():
    kms = FakeKms()
    assert not SealCheck(kms, [CURRENT]).is_genuine(APPROVAL_ID, a_decision())
    assert kms.asked == []


def test_a_key_that_is_not_trusted_is_not_even_asked():
    kms = FakeKms()
    decision = sealed(key=STRANGE)
    assert not SealCheck(kms, [CURRENT, RETIRED]).is_genuine(APPROVAL_ID, decision)
    assert kms.asked == []


@pytest.mark.parametrize("key", ["", CURRENT.upper(), f"{CURRENT} ", "alias/current", "*"])
def test_a_key_spelled_otherwise_is_not_trusted(key):
    decision = sealed()
    assert not is_genuine(replace(decision, seal=Seal(key, decision.seal.mac)))


def test_a12_a_retired_key_verifies_while_it_is_listed_and_not_afterwards():
    decision = sealed(key=RETIRED)
    assert is_genuine(decision, CURRENT, RETIRED)
    assert not is_genuine(decision, CURRENT)


def test_the_name_of_one_trusted_key_on_the_mac_of_another_is_refused():
    decision = sealed(key=RETIRED)
    assert not is_genuine(
        replace(decision, seal=Seal(CURRENT, decision.seal.mac)), CURRENT, RETIRED
    )


def test_a_refusal_of_kms_that_is_no_error_is_a_refusal():
    class Lenient(FakeKms):
        def verify_mac(self, **_):
            return {"MacValid": False}

    assert not SealCheck(Lenient(), [CURRENT]).is_genuine(APPROVAL_ID, sealed())


def test_where_kms_cannot_say_nobody_guesses():
    class Away(FakeKms):
        def verify_mac(self, **_):
            raise TimeoutError

    with pytest.raises(TimeoutError):
        SealCheck(Away(), [CURRENT]).is_genuine(APPROVAL_ID, sealed())


def test_a_seal_survives_the_table():
    decision = replace(a_decision(), by=BOB, reason="é\n\U0001f600", at="2026-11-21T03:00:00Z")
    decision = sealed(decision)
    approval = approval_with()
    stored = {
        "pk": approval.id,
        "status": "approved",
        "version": 3,
        "digest": approval.digest,
        "plan": approval.plan,
        "agent": "ec2",
        "conversation_id": approval.conversation_id,
        "turn": 1,
        "requester": person_item(approval.requester),
        "request_words": "",
        "created_at": approval.created_at,
        "decision": decision_item(decision),
    }
    read = approval_of_item(attributes(stored)).decision
    assert read == decision
    assert is_genuine(read)
