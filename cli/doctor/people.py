"""Checks of people: somebody to ask and somebody else to countersign, who are told when they are asked."""

from typing import Any

from cli.doctor.examined import Examined
from cli.doctor.finding import Found, fail, ok, warn
from cli.users.everybody import MailState, SignIn, Somebody
from functions.shared.approval import APPROVERS
from functions.shared.aws import error_code

ADD_APPROVER = "countersign users add EMAIL --approver"


def people(examined: Examined) -> Found:
    """One asks, another countersigns."""
    enabled = [one for one in examined.people() if one.is_enabled]
    needed = 1 if examined.page().self_confirm else 2
    if len(enabled) < needed:
        count = "Nobody is" if not enabled else "Only one person is"
        return fail(
            f"{count} here, and nobody countersigns their own requests.",
            "countersign users add EMAIL --requester (or --approver)",
        )
    return ok("1 person." if len(enabled) == 1 else f"{len(enabled)} people.")


def approvers(examined: Examined) -> Found:
    """Somebody may countersign and has signed in; it is nobody whom the page does not name."""
    page = examined.page()
    found = _approvers(examined)
    if page.approvers:
        named = {email.lower() for email in page.approvers}
        others = [one.email for one in found if one.email.lower() not in named]
        if others:
            return fail(
                f"{', '.join(others)}: an approver whom countersign.yaml does not name.",
                f"countersign users remove {others[0]}, or write it under approvers",
            )
        missing = sorted(named - {one.email.lower() for one in found})
        if missing:
            return warn(
                f"{', '.join(missing)}: named as approver in countersign.yaml, and is none yet.",
                f"countersign users add {missing[0]} --approver",
            )
    if not found and page.self_confirm:
        return ok("Nobody; self_confirm lets people countersign their own requests.")
    if not found:
        return fail("Nobody may countersign.", ADD_APPROVER)
    ready = [one.email for one in found if one.sign_in is SignIn.SIGNED_IN]
    if not ready:
        invited = found[0]
        again = (
            "ended; invite again"
            if invited.sign_in is SignIn.INVITATION_EXPIRED
            else "is in their mail"
        )
        return fail(
            f"No approver has signed in yet: the invitation of {invited.email} {again}.",
            f"countersign users add {invited.email} --approver sends another one",
        )
    return ok(f"{', '.join(ready)}.")


def subscriptions(examined: Examined) -> Found:
    """Every approver has confirmed the mails of the topic: AWS sends nothing before."""
    found = _approvers(examined)
    if not found:
        return warn("There is no approver yet to be mailed.", ADD_APPROVER)
    without = [one.email for one in found if one.mail is MailState.NONE]
    if without:
        return fail(
            f"{', '.join(without)}: not subscribed, so no mail comes.",
            f"countersign users add {without[0]} --approver",
        )
    waiting = [one.email for one in found if one.mail is MailState.UNCONFIRMED]
    if waiting:
        return fail(
            f"{', '.join(waiting)}: has not confirmed the subscription, so no mail comes.",
            "they press the link in the mail “AWS Notification - Subscription Confirmation”; "
            f"countersign users add {waiting[0]} --approver sends it again",
        )
    return ok("Every approver has confirmed the mails.")


def sender(examined: Examined) -> Found:
    """SES knows the address that mails are from, or its domain, and sends."""
    ses = examined.client("sesv2")
    address = examined.page().mail.sender
    if not ses.get_account().get("SendingEnabled", True):
        return fail("SES has paused this account's sending.", "aws sesv2 get-account says why")
    domain = address.partition("@")[2]
    states = {name: _is_verified(ses, name) for name in (address, domain)}
    if True in states.values():
        return ok(f"SES sends as {address}.")
    if False in states.values():
        return fail(
            f"{address} is not verified with SES yet.",
            "press the link in SES's mail, or make the DNS records of: "
            f"aws sesv2 get-email-identity --email-identity {domain}",
        )
    return fail(
        f"SES does not know {address}.",
        f"aws sesv2 create-email-identity --email-identity {address}, and press the link in its mail",
    )


def sandbox(examined: Examined) -> Found:
    """A new account's SES mails only those who have verified their own address."""
    ses = examined.client("sesv2")
    if ses.get_account().get("ProductionAccessEnabled"):
        return ok("SES sends to everybody.")
    unreached = [
        one.email
        for one in _approvers(examined)
        if not any(_is_verified(ses, name) for name in (one.email, one.email.partition("@")[2]))
    ]
    access = "aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL"
    if unreached:
        return fail(
            f"SES is in its sandbox and does not mail {', '.join(unreached)}.",
            f"{access} --website-url URL (a day or two), or verify each: "
            f"aws sesv2 create-email-identity --email-identity {unreached[0]}",
        )
    return warn(
        "SES is in its sandbox: 200 mails a day, and only to verified addresses.",
        f"{access} --website-url URL",
    )


def alarms(examined: Examined) -> Found:
    """Somebody is woken."""
    address = examined.page().alarm_email
    if not address:
        return warn(
            "Alarms are mailed to nobody.",
            f"write alarm_email in countersign.yaml; {examined.deploy}",
        )
    topic = examined.deployment().outputs.get("AlarmTopicArn", "")
    if not topic:
        return fail(f"The stack does not know {address} yet.", examined.deploy)
    sns = examined.client("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    states = [
        one["SubscriptionArn"]
        for page in pages
        for one in page["Subscriptions"]
        if one["Endpoint"].lower() == address.lower()
    ]
    if any(state.startswith("arn:") for state in states):
        return ok(f"{address} is mailed.")
    again = (
        f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint {address}"
    )
    if not states:
        return fail(f"{address} is not subscribed to the alarms any more.", again)
    return fail(
        f"{address} has not confirmed the alarms' mails.",
        f"press the link in the mail “AWS Notification - Subscription Confirmation”; again: {again}",
    )


def _approvers(examined: Examined) -> list[Somebody]:
    return [one for one in examined.people() if one.is_enabled and APPROVERS in one.groups]


def _is_verified(ses: Any, name: str) -> bool | None:
    """Whether SES may send as this address or domain; None where it was never told of it."""
    from botocore.exceptions import ClientError

    try:
        return bool(ses.get_email_identity(EmailIdentity=name)["VerifiedForSendingStatus"])
    except ClientError as error:
        if error_code(error) != "NotFoundException":
            raise
        return None
