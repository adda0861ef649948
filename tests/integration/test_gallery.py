"""Every agent of the gallery does what its manifest says, with a service beside us instead of the public one."""

import json
import runpy
import urllib.parse
from dataclasses import replace

import pytest

from functions.chat.rooms import Result
from functions.chat.talk import AwaitsClient, Finished, NeedsApproval
from functions.run_action.carry_out import carry_out
from functions.run_action.deadline import Deadline
from functions.run_action.fetch import Fetcher
from functions.run_action.ungated import Call, Running, run_calls
from functions.shared.agent import Agent
from infra.agents import compile_agents, read_folder
from infra.page import ROOT
from tests.compat.loops import ActionRoom
from tests.compat.sandboxed import NEED_NAMESPACES, SandboxRoom, runs_python
from tests.compat.stubbed import GivenSecrets
from tests.support.fake_model import FakeModel, call, calls
from tests.support.fake_rooms import FakeRooms
from tests.support.outside import Expected, serve
from tests.support.talking import Known, converse_once

GALLERY = {
    agent_id: Agent.of(agent_id, agent)
    for agent_id, agent in compile_agents(ROOT / "agents" / "gallery").items()
}
only_with_namespaces = pytest.mark.skipif(not runs_python(), reason=NEED_NAMESPACES)
RATE = '{"amount":1.0,"base":"USD","date":"2026-11-20","rates":{"JPY":146.04441}}'


class Service:
    """The public services of the gallery, all in one."""

    def __init__(self, server):
        self._server = server
        hosts = {
            host
            for agent in GALLERY.values()
            for action in agent.actions.values()
            for host in action.values.get("hosts", ())
        }
        self.fetch = Fetcher(pins=dict.fromkeys(hosts, ("127.0.0.1", server.server_port)))
        self.secrets = GivenSecrets({"GITHUB_TOKEN": "token-of-a-test"})

    def answers(self, text, *, status=200):
        """Every request from now on; the requests as they came."""
        expected = Expected(status=status, text=text)
        self._server.RequestHandlerClass.marks["/"] = expected
        return expected.requests

    def run(self, agent_id, function, **arguments):
        """One call that nobody has to countersign."""
        agent = GALLERY[agent_id]
        running = Running(Known([agent]), self.fetch, self.secrets)
        wanted = [Call("call_1", function, arguments)]
        [result] = run_calls(running, agent.id, agent.digest, wanted, Deadline.after(10))
        return result


@pytest.fixture(scope="module")
def server():
    server = serve()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def service(server):
    return Service(server)


def test_sg_04_05_a_rate_is_asked_for_and_its_text_comes_back(service):
    requests = service.answers(RATE)
    result = service.run("exchange_rates", "exchange_rate", base="USD", symbols="JPY")
    assert (result.status, result.text) == ("succeeded", RATE)
    [request] = requests
    assert (request["method"], request["path"]) == ("GET", "/v1/latest?base=USD&symbols=JPY")
    assert request["headers"]["host"] == "api.frankfurter.dev"


def test_a_rate_that_there_is_not_is_told_to_the_model(service):
    service.answers('{"message":"not found"}', status=404)
    result = service.run("exchange_rates", "exchange_rate", base="USD", symbols="XXX")
    assert result.status == "failed"
    assert "404" in result.text
    assert "not found" in result.text


def test_sg_06_a_country_is_a_variable_of_a_fixed_document(service):
    requests = service.answers('{"data":{"country":{"name":"Japan"}}}')
    result = service.run("countries", "country", code="JP")
    assert result.status == "succeeded"
    assert json.loads(result.text)["country"]["name"] == "Japan"
    body = json.loads(requests[0]["body"])
    assert body["variables"] == {"code": "JP"}
    assert "JP" not in body["query"]
    assert (requests[0]["method"], requests[0]["path"]) == ("POST", "/graphql")


