"""An action as the Lambdas carry it: who countersigns its calls, what it reaches, and which files became part of it."""

import pytest

from functions.shared.agent import Agent
from tests.support.manifests import Author, acting, codes, warned

LAUNCH = acting("aws", operation="stop_instances")
GET = acting("rest", url="https://api.example.com/{name}")
SEND = acting("rest", url="https://api.example.com/", method="POST")
ASK = acting("graphql", url="https://api.example.com/graphql")
HAND_OVER = acting("emit", method="switch_session", data={"agent": "one"})
RUNBOOK = acting(
    "document",
    document="AWS-RestartEC2Instance",
    version="4",
    role="arn:aws:iam::123456789012:role/restart",
    parameters={"InstanceId": ["{name}"]},
)


def policy(approval):
    return {"policy": {"greet": {"approval": approval}}}


@pytest.fixture
def author(tmp_path):
    return Author(tmp_path)


def action_of(verdict, name="greet"):
    return verdict.compiled()["actions"][name]


@pytest.mark.parametrize(
    ("members", "approval", "gated"),
    [
        (LAUNCH, None, True),
        (LAUNCH, "always", True),
        (LAUNCH, "policy", True),
        (acting("aws", operation="list_images"), None, False),
        (GET, None, False),
        (GET, "always", True),
        (GET, "policy", True),
        (SEND, None, True),
        (SEND, "never", False),
        (acting("rest", url="https://a.example/", method="DELETE"), None, True),
        (acting("rest", url="https://a.example/", method="HEAD"), None, False),
        (ASK, None, False),
        (acting("graphql", url="https://a.example/", operations=["mutation"]), None, True),
        (RUNBOOK, None, True),
        (RUNBOOK, "always", True),
        (acting("message_template", message="Hi"), None, False),
        (acting("message_template", message="Hi"), "always", True),
        (HAND_OVER, None, False),
        (acting("client"), None, False),
        (acting("notebook"), None, True),
    ],
)
def test_a_call_is_countersigned_by_its_kind_unless_the_manifest_may_say_otherwise(
    author, members, approval, gated
):
    verdict = author.ours(**members, **(policy(approval) if approval else {}))
    action = Agent.of("one", verdict.compiled()).actions["greet"]
    assert action.is_gated is gated


@pytest.mark.parametrize(
    ("members", "approval", "code"),
    [
        (LAUNCH, "never", "never_refused"),
        (acting("aws", operation="terminate_instances"), "never", "never_refused"),
        (RUNBOOK, "never", "never_refused"),
        (
            acting("graphql", url="https://a.example/", operations=["mutation"]),
            "never",
            "never_refused",
        ),
        (HAND_OVER, "always", "always_refused"),
        (acting("client"), "policy", "always_refused"),
        (acting("aws", operation="list_images"), "always", "always_refused"),
    ],
)
def test_g7_a_manifest_cannot_take_away_a_countersignature_that_the_kind_demands(
    author, members, approval, code
):
    assert codes(author.ours(**members, **policy(approval))) == [code]


def test_g7_another_approval_is_another_digest(author):
    digests = {
        author.ours(**SEND, **more).compiled()["digest"]
        for more in ({}, policy("never"), {"egress": {"hosts": ["b.example"]}})
    }
    assert len(digests) == 3
    assert author.ours(**SEND, **policy("always")).compiled() == author.ours(**SEND).compiled()


def test_the_words_for_people_are_told_of_writes_without_a_countersignature(author):
    assert warned(author.ours(**SEND, **policy("never"))) == ["ungated_write"]
    assert warned(author.ours(**GET, **policy("policy"))) == ["no_policy_engine"]


def test_an_action_compiles_to_what_it_says_and_its_hosts(author):
    verdict = author.ours(
        **acting(
            "rest",
            url="https://API.example.com:8443/v1{/name}{?name}",
            headers={"Authorization": "Bearer {appkey}"},
            secret="SERVICE_KEY",
            in_order=True,
            seconds=5,
        ),
        egress={"hosts": ["cdn.example.com", "api.example.com:8443"]},
    )
    assert action_of(verdict) == {
        "kind": "rest",
        "url": "https://API.example.com:8443/v1{/name}{?name}",
        "headers": {"Authorization": "Bearer {appkey}"},
        "secret": "SERVICE_KEY",
        "in_order": True,
        "seconds": 5,
        "hosts": ["api.example.com:8443", "cdn.example.com"],
        "required": ["name"],
    }


def test_a_graphql_document_may_lie_in_a_file(author):
    author.file("queries/who.graphql", "query { me }")
    action = acting("graphql", url="https://a.example/", document="queries/who.graphql")
    assert action_of(author.ours(**action))["document"] == "query { me }"
    fixed = acting("graphql", url="https://a.example/", document="query { you }")
    assert action_of(author.ours(**fixed))["document"] == "query { you }"


def test_an_agent_may_be_handed_over_to_those_it_names(author):
    author.ours("two.yaml")
    author.ours("three.yaml")
    chosen = {"type": "object", "properties": {"to": {"enum": ["two", "three"]}}}
    function = {"name": "greet", "parameters": chosen}
    by_enum = acting("emit", function, method="switch_session", data={"agent": "{to}"})
    assert action_of(author.ours(**by_enum))["agents"] == ["two", "three"]
    assert action_of(author.ours(**by_enum, agents=["two"]))["agents"] == ["two"]


def test_version_2_escapes_the_values_of_a_calendar(author):
    author.file("event.ics", "SUMMARY:{name}")
    action = acting("data_url", template="event.ics", mime_type="text/calendar", message="{url}")
    assert action_of(author.ours(**action))["escape"] is True
    assert "escape" not in action_of(author.slashgpt(**action))
