"""The words of mails: ours, from the stored plan; user text quoted on one line, with nothing to click."""

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.approval import Approval, Outcome, Person, Status, Verdict
from functions.shared.channels import plain_subject
from functions.shared.freeze import Freeze
from functions.shared.identifiers import timestamp
from functions.shared.letter import defanged
from functions.shared.mails import asked_mail, ended_mail, local_time, told_mail
from functions.shared.plan import canonical, digest_of
from tests.support.approvals import ALICE, APPROVAL_ID, EXPIRES_AT, decided
from tests.support.clock import START
from tests.support.fake_model import INSTANCE

ORIGIN = "https://countersign.example.com"
PRICE = {
    "currency": "USD",
    "hourly": "0.0204",
    "monthly": "14.89",
    "lease": "0.17",
    "source": "list",
    "as_of": "2026-11-21",
}
FACTS = [
    {"key": "instance_type", "label": "Instance type", "value": "t3.micro", "source": "model"},
    {"key": "image_name", "label": "Image", "value": "al2023-ami-2023.6", "source": "aws"},
    {
        "key": "public_address",
        "label": "Public address",
        "value": "yes",
        "source": "aws",
        "level": "warning",
    },
    {
        "key": "not_checked",
        "label": "Not checked",
        "value": "vCPU quota: no answer",
        "source": "aws",
        "level": "warning",
    },
    {"key": "subnet", "label": "Subnet", "value": "subnet-0a1b", "source": "operator"},
]


FREEZE = Freeze(frozen=True, reason="see https://evil.example", by="Bob", at="2026-11-21T03:00:00Z")
PLACE = {"account": "123456789012", "region": "us-east-1", "target": "default"}


def approval_with(status=Status.PENDING, *, plan, **more):
    text = canonical(
        {
            **PLACE,
            "requester": ALICE.sub,
            "conversation": "z" * 26,
            "turn": 1,
            "agent": "ec2",
            **plan,
        }
    )
    values = {
        "id": APPROVAL_ID,
        "status": status,
        "version": 2,
        "digest": digest_of(text),
        "plan": text,
        "agent": "ec2",
        "conversation_id": "z" * 26,
        "turn": 1,
        "requester": ALICE,
        "request_words": "kondo",
        "created_at": timestamp(START),
        "expires_at": EXPIRES_AT,
    }
    return Approval(**{**values, **more})


def planned(number=1, **arguments):
    return {
        "id": f"call_{number}",
        "function": "run_instances",
        "operation": "run_instances",
        "arguments": {**INSTANCE, **arguments},
    }


def first_release(**more):
    """An approval with a plan of version 1: no facts, no price, no alias, no lease."""
    arguments = more.pop("arguments", {})
    plan = {"version": 1, "calls": [planned(**arguments)], "random": "r" * 26}
    return approval_with(plan=plan, **more)


def opened(count=1, alias="payments-test", **more):
    """An approval with a plan of version 2."""
    calls = [
        {**planned(n, instance_type="t3.micro"), "parameters": {}, "facts": FACTS, "price": PRICE}
        for n in range(1, count + 1)
    ]
    plan = {
        "version": 2,
        "account_alias": alias,
        "manifest": "0" * 64,
        "calls": calls,
        "lease": {"hours": 8},
        "price": PRICE,
        "random": "r" * 26,
    }
    return approval_with(plan=plan | more.pop("plan", {}), **more)


def asked(approval, requester=ALICE, **more):
    return asked_mail(
        approval,
        requester=requester,
        expires_at=EXPIRES_AT,
        origin=ORIGIN,
        stage="dev",
        time_zone="Asia/Tokyo",
        **more,
    )


def ended(approval, *sentences):
    """The mail of an end; the sentences are those of its calls, in order."""
    told = zip(approval.calls(), sentences, strict=False)
    outcomes = {call["id"]: Outcome("succeeded", sentence) for call, sentence in told}
    approval = replace(approval, outcomes=approval.outcomes or outcomes)
    return ended_mail(approval, origin=ORIGIN, stage="dev", time_zone="Asia/Tokyo")


