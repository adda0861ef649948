"""Groups that a manifest names: who may talk to an agent, who is asked about its calls, who decides them."""

import json

import pytest

from functions.pages import handler as pages
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.aws import client
from tests.support.backend import compose_rooms
from tests.support.gateway import LambdaContext, answer_of, claims_of, http_event

SECURITY = "security"


@pytest.fixture
def compiled(agents_file):
    """Three agents: for everybody, for one group, and one whose calls a group decides."""
    ec2 = json.loads(agents_file.read_text())["ec2"]
    return {
        "ec2": {**ec2, "access": {"use": [], "approve": [SECURITY, "ops"]}},
        "open": {**ec2, "title": "For everybody", "access": {}},
        "closed": {**ec2, "title": "For some", "access": {"use": ["network", "ops"]}},
    }


@pytest.fixture
def file(tmp_path, compiled):
    file = tmp_path / "agents.json"
    file.write_text(json.dumps(compiled))
    return file


@pytest.fixture
def guarded(monkeypatch, account, file):
    """The rooms with these agents; Carol and Frank approve, and are in the group too; Bob only approves."""
    backend = compose_rooms(monkeypatch, account, file)
    join(backend, SECURITY, "carol")
    backend.account.humans["frank"] = backend.account.enroll(
        "Frank", "frank@example.com", ("approvers", SECURITY)
    )
    return backend


def join(backend, group, *names):
    account = backend.account
    account.are_people_changed = True
    client("cognito-idp").create_group(UserPoolId=account.pool, GroupName=group)
    for name in names:
        human = backend.human(name)
        human.groups = (*human.groups, group)
        client("cognito-idp").admin_add_user_to_group(
            UserPoolId=account.pool, Username=human.sub, GroupName=group
        )


def opened(backend, by="alice"):
    approval_id = backend.ask(by=by)
    backend.open(approval_id)
    return approval_id


def inbox(backend, by):
    rows = backend.http("GET /approvals", by=by).json["approvals"]
    return [(row["id"], row["can_decide"]) for row in rows]


def page_of(backend, approval_id, by):
    return backend.http("GET /approvals/{approval_id}", by=by, approval_id=approval_id)


def test_only_approvers_who_are_in_a_named_group_are_asked(guarded):
    approval_id = opened(guarded)
    assert guarded.approval(approval_id).approver_groups() == (SECURITY, "ops")
    assert set(guarded.account.mails_of_all()) == {"carol@example.com"}
    assert [one.name for one in guarded.approval(approval_id).asked] == ["Carol", "Frank"]


def test_a_member_of_the_group_who_approves_nothing_is_not_asked(guarded):
    guarded.account.leave_group(guarded.human("carol"), "approvers")
    approval_id = opened(guarded)
    assert [one.name for one in guarded.approval(approval_id).asked] == ["Frank"]


def test_who_asks_is_not_asked_though_the_group_is_theirs(guarded):
    frank = guarded.human("frank")
    frank.groups = (*frank.groups, "requesters")
    approval_id = opened(guarded, by="frank")
    assert [one.name for one in guarded.approval(approval_id).asked] == ["Carol"]
    answer = guarded.decide(approval_id, by="frank")
    assert (answer.status, answer.json["code"]) == (403, "own_request")


def test_with_nobody_in_the_groups_it_ends_at_once_and_names_them(guarded):
    for name in ("carol", "frank"):
        guarded.account.leave_group(guarded.human(name), SECURITY)
    approval_id = guarded.ask()
    with pytest.raises(NobodyToAsk):
        guarded.open(approval_id)
    approval = guarded.approval(approval_id)
    assert (approval.status, approval.ended_by) == (
        "failed",
        "There is no approver in one of the groups security, ops who could decide it; ask your operator.",
    )
    assert guarded.account.mails_of_all() == {}


def test_an_approver_of_no_named_group_is_refused_and_nothing_is_decided(guarded):
    approval_id = opened(guarded)
    for verdict in ("approve", "reject"):
        answer = guarded.decide(approval_id, verdict, by="bob")
        assert (answer.status, answer.json["code"]) == (403, "not_eligible")
        assert "one of the groups security, ops" in answer.json["detail"]
    assert guarded.approval(approval_id).status == "pending"
    assert guarded.states.answered == []
    assert guarded.decide(approval_id, by="carol").status == 200