def test_sg_09_an_entry_and_its_invitation_are_made_in_one_turn():
    model = FakeModel()
    entry = {
        "uid": "planning-20261124",
        "summary": "Planning, and tea",
        "start": "20261124T150000Z",
        "end": "20261124T153000Z",
        "location": "Room 4",
        "description": "Bring\nthe list",
    }
    model.says(calls(call(entry, name="make_event")))
    model.says(
        calls(call({"link": "data:…", "guests": ["tim@example.com"]}, name="send_invitation"))
    )
    model.says("Done.")
    ending = converse_once(model, agent=GALLERY["calendar"], message="Plan it")
    assert isinstance(ending, Finished)
    assert ending.reply == "Done."
    made, sent = [step["content"] for step in ending.steps if step["role"] == "tool"]
    assert sent == "The invitation is ready for ['tim@example.com']."
    kind, _, content = made.removeprefix("The entry is made. Its link is ").partition(",")
    assert kind == "data:text/calendar;charset=utf-8"
    lines = urllib.parse.unquote_plus(content).split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert "DTSTART:20261124T150000Z" in lines
    assert "SUMMARY:Planning\\, and tea" in lines
    assert "DESCRIPTION:Bring\\nthe list" in lines
    assert lines[-2:] == ["END:VCALENDAR", ""]


@pytest.mark.parametrize("agent_id", GALLERY["reception"].agents)
def test_sg_15_the_reception_hands_the_question_to_the_agent_that_knows(agent_id):
    model = FakeModel()
    model.says(calls(call({"agent": agent_id, "question": "Do you know?"}, name="hand_over")))
    model.says("I know.")
    ending = converse_once(model, agent=GALLERY["reception"], agents=list(GALLERY.values()))
    assert (ending.agent.id, ending.reply) == (agent_id, "I know.")
    system, question = model.asked[1].messages
    assert system["content"].startswith(GALLERY[agent_id].prompt[:40])
    assert question == {"role": "user", "content": "Do you know?"}


def test_the_reception_knows_whom_there_is():
    model = FakeModel()
    model.says("Hello.")
    converse_once(model, agent=GALLERY["reception"], agents=list(GALLERY.values()))
    prompt = model.asked[0].messages[0]["content"]
    assert "countries: Capital, currency and languages of any country." in prompt


def test_scanning_waits_for_who_holds_the_scanner():
    model = FakeModel()
    model.says(calls(*(call({"place": place}, name="scan_label") for place in ("left", "right"))))
    ending = converse_once(model, agent=GALLERY["stocktaking"])
    assert isinstance(ending, AwaitsClient)
    assert len(model.asked) == 1


def test_sg_04_reading_issues_needs_nobody_and_the_token_stays_here(service):
    requests = service.answers("[]")
    result = service.run("issues", "list_issues", owner="octo", repository="hello/x y")
    assert (result.status, result.text) == ("succeeded", "[]")
    [request] = requests
    assert request["headers"]["authorization"] == "Bearer token-of-a-test"
    assert request["path"] == "/repos/octo/hello%2Fx%20y/issues?state=open&per_page=20"


def test_a_token_that_comes_back_is_not_shown(service):
    service.answers('{"you sent": "token-of-a-test"}')
    result = service.run("issues", "list_issues", owner="octo", repository="hello")
    assert "token-of-a-test" not in result.text


def test_sg_04_opening_an_issue_is_countersigned_and_then_sent_once(service):
    arguments = {"owner": "octo", "repository": "hello", "title": "It is broken", "text": 'So "it"'}
    model = FakeModel()
    model.says(calls(call(arguments, name="open_issue")))
    assert isinstance(converse_once(model, agent=GALLERY["issues"]), NeedsApproval)
    requests = service.answers('{"number": 7}', status=201)
    refused = service.run("issues", "open_issue", **arguments)
    assert (refused.status, requests) == ("failed", [])
    sent = carry_out(
        GALLERY["issues"].actions["open_issue"],
        arguments,
        fetch=service.fetch,
        secrets=service.secrets,
        deadline=Deadline.after(10),
    )
    assert (sent.status, sent.text) == ("succeeded", '{"number": 7}')
    [request] = requests
    assert json.loads(request["body"]) == {"title": "It is broken", "body": 'So "it"'}


