"""Adding somebody: the invitation, their groups, their mails, and for an approver a practice."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cli.operator import CannotOperate, Deployment
from cli.users.everybody import MailState, SignIn, Somebody, invited, mail_states, somebody
from functions.shared.approval import APPROVERS
from functions.shared.requesters import REQUESTERS

_PASSWORD = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105 - an alphabet
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
    now, sentence = _invited(deployment, email, name, before)
    done = [sentence]
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    if not now.is_enabled:
        users.admin_enable_user(UserPoolId=pool, Username=now.username)
        done.append("They were disabled, and can sign in again.")
    missing = [group for group in groups if not now.is_in(group)]
    for group in missing:
        users.admin_add_user_to_group(UserPoolId=pool, Username=now.username, GroupName=group)
    if missing:
        done.append(f"They are in {_and(missing)} now.")
    now = replace(now, is_enabled=True, groups=tuple(sorted({*now.groups, *missing})))
    if MAILED.intersection(now.groups):
        now, sentence = _subscribed(deployment, now)
        done.append(sentence)
    return Added(
        somebody=now,
        is_new_approver=APPROVERS in missing,
        done=[sentence for sentence in done if sentence],
    )


def first_password() -> str:
    """For the first sign-in alone, mailed by Cognito: letters and digits that nobody confuses, as the pool asks.

    Without one, a pool that takes passkeys may make a user who has no way in at all.
    """
    while True:
        made = [secrets.choice(_PASSWORD) for _ in range(20)]
        if all(any(map(kind, made)) for kind in (str.islower, str.isupper, str.isdigit)):
            return "-".join("".join(made[start : start + 5]) for start in range(0, 20, 5))


def check_named(deployment: Deployment, email: str, groups: Sequence[str]) -> None:
    """Whether the page lets this address approve; raises `CannotOperate`."""
    named = [address.casefold() for address in deployment.page.approvers]
    if APPROVERS in groups and named and email.casefold() not in named:
        raise CannotOperate(
            f"countersign.yaml names who may approve, and {email} is not among them: "
            "write it under approvers first."
        )


def _invited(
    deployment: Deployment, email: str, name: str, before: Somebody | None
) -> tuple[Somebody, str]:
    """The invitation, with a password for the first sign-in: once more to whoever has not used theirs."""
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    if before is None:
        attributes = {"email": email, "email_verified": "true", **({"name": name} if name else {})}
        made = users.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
            TemporaryPassword=first_password(),
            DesiredDeliveryMediums=["EMAIL"],
        )
        sentence = f"{email} was invited by mail, with a password for the first sign-in."
        return invited(deployment, made["User"]), sentence
    if name and name != before.name:
        users.admin_update_user_attributes(
            UserPoolId=pool,
            Username=before.username,
            UserAttributes=[{"Name": "name", "Value": name}],
        )
        before = replace(before, name=name)
    if before.sign_in is SignIn.SIGNED_IN or not before.is_enabled:
        return before, ""
    users.admin_create_user(
        UserPoolId=pool,
        Username=before.email,
        MessageAction="RESEND",
        TemporaryPassword=first_password(),
        DesiredDeliveryMediums=["EMAIL"],
    )
    again = replace(before, sign_in=SignIn.INVITED)
    return again, f"{before.email} had not signed in yet and was invited again."


def _subscribed(deployment: Deployment, one: Somebody) -> tuple[Somebody, str]:
    """Their own subscription of the mails; AWS asks them by mail whether they want it, again where they did not say."""
    if one.mail in (MailState.SES, MailState.CONFIRMED):
        return one, ""
    deployment.client("sns").subscribe(
        TopicArn=deployment.output("MailTopicArn"),
        Protocol="email",
        Endpoint=one.email,
        Attributes={"FilterPolicy": json.dumps({"recipient": [one.email]})},
        ReturnSubscriptionArn=True,
    )
    address = one.email.casefold()
    state = mail_states(deployment, only=address).get(address, MailState.UNCONFIRMED)
    if state is MailState.CONFIRMED:
        return replace(one, mail=state), f"Mails go to {one.email}."
    return (
        replace(one, mail=MailState.UNCONFIRMED),
        f"AWS asks {one.email} by mail to confirm the subscription: until they do, no mail reaches "
        "them, and their requests are in the inbox only.",
    )


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
