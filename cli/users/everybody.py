"""Who stands in the user pool, and how far each of them has come: signed in, reachable by mail, decided once."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from cli.operator import Deployment
from functions.shared.approval import APPROVERS, Status
from functions.shared.approval_reader import ApprovalReader

LOOKED_AT = 500
"""How many of the newest decided requests are looked at for who decided last."""
PAGE = 100
_NEVER_SIGNED_IN = "FORCE_CHANGE_PASSWORD"


class SignIn(StrEnum):
    INVITED = "invited"
    INVITATION_EXPIRED = "invitation_expired"
    SIGNED_IN = "signed_in"


class MailState(StrEnum):
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    NONE = "none"
    SES = "ses"
    """Nobody has to confirm anything for mails by SES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """One user of the pool."""

    sub: str
    username: str
    email: str
    """As the pool spells it: mails are filtered by exactly this."""
    name: str
    groups: tuple[str, ...]
    is_enabled: bool
    sign_in: SignIn
    mail: MailState
    last_decided: str = ""
    """When they last decided a request, ISO 8601; empty: never, as far as it was looked back."""
    has_only_practised: bool = False
    """Whether all that was a practice."""

    def is_in(self, group: str) -> bool:
        return group in self.groups


def everybody(deployment: Deployment) -> list[Somebody]:
    """Every user, by e-mail; raises what the clients raise."""
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    found = sorted(_listed(users, pool), key=_email)
    groups, mails = _groups(users, pool), mail_states(deployment)
    invitation = _invitation_days(users, pool) if any(map(_is_invited, found)) else timedelta()
    people = [
        _somebody(
            user,
            groups=groups.get(str(user["Username"]), ()),
            mail=_mail(deployment, mails, user),
            invitation=invitation,
        )
        for user in found
    ]
    decided = _decided(deployment, {one.sub for one in people if one.is_in(APPROVERS)})
    return [_with_decision(one, decided.get(one.sub)) for one in people]


def somebody(deployment: Deployment, email: str) -> Somebody | None:
    """The user of that address, however it is spelled; what they decided is not looked for."""
    users, pool = deployment.client("cognito-idp"), deployment.output("UserPoolId")
    wanted = email.casefold()
    user = next((one for one in _listed(users, pool) if _email(one) == wanted), None)
    if user is None:
        return None
    pages = users.get_paginator("admin_list_groups_for_user").paginate(
        UserPoolId=pool, Username=user["Username"]
    )
    return _somebody(
        user,
        groups=[str(group["GroupName"]) for page in pages for group in page["Groups"]],
        mail=_mail(deployment, mail_states(deployment, only=wanted), user),
        invitation=_invitation_days(users, pool) if _is_invited(user) else timedelta(),
    )


def invited(deployment: Deployment, user: Mapping[str, Any]) -> Somebody:
    """Whom the pool has just made: in no group, and not subscribed."""
    mail = _mail(deployment, {}, user)
    return _somebody(user, groups=(), mail=mail, invitation=timedelta(days=1))


def mail_states(deployment: Deployment, *, only: str = "") -> Mapping[str, MailState]:
    """By address in lower case, of everyone who is subscribed to the mails, or of one; empty where SES sends them."""
    states: dict[str, MailState] = {}
    waiting = sorted(subscriptions(deployment), key=lambda one: not _is_address(one))
    for one in waiting:
        if only and states.get(only) is MailState.CONFIRMED:
            break
        is_confirmed = str(one["SubscriptionArn"]).startswith("arn:")
        for address in _recipients(deployment, one):
            if is_confirmed or address not in states:
                states[address] = MailState.CONFIRMED if is_confirmed else MailState.UNCONFIRMED
    return states


def subscriptions(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
    """Those of the mails' topic; none where SES sends them."""
    topic = deployment.outputs.get("MailTopicArn", "")
    if not topic:
        return
    pages = deployment.client("sns").get_paginator("list_subscriptions_by_topic")
    for page in pages.paginate(TopicArn=topic):
        yield from (one for one in page["Subscriptions"] if one["SubscriptionArn"] != "Deleted")


def _recipients(deployment: Deployment, subscription: Mapping[str, Any]) -> list[str]:
    """Whose mails go there: an address says it itself, a queue by its filter."""
    if _is_address(subscription):
        return [str(subscription["Endpoint"]).casefold()]
    answer = deployment.client("sns").get_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"]
    )
    policy = json.loads(answer["Attributes"].get("FilterPolicy") or "{}")
    return [str(address).casefold() for address in policy.get("recipient", ())]


