"""Several targets through the rooms: what names one goes there, and nothing of one reaches the other."""

import json
from dataclasses import replace

import pytest
from botocore.config import Config

import functions.chat.continue_turn
import functions.chat.handler
import functions.launch_instance.handler as launch_room
import functions.preflight.handler as preflight_room
from functions.catalogue.listings import Asked, answer
from functions.chat.target_argument import aimed
from functions.end_lease.step import step_leases
from functions.end_lease.strays import find_strays
from functions.launch_instance.launch_role import Session, under_launch_role
from functions.request_approval.open_approval import NobodyToAsk
from functions.shared.agent import Agents
from functions.shared.approved_call import LaunchRefused
from functions.shared.aws import client
from functions.shared.batch import SomeFailed
from functions.shared.target_clients import TargetClients
from functions.shared.targets import Target, Targets
from tests.integration.test_catalogue import Desk as CatalogueDesk
from tests.support.account import ACCOUNT_ID, LAUNCH_ROLE, REGION
from tests.support.clock import Clock
from tests.support.fake_model import INSTANCE, call, calls
from tests.support.fake_states import client_error
from tests.support.leases import CALL_ID, Leases, WatchedEc2
from tests.support.stories import told

HOME = Target(name="default", account=ACCOUNT_ID, region=REGION, launch_role=LAUNCH_ROLE)
TWIN = replace(HOME, name="twin", launch_role="arn:aws:iam::123456789012:role/twin")
AWAY = Target(
    name="workloads",
    account="210987654321",
    region="eu-west-1",
    launch_role="arn:aws:iam::210987654321:role/launch",
    look_role="arn:aws:iam::210987654321:role/look",
    lease_role="arn:aws:iam::210987654321:role/lease",
    external_id="any-long-word",
)
ALL = Targets([HOME, TWIN, AWAY])


@pytest.fixture
def sessions():
    return []


@pytest.fixture
def backend(backend, monkeypatch, sessions):
    """The backend with three targets, two of them in the same account and region."""

    def ec2_for(session):
        sessions.append(session)
        return backend.ec2

    chat = backend.rooms["chat"]
    changed = {
        "chat": replace(chat, targets=ALL, agents=AimedAgents(chat.agents)),
        "launch_instance": replace(backend.rooms["launch_instance"], targets=ALL, ec2_for=ec2_for),
        "preflight": replace(backend.rooms["preflight"], targets=ALL),
    }
    backend.rooms.update(changed)
    for module in (functions.chat.handler, functions.chat.continue_turn):
        monkeypatch.setattr(module, "deps", lambda: changed["chat"])
    monkeypatch.setattr(launch_room, "deps", lambda: changed["launch_instance"])
    monkeypatch.setattr(preflight_room, "deps", lambda: changed["preflight"])
    return backend


class AimedAgents(Agents):
    """The agents as chat composes them."""

    def __init__(self, agents):
        self._agents = {agent.id: aimed(agent, ALL) for agent in agents.all()}


def approved(backend, target):
    approval_id = backend.ask({**INSTANCE, "target": target})
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    return approval_id


@pytest.mark.parametrize("target", [HOME, TWIN, AWAY], ids=lambda one: one.name)
def test_a_request_is_planned_shown_rehearsed_and_launched_where_it_says(backend, sessions, target):
    approval_id = approved(backend, target.name)
    plan = backend.approval(approval_id).plan_value()
    assert (plan["account"], plan["region"], plan["target"]) == (
        target.account,
        target.region,
        target.name,
    )
    [planned] = plan["calls"]
    assert planned["arguments"] == INSTANCE
    assert planned["origins"]["target"] == "model"
    assert planned["facts"][0] == {
        "key": "target",
        "label": "Target",
        "value": target.name,
        "source": "model",
        "level": "plain",
    }
    backend.launch(approval_id)
    assert {session.target.name for session in sessions} == {target.name}
    assert len(sessions) == 2
    assert all(session.approval_id == approval_id for session in sessions)
    assert all(f":{target.account}:instance/*" in session.policy for session in sessions)


def test_the_confirmation_says_where(backend):
    approval_id = backend.ask({**INSTANCE, "target": "workloads"})
    conversation = backend.approval(approval_id).conversation_id
    reply = backend.turns(conversation)[-1]["reply"]
    assert reply.startswith("Target: workloads (account 210987654321, eu-west-1)\n")


