"""`countersign users`: people come, practise, are listed, are signed out and go, without a console."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

import cli.users.users_commands as commands
from cli.__main__ import main
from cli.operator import CannotOperate
from cli.users.practice import LOOKS, ask
from functions.shared.aws import client
from tests.support.account import ORIGIN
from tests.support.fake_model import INSTANCE
from tests.support.operated_people import ChatRoom, deployment_with, forget_subscriptions
from tests.support.wire import watched

KAI = "kai@example.com"
POOL = "cognito-identity-provider"
LOG = ('{"level"', '{"_aws"')


@pytest.fixture
def made(backend):
    """The stack behind the commands; what they do to people and topic is undone."""
    backend.account.are_people_changed = True
    yield lambda **more: deployment_with(backend, **more)
    forget_subscriptions(backend.account.topic_arn)


@pytest.fixture
def users(made, backend, monkeypatch, capsys):
    """`users(*arguments)` gives exit status, standard output and standard error, without the rooms' log."""
    monkeypatch.setattr("functions.shared.identifiers.utc_now", backend.clock)

    def run(*arguments, deployment=None):
        stands = deployment or run.deployment
        monkeypatch.setattr(commands, "deployment_of", lambda _: stands)
        capsys.readouterr()
        status = main(["users", *arguments])
        said = capsys.readouterr()
        lines = said.out.splitlines(keepends=True)
        return status, "".join(line for line in lines if not line.startswith(LOG)), said.err

    run.deployment = made()
    return run


def row(users, email, **more):
    """What `users list --json` says of one address."""
    status, out, _ = users("list", "--json", **more)
    assert status == 0
    found = [json.loads(line) for line in out.splitlines()]
    return next((one for one in found if one["email"] == email), None)


def pool_user(backend, email):
    found = client("cognito-idp").admin_get_user(UserPoolId=backend.account.pool, Username=email)
    return found, {one["Name"]: one["Value"] for one in found["UserAttributes"]}


def test_an_approver_is_invited_grouped_subscribed_and_asked_to_practise(users, backend):
    status, out, _ = users("add", KAI, "--approver", "--requester", "--name", "Kai")
    assert status == 0
    assert f"{KAI} was invited by mail" in out
    assert "They are in approvers and requesters now." in out
    assert f"AWS asks {KAI} by mail to confirm the subscription" in out
    assert f"A practice waits for {KAI} until" in out
    [row_] = waiting(backend)
    assert f"{ORIGIN}/a/{row_['pk']['S']}" in out
    assert f"countersign users practice {KAI}" in out
    found, attributes = pool_user(backend, KAI)
    assert (attributes["email_verified"], attributes["name"]) == ("true", "Kai")
    assert found["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert row(users, KAI) == {
        "email": KAI,
        "name": "Kai",
        "groups": ["approvers", "requesters"],
        "enabled": True,
        "sign_in": "invited",
        "mail": "unconfirmed",
        "last_decided": None,
        "has_only_practised": False,
    }


def waiting(backend):
    """The records that wait for a decision."""
    return client("dynamodb").query(
        TableName="approvals",
        IndexName="by_status",
        KeyConditionExpression="#status = :pending",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":pending": {"S": "pending"}},
    )["Items"]


def test_the_password_of_the_invitation_is_one_that_the_pool_takes_and_is_shown_to_nobody(users):
    with watched(client("cognito-idp")) as wire:
        _, out, error = users("add", KAI, "--requester", "--json")
        users("add", KAI, "--requester")
    passwords = [one["TemporaryPassword"] for one in wire.bodies(f"{POOL}.AdminCreateUser")]
    assert len(set(passwords)) == 2
    for password in passwords:
        assert re.fullmatch(
            r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]{5}(-[A-Za-z0-9]{5}){3}", password
        )
        assert password not in out + error


def test_the_subscription_carries_only_this_persons_mails(users, backend):
    users("add", KAI, "--requester")
    topic = backend.account.topic_arn
    listed = client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    [arn] = [one["SubscriptionArn"] for one in listed if one["Endpoint"] == KAI]
    attributes = client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(attributes["FilterPolicy"]) == {"recipient": [KAI]}


