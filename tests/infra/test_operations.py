"""What operators watch: every alarm has its page, and every figure that a room writes is shown somewhere."""

import json
import re

import pytest

from functions.shared import observe
from infra.page import ROOT

RUNBOOKS = ROOT / "docs" / "runbooks"
FIGURES = {
    value
    for name, value in vars(observe).items()
    if name.isupper() and isinstance(value, str) and value[0].isupper()
} - {observe.NAMESPACE}
ASKED_FOR = {
    "Turns",
    "ModelTime",
    "ModelFailures",
    "ApprovalsAsked",
    "ApprovalsDecided",
    "ApprovalsExpired",
    "TimeToDecide",
    "InstancesLaunched",
    "LaunchesShadowed",
    "ToolCallsRefused",
    "ModelTokens",
    "LaunchedPrice",
}


def alarms(template):
    return {
        alarm.path.rpartition("/")[2]: alarm.properties
        for alarm in template.of_type("AWS::CloudWatch::Alarm")
    }


def dashboard(template):
    [found] = template.of_type("AWS::CloudWatch::Dashboard")
    return json.loads(template.spelled(found.properties["DashboardBody"]))


def shown_in(body):
    """The names of the figures in a dashboard, with the room that writes each."""
    for widget in body["widgets"]:
        for metric, *rest in widget["properties"]["metrics"]:
            if isinstance(metric, dict):
                found = re.search(r'MetricName="(\w+)" service="([\w-]+)"', metric["expression"])
                yield found[1], found[2]
            else:
                yield rest[0], rest[2]


def test_every_alarm_s_description_names_a_page_that_is_there(production):
    for name, alarm in alarms(production).items():
        said = re.fullmatch(
            r"(.+\.) What to do: (docs/runbooks/[a-z-]+\.md)", alarm["AlarmDescription"]
        )
        page = ROOT / said[2]
        assert page.read_text(encoding="utf-8").startswith(f"# {name}\n")


def test_no_page_is_left_over_and_the_list_of_pages_is_whole(production):
    pages = {file.name for file in RUNBOOKS.glob("*.md")} - {"README.md"}
    named = {one["AlarmDescription"].rpartition("/")[2] for one in alarms(production).values()}
    assert pages == named
    listed = re.findall(
        r"^\| (\w+) \| \[(.+)\]\((.+)\) \|$", (RUNBOOKS / "README.md").read_text(), re.M
    )
    assert {(name, page) for name, page, _ in listed if page == _} == {
        (name, one["AlarmDescription"].rpartition("/")[2])
        for name, one in alarms(production).items()
    }


@pytest.mark.parametrize("page", sorted(RUNBOOKS.glob("*-*.md")), ids=lambda page: page.stem)
def test_a_page_says_where_to_look_what_to_do_and_when_it_is_over(page):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M) == ["Look", "Do"]
    look = text.partition("## Look")[2].partition("## Do")[0]
    assert "```sh\ncountersign " in look
    assert "It is over" in text or "the alarm ends" in text


def test_an_alarm_with_an_address_on_the_page_is_mailed_and_silent_data_is_no_alarm(production):
    for name, alarm in alarms(production).items():
        assert len(alarm["AlarmActions"]) == 1, name
        expected = "breaching" if name == "SweepStopped" else "notBreaching"
        assert alarm["TreatMissingData"] == expected


def test_a_silent_model_is_an_alarm(production):
    alarm = alarms(production)["ModelFails"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("ModelErrors", "Sum")
    assert (alarm["Threshold"], alarm["Period"]) == (10, 300)


def test_the_dashboard_shows_what_people_ask_for_and_what_becomes_of_it(production):
    shown = {name for name, _ in shown_in(dashboard(production))}
    assert shown >= ASKED_FOR
    assert shown <= FIGURES


def test_every_figure_that_a_room_writes_is_on_the_dashboard_or_wakes_somebody(production):
    shown = {name for name, _ in shown_in(dashboard(production))}
    watched = {one.get("MetricName") for one in alarms(production).values()}
    assert shown | watched >= FIGURES


def test_the_dashboard_reads_figures_of_this_stack_s_own_rooms(production):
    functions = {
        one.properties["FunctionName"]
        for one in production.of_type("AWS::Lambda::Function")
        if isinstance(one.properties.get("FunctionName"), str)
    }
    assert {service for _, service in shown_in(dashboard(production))} <= functions


def test_what_the_chat_asks_for_in_the_background_is_shown_too(production):
    asked = {room for name, room in shown_in(dashboard(production)) if name == "ApprovalsAsked"}
    assert asked == {"Production-chat", "Production-continue_turn"}


def test_two_stacks_of_one_account_have_a_dashboard_each(production, with_ses):
    names = [
        one.of_type("AWS::CloudWatch::Dashboard")[0].properties["DashboardName"]
        for one in (production, with_ses)
    ]
    assert names == ["Production-eu-west-1", "WithSes-eu-west-1"]
    assert production.outputs["DashboardName"] == "Production-eu-west-1"