def test_a_target_that_was_taken_off_the_page_runs_nothing(backend, monkeypatch, sessions):
    approval_id = approved(backend, "workloads")
    fewer = replace(backend.rooms["launch_instance"], targets=Targets([HOME, TWIN]))
    monkeypatch.setattr(launch_room, "deps", lambda: fewer)
    with pytest.raises(LaunchRefused, match="another target"):
        backend.launch(approval_id)
    assert len(sessions) == 1


def test_a_target_that_does_not_admit_us_is_told_with_what_to_do(backend, monkeypatch):
    def refuse(*_):
        raise client_error("AccessDenied", "AssumeRole")

    here = backend.rooms
    monkeypatch.setattr(
        launch_room, "deps", lambda: replace(here["launch_instance"], ec2_for=refuse)
    )
    monkeypatch.setattr(preflight_room, "deps", lambda: replace(here["preflight"], readings=refuse))
    approval_id = backend.ask({**INSTANCE, "target": "workloads"})
    backend.preflight(approval_id)
    backend.rehearse(approval_id)
    with pytest.raises(NobodyToAsk):
        backend.request(approval_id)
    assert backend.approval(approval_id).status.value == "denied"
    backend.record(approval_id)
    reply = told(backend, approval_id)["reply"]
    assert "make deploy-target TARGET=workloads" in reply


def test_an_instance_of_one_target_is_not_ended_under_another(backend, sessions):
    launched = approved(backend, "default")
    backend.launch(launched)
    [instance] = backend.ec2.instances()
    for target, status in (("twin", "failed"), ("default", "succeeded")):
        approval_id = stop_request(backend, instance["InstanceId"], target)
        backend.launch(approval_id)
        assert outcome_of(backend, approval_id) == status, target


def test_a_lease_of_one_target_is_neither_shown_nor_extended_under_another(backend):
    launched = approved(backend, "default")
    backend.launch(launched)
    [instance] = backend.ec2.instances()
    for target, is_its_own in (("twin", False), ("default", True)):
        looked_over = extension(backend, instance["InstanceId"], target)
        [looked] = backend.preflight(looked_over)["calls"].values()
        assert ("lease_ends" in {fact["key"] for fact in looked["facts"]}) is is_its_own
        approval_id = extension(backend, instance["InstanceId"], target)
        backend.open(approval_id)
        assert backend.decide(approval_id).status == 200
        backend.launch(approval_id)
        assert outcome_of(backend, approval_id) == ("succeeded" if is_its_own else "failed")


def extension(backend, instance_id, target):
    wanted = call({"instance_id": instance_id, "hours": 2, "target": target}, name="extend_lease")
    backend.model.says(calls(wanted))
    return str(backend.chat("longer").json["approval"]["id"])


def stop_request(backend, instance_id, target):
    wanted = call({"instance_id": instance_id, "target": target}, name="stop_instances")
    backend.model.says(calls(wanted))
    approval_id = str(backend.chat("stop it").json["approval"]["id"])
    backend.open(approval_id)
    assert backend.decide(approval_id).status == 200
    return approval_id


def outcome_of(backend, approval_id):
    [ended] = backend.approval(approval_id).calls()
    return backend.rooms["launch_instance"].ledger.read(approval_id, ended["id"]).outcome().status


# the catalogue


@pytest.fixture
def catalogue(account, monkeypatch):  # noqa: ARG001 - an account to look into
    desk = CatalogueDesk(monkeypatch)
    places = []

    def readings(target, seconds):
        places.append(target.name)
        if target.name == "twin":
            raise client_error("AccessDenied", "AssumeRole")
        return desk.deps.readings(target, seconds)

    return replace(desk.deps, targets=ALL), readings, places


def test_a_listing_says_which_target_it_is_of_and_asks_each_once(catalogue):
    deps, readings, places = catalogue
    asked = [
        Asked("1", "list_key_pairs", "default"),
        Asked("2", "list_key_pairs", "workloads"),
        Asked("3", "list_images", "default"),
        Asked("4", "list_key_pairs", "twin"),
        Asked("5", "list_key_pairs", "elsewhere"),
        Asked("6", "list_key_pairs"),
    ]
    results = answer(replace(deps, readings=readings), asked, 10.0)
    assert places == ["default", "workloads", "twin"]
    values = [json.loads(one["text"]) for one in results]
    assert [(one.get("target"), one.get("account")) for one in values[:3]] == [
        ("default", ACCOUNT_ID),
        ("workloads", AWAY.account),
        ("default", ACCOUNT_ID),
    ]
    assert "deploy-target TARGET=twin" in values[3]["error"]
    assert [one["status"] for one in results[3:]] == ["failed"] * 3


