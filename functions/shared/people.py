"""People as the user pool knows them now: who they are, which groups they are in, who can approve.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/
"""

from typing import Any

from functions.shared.approval import Person


class UnknownPerson(Exception):
    """The user pool has no such user, or the user is disabled."""


class People:
    def __init__(self, client: Any, user_pool_id: str) -> None:
        self._client = client
        self._pool = user_pool_id

    def person(self, sub: str) -> Person:
        """One enabled user by the immutable subject; raises `UnknownPerson`."""
        try:
            user = self._client.admin_get_user(UserPoolId=self._pool, Username=sub)
        except self._client.exceptions.UserNotFoundException as error:
            raise UnknownPerson(sub) from error
        if not user.get("Enabled", False):
            raise UnknownPerson(sub)
        return _person(sub, user["UserAttributes"])

    def groups(self, sub: str) -> frozenset[str]:
        """The groups of one user, now."""
        groups: set[str] = set()
        request = {"UserPoolId": self._pool, "Username": sub}
        while True:
            page = self._client.admin_list_groups_for_user(**request)
            groups |= {group["GroupName"] for group in page["Groups"]}
            if "NextToken" not in page:
                return frozenset(groups)
            request["NextToken"] = page["NextToken"]

    def members(self, group: str) -> list[Person]:
        """Every enabled user of a group with a verified e-mail, by e-mail; a group that is gone has none."""
        members: list[Person] = []
        request = {"UserPoolId": self._pool, "GroupName": group}
        while True:
            try:
                page = self._client.list_users_in_group(**request)
            except self._client.exceptions.ResourceNotFoundException:
                return []
            for user in page["Users"]:
                person = _person("", user["Attributes"])
                if user.get("Enabled", False) and person.email:
                    members.append(person)
            if "NextToken" not in page:
                return sorted(members, key=lambda person: person.email)
            request["NextToken"] = page["NextToken"]


def _person(sub: str, attributes: list[dict[str, str]]) -> Person:
    """An e-mail counts only when it is verified: it is what self-approval is compared by."""
    values = {attribute["Name"]: attribute.get("Value", "") for attribute in attributes}
    is_verified = values.get("email_verified") == "true"
    return Person(
        sub=sub or values["sub"],
        email=values.get("email", "") if is_verified else "",
        name=values.get("name", "")[:100],
    )
