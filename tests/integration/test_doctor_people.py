"""`countersign doctor` and people: two of them, one who countersigns, mails and alarms that arrive."""

from types import SimpleNamespace

import pytest

from cli.users.everybody import MailState, SignIn
from functions.shared.aws import client
from tests.support.examined import refused, somebody


def test_one_person_cannot_countersign_for_themselves(patient):
    del patient.people[0]
    said = patient.finds("people")
    assert said.says.startswith("Only one person is here")
    assert (said.state, "countersign users add EMAIL" in said.fix) == ("fail", True)
    patient.page["self_confirm"] = True
    assert patient.finds("people").state == "ok"


def test_who_is_disabled_does_not_count(patient):
    patient.people[1] = somebody("carol@example.com", "approvers", is_enabled=False)
    assert patient.finds("people").state == "fail"
    assert patient.finds("approvers").says == "Nobody may countersign."


def test_no_approver(patient):
    patient.people[1] = somebody("carol@example.com", "requesters")
    said = patient.finds("approvers")
    assert (said.state, said.fix) == ("fail", "countersign users add EMAIL --approver")
    patient.page["self_confirm"] = True
    assert patient.finds("approvers").state == "ok"


@pytest.mark.parametrize(
    ("sign_in", "words"),
    [(SignIn.INVITED, "is in their mail"), (SignIn.INVITATION_EXPIRED, "ended")],
)
def test_no_approver_has_signed_in_yet(patient, sign_in, words):
    patient.people[1] = somebody("carol@example.com", "approvers", sign_in=sign_in)
    said = patient.finds("approvers")
    assert (said.state, words in said.says) == ("fail", True)
    assert said.fix.startswith("countersign users add carol@example.com --approver")


def test_an_approver_whom_the_page_does_not_name(patient):
    patient.page["approvers"] = ["Bob@example.com"]
    said = patient.finds("approvers")
    assert said.says.startswith("carol@example.com: an approver whom")
    assert (said.state, said.fix.startswith("countersign users remove carol@example.com")) == (
        "fail",
        True,
    )


def test_an_approver_of_the_page_who_is_none_yet(patient):
    patient.page["approvers"] = ["CAROL@example.com", "bob@example.com"]
    said = patient.finds("approvers")
    assert (said.state, said.fix) == ("warn", "countersign users add bob@example.com --approver")


@pytest.mark.parametrize(
    ("mail", "words", "fix"),
    [
        (MailState.NONE, "not subscribed", "countersign users add carol@example.com --approver"),
        (MailState.UNCONFIRMED, "has not confirmed", "they press the link in the mail"),
    ],
)
def test_an_approver_whom_no_mail_reaches(patient, mail, words, fix):
    patient.people[1] = somebody("carol@example.com", "approvers", mail=mail)
    said = patient.finds("subscriptions")
    assert (said.state, words in said.says, said.fix.startswith(fix)) == ("fail", True, True)


def test_nobody_to_mail_yet(patient):
    del patient.people[1]
    assert patient.finds("subscriptions").state == "warn"


class FakeSes:
    """An account's SES: which identities it was told of, and which it has verified."""

    def __init__(self, verified, *, production=True, sending=True):
        self._verified = verified
        self._account = {"ProductionAccessEnabled": production, "SendingEnabled": sending}

    def get_account(self):
        return self._account

    def get_email_identity(self, EmailIdentity):  # noqa: N803
        if EmailIdentity not in self._verified:
            raise refused("GetEmailIdentity", "NotFoundException")
        return {"VerifiedForSendingStatus": self._verified[EmailIdentity]}


@pytest.fixture
def ses(patient):
    """Mails go by SES, whose account a test describes."""
    patient.page["mail"] = {"channel": "ses", "from": "bot@example.org"}

    def described(verified, **account):
        patient.session.own["sesv2"] = FakeSes(verified, **account)

    return described


def test_with_ses_there_are_lines_for_sender_and_sandbox_and_none_for_subscriptions(patient, ses):
    ses({"example.org": True})
    lines = patient.all()
    assert (lines["sender"].state, lines["sandbox"].state) == ("ok", "ok")
    assert "subscriptions" not in lines


@pytest.mark.parametrize(
    ("verified", "fix"),
    [
        ({}, "aws sesv2 create-email-identity --email-identity bot@example.org"),
        ({"bot@example.org": False}, "press the link in SES's mail"),
    ],
)
def test_a_sender_that_ses_does_not_send_as(patient, ses, verified, fix):
    ses(verified)
    said = patient.finds("sender")
    assert (said.state, said.fix.startswith(fix)) == ("fail", True)


def test_an_account_whose_sending_is_paused(patient, ses):
    ses({"bot@example.org": True}, sending=False)
    said = patient.finds("sender")
    assert (said.state, said.fix) == ("fail", "aws sesv2 get-account says why")


def test_the_sandbox_mails_only_whom_it_has_verified(patient, ses):
    ses({"bot@example.org": True}, production=False)
    said = patient.finds("sandbox")
    assert said.says == "SES is in its sandbox and does not mail carol@example.com."
    assert (said.state, "create-email-identity --email-identity carol@" in said.fix) == (
        "fail",
        True,
    )
    ses({"bot@example.org": True, "example.com": True}, production=False)
    said = patient.finds("sandbox")
    assert (said.state, "--production-access-enabled" in said.fix) == ("warn", True)


def test_alarms_that_nobody_gets(patient):
    del patient.page["alarm_email"]
    said = patient.finds("alarms")
    assert (said.state, "alarm_email" in said.fix) == ("warn", True)


def test_an_alarm_address_that_was_never_deployed(patient):
    del patient.outputs["AlarmTopicArn"]
    said = patient.finds("alarms")
    assert (said.state, said.fix) == ("fail", f"make deploy HOME_DIRECTORY={patient.home}")


def test_an_alarm_address_that_is_not_subscribed_any_more(patient):
    patient.page["alarm_email"] = "night@example.com"
    said = patient.finds("alarms")
    topic = patient.outputs["AlarmTopicArn"]
    assert (said.state, said.fix) == (
        "fail",
        f"aws sns subscribe --topic-arn {topic} --protocol email "
        "--notification-endpoint night@example.com",
    )


def test_an_alarm_address_that_has_not_confirmed(patient):
    waiting = {"Endpoint": "ops@example.com", "SubscriptionArn": "PendingConfirmation"}
    pages = SimpleNamespace(
        paginate=lambda **_: [{"Subscriptions": []}, {"Subscriptions": [waiting]}]
    )
    patient.session.own["sns"] = SimpleNamespace(get_paginator=lambda _: pages)
    said = patient.finds("alarms")
    assert (said.state, said.fix.startswith("press the link in the mail")) == ("fail", True)


def test_of_two_subscriptions_one_confirmed_is_enough(patient):
    client("sns").subscribe(
        TopicArn=patient.outputs["AlarmTopicArn"], Protocol="email", Endpoint="OPS@example.com"
    )
    assert patient.finds("alarms").state == "ok"