def test_without_practice_nothing_is_asked(users, backend):
    assert users("add", KAI, "--approver", "--no-practice")[0] == 0
    assert users("add", "lea@example.com", "--requester")[0] == 0
    assert users.deployment.session.calls == []
    assert waiting(backend) == []


@pytest.mark.parametrize("role", ["--auditor", "--operator"])
def test_who_is_mailed_nothing_is_not_subscribed(users, role):
    assert users("add", KAI, role)[0] == 0
    assert users.deployment.session.asked == []
    assert row(users, KAI)["mail"] == "none"


def test_the_same_again_changes_nothing_for_whoever_is_here_already(users, backend):
    client("cognito-idp").admin_set_user_password(
        UserPoolId=backend.account.pool,
        Username="carol@example.com",
        Password="Correct-horse-1",
        Permanent=True,
    )
    status, out, _ = users("add", "CAROL@example.com", "--approver")
    assert (status, out) == (0, "carol@example.com is all that already.\n")
    assert users.deployment.session.calls == []


def test_who_has_not_signed_in_is_invited_and_asked_again(users):
    users("add", KAI, "--requester")
    with watched(client("cognito-idp")) as wire:
        _, out, _ = users("add", KAI, "--requester")
    [again] = wire.bodies(f"{POOL}.AdminCreateUser")
    assert (again["Username"], again["MessageAction"]) == (KAI, "RESEND")
    assert f"{KAI} had not signed in yet and was invited again." in out
    assert users.deployment.session.asked == [KAI, KAI]
    users.deployment.session.confirmed.add(KAI)
    assert "confirm" not in users("add", KAI, "--requester")[1]
    assert users.deployment.session.asked == [KAI, KAI]
    assert row(users, KAI)["mail"] == "confirmed"


def test_only_whom_the_page_names_becomes_an_approver_and_before_anything_is_done(users, made):
    named = made(approvers=["Kai@example.com"])
    status, _, error = users("add", "mallory@example.com", "--approver", deployment=named)
    assert status == 1
    assert "mallory@example.com is not among them" in error
    assert row(users, "mallory@example.com") is None
    assert users("add", "mallory@example.com", "--requester", deployment=named)[0] == 0
    assert users("add", KAI, "--approver", deployment=named)[0] == 0


