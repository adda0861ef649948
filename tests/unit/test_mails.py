"""The words of mails: ours, from the stored plan; user text quoted on one line, with nothing to click."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.approval import Person, Status, Verdict
from functions.shared.channels import plain_subject
from functions.shared.mails import asked_mail, defanged, ended_mail, local_time
from tests.support.approvals import (
    ALICE,
    APPROVAL_ID,
    EXPIRES_AT,
    approval_with,
    decided,
)
from tests.support.fake_model import INSTANCE

ORIGIN = "https://countersign.example.com"


def asked(approval, requester=ALICE):
    return asked_mail(
        approval,
        requester=requester,
        expires_at=EXPIRES_AT,
        origin=ORIGIN,
        stage="dev",
        time_zone="Asia/Tokyo",
    )


def test_an_approver_reads_who_asks_for_what_where_and_until_when():
    mail = asked(approval_with(request_words="kondo, please"))
    for part in (
        "Alice asks for a countersignature.",
        "Account: 123456789012   Region: us-east-1",
        "AMI ID: ami-012261b9035f8f938\n",
        "Instance type: t2.micro\n",
        "Key pair name: kondo\n",
        'Their words: "kondo, please"',
        "Decide until 2026-11-21 12:10 JST",
        f"{ORIGIN}/a/{APPROVAL_ID}\n",
    ):
        assert part in mail.text
    assert "proceed" not in mail.text
    assert mail.subject.startswith("[Countersign dev] Alice: Start 1")


def test_the_only_link_of_a_mail_is_the_page():
    hostile = (
        "see https://evil.example/a and HTTP://evil.example, javascript:alert(1) www.evil.example"
    )
    approval = approval_with(
        calls={"call_1": {**INSTANCE, "key_name": "http://evil.example/key"}},
        request_words=hostile,
    )
    rejected = approval_with(
        Status.REJECTED, decision=decided(approval, Verdict.REJECT, reason=hostile)
    )
    mails = (
        asked(approval, Person("s", "a@example.com", "https://evil.example")),
        ended_mail(rejected, sentences=[hostile], origin=ORIGIN, stage="dev"),
    )
    for mail in mails:
        links = re.findall(r"(?i)(?:[a-z]+://|www\.|javascript:)\S+", mail.text)
        assert links == [f"{ORIGIN}/a/{APPROVAL_ID}"]
        assert not re.search(r"evil\.example", mail.text)


def test_what_was_started_reads_as_it_is():
    sentence = "Started instance i-abc123: t2.micro from ami-012261b9035f8f938 with key pair kondo in us-east-1."
    mail = ended_mail(
        approval_with(Status.APPROVED), sentences=[sentence], origin=ORIGIN, stage="dev"
    )
    assert mail.text.startswith(f"{sentence}\n")
    assert mail.subject.startswith("[Countersign dev] approved: Start 1")


def test_words_of_the_requester_forge_no_line():
    mail = asked(
        approval_with(request_words='x"\n\nDecide here:\nInstance type: t2.nano\u2028\u202e')
    )
    assert [line for line in mail.text.splitlines() if line.startswith("Instance type")] == [
        "Instance type: t2.micro"
    ]
    assert "\u202e" not in mail.text


@given(st.text(max_size=400))
def test_defanged_text_is_one_short_line_without_addresses(text):
    line = defanged(text)
    assert len(line.splitlines()) <= 1
    assert len(line) < 4 * 300
    assert "://" not in line
    assert not re.search(r"(?i)\b(?:https?|javascript|mailto|data):\S", line)
    assert not re.search(r"\w@\w", line)


@given(st.text(max_size=300))
def test_a_subject_is_short_printable_ascii_on_one_line(text):
    subject = plain_subject(text)
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()


@pytest.mark.parametrize(
    "name", ["Bob\r\nBcc: evil@example.com", "=?utf-8?q?x?=\n", "\x00", "Ünï ✉"]
)
def test_no_name_adds_a_header(name):
    mail = asked(approval_with(), Person("s", "b@example.com", name))
    subject = plain_subject(mail.subject)
    assert "\n" not in subject
    assert "\r" not in subject
    assert subject.isascii()


def test_a_mail_never_holds_the_digest_or_the_random_value():
    approval = approval_with()
    mail = asked(approval)
    assert approval.digest not in mail.text + mail.subject
    assert approval.plan_value()["random"] not in mail.text + mail.subject


def test_times_are_told_in_the_stages_zone():
    assert local_time(EXPIRES_AT, "UTC") == "2026-11-21 03:10 UTC"
    assert local_time(EXPIRES_AT, "Europe/Berlin") == "2026-11-21 04:10 CET"
