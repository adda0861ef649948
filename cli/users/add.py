"""Adding somebody: the invitation, their groups, their mails, and for an approver a practice."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from cli.operator import CannotOperate, Deployment
from cli.users.everybody import MailState, SignIn, Somebody, somebody, subscriptions
from functions.shared.approval import APPROVERS
from functions.shared.requesters import REQUESTERS

MAILED = frozenset({APPROVERS, REQUESTERS})
"""Groups whose members get mails: who is asked, and who hears what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """Who it is now, and what was done, a sentence each."""

    somebody: Somebody
    is_new_approver: bool
    done: list[str] = field(default_factory=list)


def add(deployment: Deployment, email: str, *, name: str, groups: Sequence[str]) -> Added:
    """Invite somebody unless they are there, with these groups beside those they have; repeatable.

    Raises `CannotOperate` where the page names other approvers, before anything is changed.
    """
    check_named(deployment, email, groups)
    before = somebody(deployment, email)
    done = [_invited(deployment, email, name, before)]
    now = before or _found(deployment, email)
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    if not now.is_enabled:
        users.admin_enable_user(UserPoolId=pool, Username=now.username)
        done.append("They were disabled, and can sign in again.")
    missing = [group for group in groups if not now.is_in(group)]
    for group in missing:
        users.admin_add_user_to_group(UserPoolId=pool, Username=now.username, GroupName=group)
    if missing:
        done.append(f"They are in {_and(missing)} now.")
    if MAILED.intersection([*groups, *now.groups]):
        done.append(_subscribed(deployment, now))
    return Added(
        somebody=_found(deployment, email),
        is_new_approver=APPROVERS in missing,
        done=[sentence for sentence in done if sentence],
    )


def check_named(deployment: Deployment, email: str, groups: Sequence[str]) -> None:
    """Whether the page lets this address approve; raises `CannotOperate`."""
    named = [address.casefold() for address in deployment.page.approvers]
    if APPROVERS in groups and named and email.casefold() not in named:
        raise CannotOperate(
            f"countersign.yaml names who may approve, and {email} is not among them: "
            "write it under approvers first."
        )


def _found(deployment: Deployment, email: str) -> Somebody:
    found = somebody(deployment, email)
    if found is None:
        raise CannotOperate(f"{email} is not in the user pool yet; try again in a moment.")
    return found


def _invited(deployment: Deployment, email: str, name: str, before: Somebody | None) -> str:
    """The invitation, with a password for the first sign-in: once more to whoever has not used theirs."""
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    if before is None:
        attributes = {"email": email, "email_verified": "true", **({"name": name} if name else {})}
        users.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            DesiredDeliveryMediums=["EMAIL"],
        )
        return f"{email} was invited by mail, with a password for the first sign-in."
    if name and name != before.name:
        users.admin_update_user_attributes(
            UserPoolId=pool,
            Username=before.username,
            UserAttributes=[{"Name": "name", "Value": name}],
        )
    if before.sign_in is SignIn.SIGNED_IN or not before.is_enabled:
        return ""
    users.admin_create_user(
        UserPoolId=pool,
        Username=before.email,
        MessageAction="RESEND",
        DesiredDeliveryMediums=["EMAIL"],
    )
    return f"{before.email} had not signed in yet and was invited again."


def _subscribed(deployment: Deployment, one: Somebody) -> str:
    """Their own subscription of the mails; AWS asks them by mail whether they want it, again where they did not say."""
    if one.mail in (MailState.SES, MailState.CONFIRMED):
        return ""
    deployment.client("sns").subscribe(
        TopicArn=deployment.output("MailTopicArn"),
        Protocol="email",
        Endpoint=one.email,
        Attributes={"FilterPolicy": json.dumps({"recipient": [one.email]})},
        ReturnSubscriptionArn=True,
    )
    is_confirmed = any(
        subscription["Endpoint"] == one.email
        and str(subscription["SubscriptionArn"]).startswith("arn:")
        for subscription in subscriptions(deployment)
    )
    if is_confirmed:
        return f"Mails go to {one.email}."
    return (
        f"AWS asks {one.email} by mail to confirm the subscription: until they do, no mail reaches "
        "them, and their requests are in the inbox only."
    )


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