def words_of(html):
    return unescape(re.sub(r"<[^>]*>", " ", html.partition("<body")[2].partition(">")[2])).split()


class Seen(HTMLParser):
    """What a mail program would build of it."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.addresses = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [
            value for name, value in attrs if name in ("href", "src", "action", "background")
        ]
        assert not any(name.startswith("on") or "url(" in (value or "") for name, value in attrs)


TAGS = {
    "html", "head", "meta", "body", "p", "blockquote", "pre", "table", "tr", "th", "td", "a",
}  # fmt: skip


def is_harmless(mail):
    """Both parts say the same, and lead nowhere but to the page."""
    assert words_of(mail.html) == mail.text.split()
    seen = Seen(mail.html)
    assert set(seen.tags) <= TAGS
    assert seen.addresses == [f"{ORIGIN}/a/{APPROVAL_ID}"]
    links = re.findall(r"(?i)(?:[a-z]+://|www\.|javascript:)\S+", mail.text)
    assert links == [f"{ORIGIN}/a/{APPROVAL_ID}"]
    subject = plain_subject(mail.subject)
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert "=?" not in subject
    return True


def test_an_approver_reads_where_what_who_how_much_and_until_when():
    mail = asked(opened(request_words="kondo, please"))
    assert mail.subject == (
        "[Countersign dev] Alice: 1 x t3.micro in payments-test, 0.02 USD/h, by 12:10 JST"
    )
    parts = (
        "Account: payments-test (123456789012)\nRegion: us-east-1\n",
        "Start 1 × t3.micro in payments-test (123456789012), us-east-1, for 8 hours.",
        'Asked by Alice (alice[@]example[.]com), in these words:\n\n"kondo, please"',
        "Instance type: t3.micro (said by the model)",
        "Image: al2023-ami-2023.6 (checked with AWS)",
        "WARNING Public address: yes (checked with AWS)",
        "WARNING Not checked: vCPU quota: no answer\n",
        "Subnet: subnet-0a1b (set by your operator)",
        "Price: 0.0204 USD/h, 14.89 USD/month, 0.17 USD to the end of the lease "
        "(list price, 2026-11-21)",
        "Lease: 8 hours, then stopped, and terminated 7 days later",
        "Decide until 2026-11-21 12:10 JST:",
        f"{ORIGIN}/a/{APPROVAL_ID}\n",
        "Opening the page decides nothing.",
    )
    places = [mail.text.index(part) for part in parts]
    assert places == sorted(places)
    assert mail.text.startswith("Account:")
    assert is_harmless(mail)


def test_in_shadow_mode_a_mail_speaks_of_no_hours_and_of_what_a_start_would_cost():
    mail = asked(opened(plan={"launch": "dry_run"}))
    for line in (
        "Rehearsal only: start 1 × t3.micro in payments-test (123456789012), us-east-1.",
        "Price if started: 0.0204 USD/h, 14.89 USD/month, 0.17 USD to the end of the lease "
        "(list price, 2026-11-21)",
    ):
        assert line in mail.text.splitlines()
    assert "8 hours" not in mail.text
    assert is_harmless(mail)


def test_a_plan_of_the_first_version_is_told_without_what_it_does_not_say():
    mail = asked(first_release())
    assert mail.subject == "[Countersign dev] Alice: 1 x t2.micro in 123456789012, by 12:10 JST"
    assert "AMI ID: ami-012261b9035f8f938 (said by the model)\n" in mail.text
    assert "Start 1 × t2.micro in 123456789012, us-east-1." in mail.text
    assert "None" not in mail.text
    assert is_harmless(mail)


def test_several_calls_are_told_one_by_one_with_their_prices():
    mail = asked(opened(2))
    assert "2 × t3.micro" in mail.text
    assert "1 of 2: Start 1 × t3.micro" in mail.text
    assert mail.text.count("Price: 0.0204 USD/h") == 2
    assert mail.text.count("Total: 0.0204 USD/h") == 1
    assert is_harmless(mail)


def test_a_reminder_says_that_it_is_one():
    mail = asked(opened(), reminder=True)
    assert mail.subject.startswith("[Countersign dev] Reminder, Alice: 1 x t3.micro")
    assert mail.text.startswith("Reminder: nobody has decided this yet.")


def test_a_freeze_is_told_before_everything_else():
    mail = asked(opened(), frozen=FREEZE)
    assert mail.text.startswith("FROZEN: Bob stopped all launches at 2026-11-21 12:00 JST: ")
    assert "What is approved meanwhile is not started." in mail.text
    assert is_harmless(mail)
    assert "FROZEN" not in asked(opened(), frozen=Freeze(frozen=False)).text
    assert "FROZEN: An operator stopped" in asked(opened(), frozen=Freeze(frozen=True)).text


def test_who_is_told_the_end_reads_what_happened_then_what_was_asked():
    approval = opened()
    decision = decided(approval, Verdict.REJECT, reason="wrong size")
    mail = ended(
        replace(approval, status=Status.REJECTED, decision=decision),
        "Carol rejected this; nothing was started.",
    )
    assert mail.subject == ("[Countersign dev] rejected: 1 x t3.micro in payments-test, for Alice")
    assert mail.text.startswith("Carol rejected this; nothing was started.\n")
    assert 'Rejected by Carol at 2026-11-21 12:00 JST.\n\n"wrong size"' in mail.text
    assert "Asked for: Start 1 × t3.micro in payments-test (123456789012), us-east-1" in mail.text
    assert is_harmless(mail)


@pytest.mark.parametrize(
    ("status", "outcome", "opening"),
    [
        (Status.APPROVED, "succeeded", "approved: "),
        (Status.APPROVED, "denied", "approved, but not all done: "),
        (Status.CANCELLED, "cancelled", "cancelled: "),
        (Status.EXPIRED, "expired", "expired: "),
        (Status.DENIED, "denied", "denied: "),
        (Status.FAILED, "failed", "failed: "),
    ],
)
def test_the_subject_of_an_end_says_which_end(status, outcome, opening):
    approval = replace(opened(), status=status, outcomes={"call_1": Outcome(outcome, "text")})
    assert ended(approval).subject.startswith(f"[Countersign dev] {opening}")


def test_what_became_of_an_instance_later_is_told_in_the_same_form():
    mail = told_mail(
        opened(), headline="lease ends soon", sentences=["It ends."], origin=ORIGIN, stage="dev"
    )
    assert mail.subject.startswith("[Countersign dev] lease ends soon: 1 x t3.micro")
    assert is_harmless(mail)


def test_what_was_started_reads_as_it_is():
    sentence = "Started instance i-abc123: t2.micro from ami-012261b9035f8f938 with key pair kondo in us-east-1."
    mail = ended(first_release(status=Status.APPROVED), sentence)
    assert mail.text.startswith(f"{sentence}\n")


HOSTILE = (
    "see https://evil.example/a and HTTP://evil.example, javascript:alert(1) www.evil.example "
    "10.0.0.1 <a href='https://evil.example'>x</a><img src=https://evil.example/p.png> evil。example"
)


def test_the_only_link_of_a_mail_is_the_page():
    approval = first_release(
        arguments={"key_name": "<b>&lt; http://evil.example/key"}, request_words=HOSTILE
    )
    rejected = replace(
        approval,
        status=Status.REJECTED,
        decision=decided(approval, Verdict.REJECT, reason=HOSTILE),
    )
    mails = (
        asked(approval, Person("s", "a@example.com", "https://evil.example"), frozen=FREEZE),
        ended(rejected, HOSTILE),
    )
    for mail in mails:
        assert is_harmless(mail)
        assert not re.search(r"evil[.。]example|10\.0\.0\.1", mail.text + mail.html + mail.subject)


def test_words_of_the_requester_forge_no_line_and_hide_nothing():
    mail = asked(
        first_release(
            request_words='x"\n\nDecide until:\nInstance type: t2.nano\u2028\u202egnp\u200b\ufe0f'
        )
    )
    assert [line for line in mail.text.splitlines() if line.startswith("Instance type")] == [
        "Instance type: t2.micro (said by the model)"
    ]
    assert "⟨U+202E⟩gnp⟨U+200B⟩⟨U+FE0F⟩" in mail.text
    assert "\u202e" not in mail.text + mail.html


ODD = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\r\n<>&\"'=?@.:/×\u202e\u200b\U000e0041"),
    ),
    max_size=200,
)


@given(name=ODD, words=ODD, reason=ODD, alias=ODD, value=ODD, sentence=ODD)
def test_nothing_that_people_models_or_aws_write_changes_a_mail(
    name, words, reason, alias, value, sentence
):
    approval = opened(request_words=words, alias=alias)
    plan = json.loads(approval.plan)
    plan["calls"][0]["facts"] = [{"key": "k", "label": "Image", "value": value, "source": value}]
    plan["calls"][0]["arguments"]["instance_type"] = value
    requester = Person("sub", f"{name}@example.com", name)
    approval = replace(approval, plan=json.dumps(plan), requester=requester)
    mail = asked(approval, requester, frozen=Freeze(frozen=True, reason=reason, by=name, at=words))
    assert is_harmless(mail)
    assert mail.subject.startswith("[Countersign dev] ")
    assert mail.subject.endswith(", by 12:10 JST")
    decision = decided(approval, Verdict.REJECT, reason=reason)
    assert is_harmless(
        ended(replace(approval, status=Status.REJECTED, decision=decision), sentence)
    )


@pytest.mark.parametrize(
    ("name", "email", "shown"),
    [
        ("Kai", "k@example.com", "Kai"),
        ("Zoë Müller", "z@example.com", "Zoe Muller"),
        ("近藤 海", "kai.kondo@example.com", "kai.kondo"),
        ("", "bob@example.com", "bob"),
        ("海", "海@example.com", "Somebody"),
        ("A" * 90, "a@example.com", "AAAAAAAA"),
    ],
)
def test_names_in_any_script_are_told_in_plain_letters(name, email, shown):
    subject = asked(opened(), Person("s", email, name)).subject.replace("[.]", ".")
    assert subject.startswith(f"[Countersign dev] {shown}")
    assert subject.endswith(": 1 x t3.micro in payments-test, 0.02 USD/h, by 12:10 JST")


def test_a_decision_on_another_day_is_asked_for_with_its_date():
    mail = asked_mail(
        opened(),
        requester=ALICE,
        expires_at=EXPIRES_AT + 24 * 3600,
        origin=ORIGIN,
        stage="dev",
        time_zone="Asia/Tokyo",
    )
    assert mail.subject.endswith(", by 22 Nov 12:10 JST")


@given(st.text(max_size=400))
def test_defanged_text_is_one_short_line_without_addresses(text):
    line = defanged(text)
    assert len(line.splitlines()) <= 1
    assert len(line) < 12 * 301
    assert "://" not in line
    assert not re.search(r"(?i)\b(?:https?|javascript|mailto|data):\S", line)
    assert not re.search(r"\w@\w", line)


@given(st.text(max_size=300))
def test_a_subject_is_short_printable_ascii_on_one_line(text):
    subject = plain_subject(text)
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert "=?" not in subject


@pytest.mark.parametrize(
    "name", ["Bob\r\nBcc: evil@example.com", "=?utf-8?q?x?=\n", "\x00", "Ünï ✉", "é?=\u00e9=?"]
)
def test_no_name_adds_a_header(name):
    mail = asked(first_release(), Person("s", "b@example.com", name))
    assert is_harmless(mail)
    subject = plain_subject(mail.subject)
    assert "\n" not in subject
    assert "\r" not in subject


def test_a_mail_holds_the_start_of_the_digest_and_never_the_random_value():
    approval = first_release()
    mail = asked(approval)
    assert f"Digest: {approval.digest[:12]}\n" in mail.text
    assert approval.digest[:13] not in mail.text + mail.subject
    assert approval.plan_value()["random"] not in mail.text + mail.subject


def test_times_are_told_in_the_stages_zone():
    assert local_time(EXPIRES_AT, "UTC") == "2026-11-21 03:10 UTC"
    assert local_time(EXPIRES_AT, "Europe/Berlin") == "2026-11-21 04:10 CET"