def test_a_restart_waits_for_a_person():
    model = FakeModel()
    model.says(calls(call({"instance_id": "i-0123456789abcdef0"}, name="restart_instance")))
    ending = converse_once(model, agent=GALLERY["restart"])
    assert isinstance(ending, NeedsApproval)


def test_an_agent_that_is_not_deployed_is_not_handed_to():
    model = FakeModel()
    model.says(calls(call({"agent": "calendar", "question": "Now?"}, name="hand_over")))
    model.says("There is nobody for that.")
    alone = replace(GALLERY["reception"], prompt="Hand over.")
    ending = converse_once(model, agent=alone)
    assert ending.agent.id == "reception"
    assert "calendar" in ending.steps[1]["content"]


def test_results_are_told_as_they_came():
    """The loop gives a service's text to the model, and the model's words to the person."""
    model = FakeModel()
    model.says(calls(call({"base": "USD", "symbols": "JPY"}, name="exchange_rate")))
    model.says("1 USD = 146.04441 JPY.")
    rooms = FakeRooms({"exchange_rate": Result("succeeded", RATE)})
    ending = converse_once(model, agent=GALLERY["exchange_rates"], rooms=rooms)
    assert ending.reply == "1 USD = 146.04441 JPY."
    assert model.asked[1].messages[-1]["content"] == RATE


def python_of(agent_id):
    return SandboxRoom(
        [one for one in read_folder(ROOT / "agents" / "gallery") if one.id == agent_id]
    )


@only_with_namespaces
def test_sg_11_the_analyst_s_code_needs_nobody_and_finds_its_table():
    code = [
        "import pandas as pd",
        "costs = pd.read_csv('analyst.csv')",
        "costs.groupby('team').cost_usd.sum().round().to_dict()",
    ]
    model = FakeModel()
    model.says(calls(call({"code": code, "query": "Who costs more?"}, name="run_python_code")))
    model.says("Checkout.")
    rooms = ActionRoom(Running(Known([]), None, None), python_of("analyst"))
    ending = converse_once(model, agent=GALLERY["analyst"], rooms=rooms, seconds=120.0)
    assert isinstance(ending, Finished)
    assert ending.steps[1]["content"] == "{'checkout': 493.0, 'search': 405.0}"


def test_figures_wait_for_a_person():
    model = FakeModel()
    model.says(calls(call({"cidr": "10.0.0.0/16", "prefix": 24}, name="subnets")))
    rooms = FakeRooms(python=True)
    ending = converse_once(model, agent=GALLERY["figures"], rooms=rooms)
    assert isinstance(ending, NeedsApproval)
    assert rooms.handed_over == []


@pytest.fixture(scope="module")
def figures():
    return runpy.run_path(str(ROOT / "agents" / "gallery" / "figures.py"))


def test_a_network_is_divided_as_aws_counts(figures):
    told, message = figures["subnets"]("10.20.0.0/22", 24)
    assert told == {
        "count": 4,
        "first": ["10.20.0.0/24", "10.20.1.0/24", "10.20.2.0/24", "10.20.3.0/24"],
        "usable_addresses_each": 251,
    }
    assert message == "10.20.0.0/22 holds 4 subnets of 251 usable addresses."
    assert len(figures["subnets"]("10.0.0.0/8", 28)[0]["first"]) == 32


@pytest.mark.parametrize(
    ("cidr", "prefix"), [("2001:db8::/32", 24), ("10.0.0.0/16", 29), ("10.0.0.0/26", 24)]
)
def test_a_subnet_that_aws_would_not_make_is_told(figures, cidr, prefix):
    told, message = figures["subnets"](cidr, prefix)
    assert list(told) == ["error"]
    assert message is None


def test_what_instances_cost_in_a_month(figures):
    assert figures["monthly_cost"](0.0208, 3) == {"usd_per_month": 45.55, "hours_each": 730.0}
    assert figures["monthly_cost"](1, 1, 12)["usd_per_month"] == 365.0
