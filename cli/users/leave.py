"""Signing somebody out, taking groups from them, and letting them go: what they may do ends first."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cli.operator import CannotOperate, Deployment
from cli.users.everybody import Somebody, everybody, somebody, subscriptions
from cli.users.open_work import OpenWork, open_work
from functions.shared.approval import APPROVERS

_MINUTES = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 24 * 60.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Who it was, what was done, a sentence each, and what goes on without them."""

    somebody: Somebody
    done: list[str] = field(default_factory=list)
    still_open: list[OpenWork] = field(default_factory=list)


def remove(
    deployment: Deployment, email: str, *, groups: Sequence[str], delete: bool, now: datetime
) -> Left:
    """Let somebody go: no group, no session, no sign-in, no mail; with `groups`, only those are taken.

    Their subject and their conversations stay unless `delete`. Raises `CannotOperate` where there is no such person.
    """
    one, others = _known(deployment, email)
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    taken = [group for group in (groups or one.groups) if one.is_in(group)]
    deciders = [other.sub for other in others if other.is_enabled and other.is_in(APPROVERS)]
    still_open = list(open_work(deployment, one, others=deciders, now=now))
    for group in taken:
        users.admin_remove_user_from_group(UserPoolId=pool, Username=one.username, GroupName=group)
    done = [f"{one.email} is not in {', '.join(taken)} any more."] if taken else []
    done.append(sign_out(deployment, one))
    if not groups:
        users.admin_disable_user(UserPoolId=pool, Username=one.username)
        if delete:
            users.admin_delete_user(UserPoolId=pool, Username=one.username)
            done.append("They are deleted; what they asked and decided stays in the records.")
        else:
            done.append("They cannot sign in; countersign users add lets them in again.")
        done += _unsubscribed(deployment, one)
        done += _named(deployment, one)
    elif APPROVERS not in taken:
        still_open = []
    return Left(somebody=one, done=done, still_open=still_open)


def sign_out(deployment: Deployment, one: Somebody) -> str:
    """End every session, in browsers and terminals; a sentence that says until when an access token is good."""
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    users.admin_user_global_sign_out(UserPoolId=pool, Username=one.username)
    client = users.describe_user_pool_client(
        UserPoolId=pool, ClientId=deployment.output("UserPoolClientId")
    )["UserPoolClient"]
    unit = client.get("TokenValidityUnits", {}).get("AccessToken", "hours")
    minutes = round(client.get("AccessTokenValidity", 1) * _MINUTES[unit])
    return (
        f"{one.email} is signed out everywhere; an access token that is out already works for up to {minutes} "
        "minutes more, and decides nothing that their groups do not allow now."
    )


def known(deployment: Deployment, email: str) -> Somebody:
    """Who has this address; raises `CannotOperate` where nobody has."""
    found = somebody(deployment, email)
    if found is None:
        raise CannotOperate(f"{email} is not in the user pool: countersign users list")
    return found


def _known(deployment: Deployment, email: str) -> tuple[Somebody, list[Somebody]]:
    one = known(deployment, email)
    return one, [other for other in everybody(deployment) if other.sub != one.sub]


def _unsubscribed(deployment: Deployment, one: Somebody) -> list[str]:
    """Their own subscription ends; one that was never confirmed ends by itself, since AWS gives it no name."""
    ended = waiting = False
    for subscription in subscriptions(deployment):
        if str(subscription["Endpoint"]).casefold() != one.email.casefold():
            continue
        if str(subscription["SubscriptionArn"]).startswith("arn:"):
            deployment.client("sns").unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
            ended = True
        else:
            waiting = True
    said = [f"No mails go to {one.email} any more."] if ended else []
    if waiting:
        said.append("Their subscription was never confirmed; AWS forgets it in two days.")
    return said


def _named(deployment: Deployment, one: Somebody) -> list[str]:
    """Where the operator's page still names them."""
    page, email = deployment.page, one.email.casefold()
    lines = {"approvers": page.approvers, "mail.recipients": page.mail.recipients}
    named = [
        line
        for line, emails in lines.items()
        if email in (address.casefold() for address in emails)
    ]
    if not named:
        return []
    return [f"countersign.yaml still names them under {' and '.join(named)}: take them out there."]