def test_with_mails_by_ses_nobody_is_subscribed(users, made):
    by_ses = made(outputs={"MailTopicArn": ""}, mail={"channel": "ses", "from": "c@example.com"})
    _, out, _ = users("add", KAI, "--approver", deployment=by_ses)
    assert "confirm" not in out
    assert row(users, KAI, deployment=by_ses)["mail"] == "ses"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("add", KAI), "--approver"),
        (("add", "kai", "--approver"), "no e-mail address"),
        (("add", "k ai@example.com", "--approver"), "no e-mail address"),
        (("remove", KAI, "--delete", "--approver"), "--delete"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake_of_usage(users, arguments, complaint):
    status, _, error = users(*arguments)
    assert (status, complaint in error) == (2, True)


def test_a_group_that_an_agent_names_is_given_and_one_that_there_is_not_is_refused(users, backend):
    client("cognito-idp").create_group(UserPoolId=backend.account.pool, GroupName="security")
    users("add", KAI, "--requester", "--group", "security")
    assert row(users, KAI)["groups"] == ["requesters", "security"]
    status, _, error = users("add", KAI, "--group", "nowhere")
    assert status == 1
    assert error.startswith("AWS refused AdminAddUserToGroup: ResourceNotFoundException")


def test_a_practice_can_be_asked_for_again_and_is_decided(users, backend):
    status, out, _ = users("practice", "Carol@example.com", "--json")
    practice = json.loads(out)["practice"]
    assert status == 0
    assert practice["address"] == f"{ORIGIN}/a/{practice['approval_id']}"
    assert backend.decide(practice["approval_id"]).status == 200
    found = row(users, "carol@example.com")
    assert found["last_decided"] == "2026-11-21T03:00:00Z"
    assert found["has_only_practised"] is True
    backend.clock.turn(60)
    real = backend.ask()
    backend.open(real)
    backend.decide(real, "reject")
    found = row(users, "carol@example.com")
    assert (found["last_decided"], found["has_only_practised"]) == ("2026-11-21T03:01:00Z", False)
    assert row(users, "bob@example.com")["last_decided"] is None


@pytest.mark.parametrize(
    ("email", "sentence"),
    [("alice@example.com", "is no approver"), ("nobody@example.com", "is not in the user pool")],
)
def test_nobody_else_can_be_asked_to_practise(users, email, sentence):
    status, _, error = users("practice", email)
    assert (status, sentence in error) == (1, True)
    assert users.deployment.session.calls == []


def test_a_practice_that_comes_before_nobody_is_told_with_its_reason(users, made, backend):
    deployment = made()
    carol = next(one for one in everybody_of(deployment) if one.email == "carol@example.com")
    backend.account.leave_group(backend.human("carol"), "approvers")
    with pytest.raises(CannotOperate, match="is no approver, or not active"):
        ask(deployment, carol)


def everybody_of(deployment):
    from cli.users.everybody import everybody

    return everybody(deployment)


def test_a_practice_that_is_slow_is_waited_for_and_then_named(made, monkeypatch):
    deployment = made()
    carol = next(one for one in everybody_of(deployment) if one.email == "carol@example.com")
    waits = []
    for step in ("preflight", "rehearse", "request"):
        monkeypatch.setattr(type(deployment.session.backend), step, lambda *_, **__: None)
    with pytest.raises(CannotOperate, match=f"look at {ORIGIN}/a/"):
        ask(deployment, carol, sleep=waits.append)
    assert len(waits) == LOOKS


def test_an_older_release_that_knows_no_practice_is_said(users, monkeypatch):
    import io

    answer = {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorType": "x"}')}
    monkeypatch.setattr(ChatRoom, "invoke", lambda *_, **__: answer)
    status, out, error = users("add", KAI, "--approver")
    assert (status, "was invited by mail" in out) == (1, True)
    assert "deploy this release first" in error
    assert row(users, KAI)["groups"] == ["approvers"]


def test_the_list_is_read_by_people_line_by_line(users, backend):
    users("add", KAI, "--approver", "--no-practice", "--name", "Kai\x1b[2J")
    backend.account.disable(backend.human("dave"))
    _, out, _ = users("list")
    lines = dict(line.split("\t", 1) for line in out.splitlines())
    assert lines[KAI] == "Kai\\u001b[2J\tapprovers\tinvited\tunconfirmed\t"
    assert lines["carol@example.com"].split("\t")[1:4] == ["approvers", "invited", "confirmed"]
    assert lines["dave@example.com"].split("\t")[2] == "disabled"
    assert list(lines) == sorted(lines)


@pytest.mark.parametrize(
    ("status", "days", "sign_in"),
    [
        ("FORCE_CHANGE_PASSWORD", 2, "invited"),
        ("FORCE_CHANGE_PASSWORD", 8, "invitation_expired"),
        ("CONFIRMED", 300, "signed_in"),
    ],
)
def test_an_invitation_ends_when_its_password_does(status, days, sign_in):
    from cli.users.everybody import _sign_in

    user = {
        "UserStatus": status,
        "UserLastModifiedDate": datetime.now(UTC) - timedelta(days=days),
    }
    assert _sign_in(user, timedelta(days=7)) == sign_in


def test_who_is_removed_may_nothing_and_can_come_back_as_the_same_person(users, backend):
    users("add", KAI, "--approver", "--no-practice")
    users.deployment.session.confirmed.add(KAI)
    sub = pool_user(backend, KAI)[1]["sub"]
    with watched(client("cognito-idp")) as wire:
        status, out, _ = users("remove", KAI)
    assert status == 0
    ends = ["AdminRemoveUserFromGroup", "AdminUserGlobalSignOut", "AdminDisableUser"]
    asked = [operation.removeprefix(f"{POOL}.") for operation in wire.operations()]
    assert [operation for operation in asked if operation in ends] == ends
    assert f"{KAI} is not in approvers any more." in out
    assert f"{KAI} is signed out everywhere" in out
    assert "works for up to 60 minutes more" in out
    assert f"No mails go to {KAI} any more." in out
    gone = row(users, KAI)
    assert (gone["enabled"], gone["groups"], gone["mail"]) == (False, [], "none")
    _, out, _ = users("add", KAI, "--approver", "--no-practice")
    assert "They were disabled, and can sign in again." in out
    assert row(users, KAI)["enabled"] is True
    assert pool_user(backend, KAI)[1]["sub"] == sub


def test_who_is_deleted_is_forgotten(users):
    users("add", KAI, "--requester")
    _, out, _ = users("remove", KAI, "--delete")
    assert "They are deleted" in out
    assert "never confirmed; AWS forgets it in two days" in out
    assert row(users, KAI) is None


def test_taking_one_group_leaves_the_rest(users):
    status, out, _ = users("remove", "bob@example.com", "--approver")
    assert (status, "is not in approvers any more" in out) == (0, True)
    bob = row(users, "bob@example.com")
    assert (bob["enabled"], bob["groups"], bob["mail"]) == (True, ["requesters"], "confirmed")


def test_the_page_that_still_names_them_is_said(users, made):
    named = made(
        approvers=["carol@example.com"],
        mail={"channel": "sns", "recipients": ["Carol@example.com"]},
    )
    _, out, _ = users("remove", "carol@example.com", deployment=named)
    assert "still names them under approvers and mail.recipients" in out


def test_what_is_still_open_of_them_is_said_with_what_to_do(users, backend):
    running = launched(backend)
    own = backend.ask(INSTANCE)
    backend.open(own)
    others = backend.ask(by="bob")
    backend.open(others)
    status, out, _ = users("remove", "alice@example.com", "--json")
    assert status == 0
    still_open = {one["id"]: one["says"] for one in json.loads(out)["still_open"]}
    assert still_open.keys() == {running, own}
    assert f"countersign approvals reject {own}" in still_open[own]
    assert "lives for them; its lease ends at 2026-11-21T11:00:00Z" in still_open[running]


def launched(backend):
    """An instance of alice's that runs."""
    approval_id = backend.ask()
    backend.open(approval_id)
    backend.decide(approval_id)
    backend.launch(approval_id)
    backend.record(approval_id)
    return approval_id


def test_their_practice_is_nothing_that_stays_open(users):
    users("practice", "carol@example.com")
    assert "Still open" not in users("remove", "carol@example.com")[1]


def test_requests_that_only_they_could_decide_are_said(users, backend):
    approval_id = backend.ask(by="bob")
    backend.open(approval_id)
    _, out, _ = users("remove", "carol@example.com", "--approver")
    assert f"{approval_id}: Start 1 × t2.micro" in out
    assert "it waits for them alone" in out


def test_requests_that_somebody_else_can_decide_are_not(users, backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    _, out, _ = users("remove", "carol@example.com")
    assert approval_id not in out


def test_a_removed_approver_decides_nothing_with_the_token_they_still_have(users, backend):
    approval_id = backend.ask()
    backend.open(approval_id)
    users("remove", "carol@example.com")
    answer = backend.decide(approval_id, by="carol")
    assert (answer.status, answer.json["code"]) == (403, "not_an_approver")
    assert backend.approval(approval_id).decision is None


def test_sign_out_ends_sessions_and_changes_nothing_else(users):
    before = row(users, "carol@example.com")
    with watched(client("cognito-idp")) as wire:
        status, out, _ = users("sign-out", "Carol@example.com")
    assert len(wire.bodies(f"{POOL}.AdminUserGlobalSignOut")) == 1
    assert (status, "signed out everywhere" in out) == (0, True)
    assert row(users, "carol@example.com") == before
    assert users("sign-out", "nobody@example.com")[0] == 1