# the ends of leases


@pytest.fixture
def leases(account):
    return Leases(account)


def test_a_lease_ends_in_its_own_target_and_one_that_does_not_answer_disturbs_no_other(leases):
    here, there = WatchedEc2(client("ec2")), WatchedEc2(client("ec2"))
    targets = Targets([HOME, AWAY])
    deps = replace(
        leases.ending, targets=targets, ec2=lambda target: here if target == HOME else there
    )
    approval = leases.launched()
    leases.clock.turn(8 * 3600)
    there.faults["describe_instances"] = [client_error("RequestLimitExceeded", "Describe")]
    step_leases(deps, [(approval.id, CALL_ID)])
    assert [name for name, _ in here.changes] == ["stop_instances"]
    assert there.changes == []


def test_a_lease_in_no_target_stays_due_and_rings(leases, capsys):
    deps = replace(leases.ending, targets=Targets([AWAY]), ec2=lambda _: leases.ec2)
    approval = leases.launched()
    leases.clock.turn(8 * 3600)
    step_leases(deps, [(approval.id, CALL_ID)])
    assert leases.ec2.changes == []
    assert "LeasesRefused" in capsys.readouterr().out
    step_leases(replace(deps, targets=Targets([TWIN])), [(approval.id, CALL_ID)])
    assert [name for name, _ in leases.ec2.changes] == ["stop_instances"]


def test_every_account_and_region_is_looked_at_for_strays_once(leases):
    looked = []

    def ec2(target):
        looked.append(target.name)
        if target == AWAY:
            raise client_error("AccessDenied", "AssumeRole")
        return leases.ec2

    deps = replace(leases.ending, targets=ALL, ec2=ec2)
    with pytest.raises(SomeFailed):
        find_strays(deps)
    assert len(looked) == 2
    assert "workloads" in looked


# clients


class FakeSts:
    def __init__(self):
        self.asked = []

    def assume_role(self, **asked):
        self.asked.append(asked)
        number = str(len(self.asked))
        return {
            "Credentials": {
                "AccessKeyId": number,
                "SecretAccessKey": number,
                "SessionToken": number,
            }
        }


def test_clients_of_another_account_carry_its_role_s_credentials_and_renew_them():
    clock, sts = Clock(), FakeSts()
    there = TargetClients(
        lambda: sts,
        role_of=lambda target: target.look_role,
        session_name="looking",
        config=Config(),
        clock=clock,
    )
    ec2 = there.client("ec2", AWAY)
    assert ec2.meta.region_name == AWAY.region
    assert there.client("ec2", AWAY) is ec2
    assert there.client("iam", AWAY) is not ec2
    assert sts.asked == [
        {
            "RoleArn": AWAY.look_role,
            "RoleSessionName": "looking",
            "DurationSeconds": 3600,
            "ExternalId": "any-long-word",
        }
    ]
    clock.turn(3600 - 300)
    assert there.client("ec2", AWAY) is not ec2
    assert len(sts.asked) == 2


@pytest.mark.parametrize(
    ("target", "external_id"), [(AWAY, {"ExternalId": "any-long-word"}), (HOME, {})]
)
def test_a_launch_asks_for_its_role_with_the_external_id_that_the_role_wants(target, external_id):
    sts = FakeSts()
    ec2 = under_launch_role("ec2", sts, Session(target, "a" * 26, "{}"))
    assert ec2.meta.region_name == target.region
    [asked] = sts.asked
    assert asked == {
        "RoleArn": target.launch_role,
        "RoleSessionName": "a" * 26,
        "SourceIdentity": "a" * 26,
        "Policy": "{}",
        "DurationSeconds": 900,
        **external_id,
    }


def test_clients_of_our_own_account_assume_nothing():
    sts = FakeSts()
    here = TargetClients(
        lambda: sts,
        role_of=lambda target: target.look_role,
        session_name="looking",
        config=Config(),
        clock=Clock(),
    )
    assert here.client("ec2", HOME) is here.client("ec2", HOME)
    assert sts.asked == []