def test_the_group_counts_as_the_user_pool_has_it_when_somebody_decides(guarded):
    approval_id = opened(guarded)
    carol = guarded.human("carol")
    guarded.account.leave_group(carol, SECURITY)
    assert SECURITY in carol.groups
    answer = guarded.decide(approval_id, by="carol")
    assert (answer.status, answer.json["code"]) == (403, "not_eligible")
    client("cognito-idp").admin_add_user_to_group(
        UserPoolId=guarded.account.pool, Username=guarded.human("bob").sub, GroupName=SECURITY
    )
    assert guarded.decide(approval_id, by="bob").status == 200


def test_only_those_who_may_decide_it_find_it_in_their_inbox(guarded):
    approval_id = opened(guarded)
    assert inbox(guarded, "carol") == inbox(guarded, "frank") == [(approval_id, True)]
    assert inbox(guarded, "bob") == []
    assert inbox(guarded, "erin") == inbox(guarded, "alice") == [(approval_id, False)]
    assert page_of(guarded, approval_id, "bob").status == 404
    shown = page_of(guarded, approval_id, "carol").json
    assert (shown["can_decide"], shown["approvers"]) == (True, [SECURITY, "ops"])
    assert page_of(guarded, approval_id, "erin").json["can_decide"] is False


def test_a_reminder_goes_to_them_alone(guarded):
    approval_id = opened(guarded)
    guarded.account.mails_of_all()
    guarded.clock.turn(1801)
    guarded.remind(approval_id)
    assert set(guarded.account.mails_of_all()) == {"carol@example.com"}


def test_without_named_groups_every_approver_is_asked_as_before(backend):
    approval_id = opened(backend)
    assert "approvers" not in backend.approval(approval_id).plan_value()
    assert [one.name for one in backend.approval(approval_id).asked] == ["Bob", "Carol"]


def test_an_agent_that_somebody_may_not_use_is_as_one_that_is_not_there(guarded):
    guarded.model.says("Hello.")
    closed = guarded.chat("hello", agent="closed")
    missing = guarded.chat("hello", agent="nowhere")
    assert (closed.status, closed.json["code"]) == (404, "unknown_agent")
    assert closed.json["detail"].replace("closed", "nowhere") == missing.json["detail"]
    join(guarded, "network", "dave")
    assert guarded.chat("hello", by="dave", agent="closed").status == 200


def test_who_has_left_the_group_cannot_go_on_with_the_agent(guarded):
    join(guarded, "network", "alice")
    guarded.model.says("Hello.")
    conversation_id = guarded.chat("hello", agent="closed").json["conversation_id"]
    alice = guarded.human("alice")
    alice.groups = tuple(group for group in alice.groups if group != "network")
    answer = guarded.chat("and now?", conversation_id=conversation_id)
    assert (answer.status, answer.json["code"]) == (404, "unknown_agent")
    assert len(guarded.turns(conversation_id)) == 1


@pytest.fixture
def listed(monkeypatch, file):
    """The agents that somebody of these groups is shown."""
    for name, value in (
        ("STAGE", "local"),
        ("AGENTS_FILE", str(file)),
        ("MODEL_LABEL", "scripted"),
        ("LAUNCH", "live"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SELF_CONFIRM", "false")
    pages.deps.cache_clear()

    def ask(*groups):
        event = http_event("GET /agents", claims=claims_of("sub", groups))
        answer = answer_of(pages.handler(event, LambdaContext()))
        assert answer.status == 200, answer.text
        return [agent["id"] for agent in answer.json["agents"]]

    yield ask
    pages.deps.cache_clear()


@pytest.mark.parametrize(
    ("groups", "ids"),
    [
        (("requesters",), ["ec2", "open"]),
        (("requesters", "network"), ["ec2", "open", "closed"]),
        (("ops",), ["ec2", "open", "closed"]),
        (("Network", "approvers"), ["ec2", "open"]),
        ((), ["ec2", "open"]),
    ],
)
def test_only_agents_that_somebody_may_use_are_listed(listed, groups, ids):
    assert listed(*groups) == ids
