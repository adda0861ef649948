"""What approvers read about where a call came from and where it goes; on the page and in the mail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.shared.approval import Person
from functions.shared.approval_view import approval_view
from functions.shared.mails import asked_mail, ended_mail
from functions.shared.plan import canonical, digest_of
from functions.shared.plan_words import after_words, host_of, is_in_aws, mark_of, sentence_of
from tests.support.approvals import ALICE, CAROL, EXPIRES_AT, approval_with
from tests.support.clock import START

ORIGINS = {"image_id": "result", "instance_type": "model", "key_name": "requester"}
TICKET = {
    "id": "call_1",
    "function": "create_ticket",
    "operation": "rest",
    "arguments": {"title": "A <b>ticket</b>"},
    "parameters": {
        "action": {"kind": "rest", "method": "POST", "url": "https://tickets.example.com/v1/{team}"}
    },
    "facts": [
        {"key": "title", "label": "title", "value": "x", "source": "model", "level": "plain"},
        {"key": "url", "label": "URL", "value": "y", "source": "operator", "level": "plain"},
    ],
    "price": None,
}


def changed(approval, change):
    """The approval with another plan, as if it had been asked for."""
    plan = approval.plan_value()
    change(plan)
    text = canonical(plan)
    return replace(approval, plan=text, digest=digest_of(text))


def asked_for(**members):
    return changed(approval_with(), lambda plan: plan["calls"][0].update(members))


def ticket(**members):
    def change(plan):
        plan["calls"] = [{**TICKET, **members}]
        plan["lease"] = None

    return changed(approval_with(), change)


def mail_of(approval):
    return asked_mail(
        approval,
        requester=ALICE,
        expires_at=EXPIRES_AT,
        origin="https://countersign.example.com",
        stage="dev",
        time_zone="UTC",
    )


def page_of(approval, **more):
    settings = {"reader": CAROL, "groups": frozenset({"approvers"}), "self_confirm": False, **more}
    now = START + timedelta(minutes=1)
    return approval_view(approval, audit=[], time_zone="UTC", now=now, **settings)


@pytest.mark.parametrize(
    ("origin", "mark"),
    [
        ("requester", "written by the requester"),
        ("result", "from a function's result"),
        ("model", "made up by the model"),
        ("operator", "set by your operator"),
        ("of_tomorrow", "source unknown"),
        (None, "said by the model"),
    ],
)
def test_what_the_model_said_is_marked_with_where_it_has_it_from(origin, mark):
    origins = {} if origin is None else {"key_name": origin}
    assert mark_of({"key": "key_name", "source": "model"}, origins) == mark


def test_what_others_said_keeps_its_own_mark():
    origins = {"key_name": "requester"}
    assert mark_of({"key": "key_name", "source": "aws"}, origins) == "checked with AWS"
    assert mark_of({"key": "other", "source": "model"}, origins) == "said by the model"
    assert mark_of({"source": "model"}, origins) == "said by the model"


def test_the_warning_names_each_function_once_and_not_too_many():
    calls = [{"after": ["fetch", "search"]}, {}, {"after": ["fetch"]}]
    assert after_words(calls) == (
        "The model had read text from outside (fetch, search) before it asked for this."
    )
    many = [{"after": [f"f{number}" for number in range(8)]}]
    assert "(f0, f1, f2, f3, f4 and 3 more)" in after_words(many)
    assert after_words([{}, {"after": []}]) == ""


def test_the_mail_says_who_said_each_argument_and_what_the_model_had_read():
    mail = mail_of(asked_for(origins=ORIGINS, after=["fetch"]))
    lines = mail.text.splitlines()
    for line in (
        "AMI ID: ami-012261b9035f8f938 (from a function's result)",
        "Instance type: t2.micro (made up by the model)",
        "Key pair name: kondo (written by the requester)",
    ):
        assert line in lines
    warning = "WARNING: The model had read text from outside (fetch) before it asked for this."
    sentence = next(line for line in lines if line.startswith("Start 1"))
    asked_by = next(line for line in lines if line.startswith("Asked by"))
    assert lines.index(sentence) < lines.index(warning) < lines.index(asked_by)
    assert warning in mail.html


def test_a_mail_about_a_call_without_an_outside_text_warns_of_nothing():
    assert "WARNING" not in mail_of(asked_for(origins=ORIGINS)).text


def test_the_page_gets_origins_and_warning_call_by_call():
    [call] = page_of(asked_for(origins=ORIGINS, after=["fetch"]))["calls"]
    assert (call["origins"], call["after"]) == (ORIGINS, ["fetch"])
    [plain] = page_of(approval_with())["calls"]
    assert (plain["origins"], plain["after"], plain["host"]) == ({}, [], "")
    assert plain["operation"] == "run_instances"


def test_a_call_that_leaves_the_account_is_told_with_its_host_and_without_the_account():
    approval = ticket()
    plan = approval.plan_value()
    assert not is_in_aws(plan)
    assert host_of(TICKET) == "tickets.example.com"
    assert sentence_of(plan) == "Send POST to tickets.example.com (create_ticket)."
    mail = mail_of(approval)
    assert mail.subject.startswith("[Countersign dev] Alice: send POST to tickets")
    for text in (mail.subject, mail.text):
        assert "123456789012" not in text
        assert "us-east-1" not in text
    assert "Account:" not in ended_mail(approval, origin="https://a.example", stage="dev").text


def test_a_plan_of_both_kinds_names_the_account():
    def change(plan):
        plan["calls"].append({**TICKET, "id": "call_2"})

    plan = changed(approval_with(), change).plan_value()
    assert is_in_aws(plan)
    assert sentence_of(plan) == (
        "Start 1 × t2.micro for 8 hours and send POST to tickets.example.com (create_ticket) "
        "in 123456789012, us-east-1."
    )


def test_who_may_decide_is_told_by_group_and_only_they_get_the_buttons():
    approval = approval_with(approvers=("security",))
    assert page_of(approval)["approvers"] == ["security"]
    assert page_of(approval)["can_decide"] is False
    both = frozenset({"approvers", "security"})
    assert page_of(approval, groups=both)["can_decide"] is True
    assert page_of(approval, groups=frozenset({"security"}))["can_decide"] is False
    assert page_of(approval, groups=both, reader=Person(ALICE.sub))["can_decide"] is False
