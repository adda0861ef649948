"""People as the user pool knows them now, page by page."""

import pytest

from functions.shared.people import People, UnknownPerson


class Pool:
    """A user pool that answers one row per page."""

    class exceptions:  # noqa: N801 - the SDK's name
        class UserNotFoundException(Exception):
            pass

    def __init__(self, users=(), groups=()):
        self.users, self.all_groups = list(users), list(groups)

    def admin_get_user(self, *, UserPoolId, Username):
        for user in self.users:
            if user["sub"] == Username:
                return {"Enabled": user["enabled"], "UserAttributes": attributes(user)}
        raise self.exceptions.UserNotFoundException

    def admin_list_groups_for_user(self, *, UserPoolId, Username, NextToken="0"):
        return self._page("Groups", [{"GroupName": name} for name in self.all_groups], NextToken)

    def list_users_in_group(self, *, UserPoolId, GroupName, NextToken="0"):
        users = [{"Enabled": u["enabled"], "Attributes": attributes(u)} for u in self.users]
        return self._page("Users", users, NextToken)

    def _page(self, name, rows, token):
        place = int(token)
        page = {name: rows[place : place + 1]}
        return page | ({"NextToken": str(place + 1)} if place + 1 < len(rows) else {})


def attributes(user):
    return [
        {"Name": "sub", "Value": user["sub"]},
        {"Name": "email", "Value": user["email"]},
        {"Name": "email_verified", "Value": user["verified"]},
        {"Name": "name", "Value": user.get("name", "")},
    ]


def user(name, *, enabled=True, verified="true"):
    return {
        "sub": f"sub-{name}",
        "email": f"{name}@example.com",
        "enabled": enabled,
        "verified": verified,
        "name": name.title(),
    }


def test_every_page_of_a_group_is_read_and_only_who_can_be_mailed_counts():
    pool = Pool(
        [
            user("zoe"),
            user("anna"),
            user("gone", enabled=False),
            user("unverified", verified="false"),
        ]
    )
    found = People(pool, "pool").members("approvers")
    assert [(person.name, person.sub) for person in found] == [
        ("Anna", "sub-anna"),
        ("Zoe", "sub-zoe"),
    ]


def test_every_page_of_a_persons_groups_is_read():
    pool = Pool(groups=["requesters", "auditors", "approvers"])
    assert People(pool, "pool").groups("sub") == {"requesters", "auditors", "approvers"}
    assert People(Pool(), "pool").groups("sub") == frozenset()


def test_an_unverified_address_is_no_address():
    pool = Pool([user("mallory", verified="false")])
    assert People(pool, "pool").person("sub-mallory").email == ""


@pytest.mark.parametrize("users", [[], [user("anna", enabled=False)]], ids=["gone", "disabled"])
def test_who_is_gone_or_disabled_is_nobody(users):
    with pytest.raises(UnknownPerson):
        People(Pool(users), "pool").person("sub-anna")