def _is_address(subscription: Mapping[str, Any]) -> bool:
    return str(subscription["Protocol"]).startswith("email")


def _listed(users: Any, pool: str) -> Iterator[Mapping[str, Any]]:
    for page in users.get_paginator("list_users").paginate(UserPoolId=pool):
        yield from page["Users"]


def _somebody(
    user: Mapping[str, Any], *, groups: Iterable[str], mail: MailState, invitation: timedelta
) -> Somebody:
    values = _values(user)
    return Somebody(
        sub=values["sub"],
        username=str(user["Username"]),
        email=values.get("email", ""),
        name=values.get("name", ""),
        groups=tuple(sorted(groups)),
        is_enabled=bool(user["Enabled"]),
        sign_in=_sign_in(user, invitation),
        mail=mail,
    )


def _mail(
    deployment: Deployment, mails: Mapping[str, MailState], user: Mapping[str, Any]
) -> MailState:
    if not deployment.outputs.get("MailTopicArn"):
        return MailState.SES
    return mails.get(_email(user), MailState.NONE)


def _groups(users: Any, pool: str) -> dict[str, set[str]]:
    """Each user's groups, by username."""
    groups: dict[str, set[str]] = {}
    for page in users.get_paginator("list_groups").paginate(UserPoolId=pool):
        for group in page["Groups"]:
            name = str(group["GroupName"])
            members = users.get_paginator("list_users_in_group")
            for part in members.paginate(UserPoolId=pool, GroupName=name):
                for user in part["Users"]:
                    groups.setdefault(str(user["Username"]), set()).add(name)
    return groups


def _invitation_days(users: Any, pool: str) -> timedelta:
    """How long the password of an invitation is good."""
    policies = users.describe_user_pool(UserPoolId=pool)["UserPool"].get("Policies", {})
    return timedelta(
        days=policies.get("PasswordPolicy", {}).get("TemporaryPasswordValidityDays", 7)
    )


def _sign_in(user: Mapping[str, Any], invitation: timedelta) -> SignIn:
    if not _is_invited(user):
        return SignIn.SIGNED_IN
    is_over = datetime.now(UTC) >= user["UserLastModifiedDate"] + invitation
    return SignIn.INVITATION_EXPIRED if is_over else SignIn.INVITED


def _is_invited(user: Mapping[str, Any]) -> bool:
    return bool(user.get("UserStatus") == _NEVER_SIGNED_IN)


def _decided(deployment: Deployment, approvers: set[str]) -> dict[str, tuple[str, bool]]:
    """When each of these last decided, and whether they have only practised so far."""
    if not approvers:
        return {}
    table = ApprovalReader(deployment.client("dynamodb"), deployment.output("ApprovalsTable"))
    decided: dict[str, tuple[str, bool]] = {}
    for status in (Status.APPROVED, Status.REJECTED):
        after: str | None = None
        for _ in range(LOOKED_AT // PAGE):
            found, after = table.with_status(status, limit=PAGE, after=after)
            for approval in found:
                decision = approval.decision
                if decision is None or decision.by.sub not in approvers:
                    continue
                at, only_practised = decided.get(decision.by.sub, ("", True))
                decided[decision.by.sub] = (
                    max(at, decision.at),
                    only_practised and bool(approval.practised_by),
                )
            if after is None:
                break
    return decided


def _with_decision(one: Somebody, decided: tuple[str, bool] | None) -> Somebody:
    if decided is None:
        return one
    return replace(one, last_decided=decided[0], has_only_practised=decided[1])


def _email(user: Mapping[str, Any]) -> str:
    return _values(user).get("email", "").casefold()


def _values(user: Mapping[str, Any]) -> dict[str, str]:
    return {one["Name"]: one.get("Value", "") for one in user.get("Attributes", ())}
