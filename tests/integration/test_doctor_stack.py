"""`countersign doctor` and the deployed stack: its state, what it was deployed from, drift, its address."""

import pytest

from tests.support.account import FREEZE
from tests.support.examined import refused


@pytest.fixture
def stack(patient):
    return patient.cloudformation


def test_no_stack_yet(patient, stack):
    stack.stack["StackName"] = "Another"
    lines = patient.all()
    assert lines["stack"].says == "There is no stack Countersign in 123456789012, us-east-1."
    assert (lines["stack"].state, lines["stack"].fix) == (
        "fail",
        f"make deploy HOME_DIRECTORY={patient.home}",
    )
    assert lines["people"].fix == "first what “stack” says"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("ROLLBACK_COMPLETE", "fail"),
        ("UPDATE_ROLLBACK_FAILED", "fail"),
        ("UPDATE_ROLLBACK_COMPLETE", "warn"),
        ("UPDATE_IN_PROGRESS", "warn"),
    ],
)
def test_a_deploy_that_did_not_end_well(patient, stack, status, state):
    stack.stack["StackStatus"] = status
    said = patient.finds("stack")
    assert said.state == state
    assert "aws cloudformation describe-stack-events --stack-name Countersign" in said.fix


def test_a_page_that_changed_since_the_deploy(patient):
    patient.outputs["DeployedFrom"] = "0" * 64
    said = patient.finds("release")
    assert (said.state, said.fix) == ("warn", f"make deploy HOME_DIRECTORY={patient.home}")


def drift(name, *paths, physical="x"):
    return {
        "LogicalResourceId": name,
        "PhysicalResourceId": physical,
        "StackResourceDriftStatus": "MODIFIED",
        "PropertyDifferences": [{"PropertyPath": path} for path in paths],
    }


def test_resources_changed_by_hand_are_named_page_by_page(patient, stack):
    stack.drifts = [drift("LaunchRole", "/Policies"), drift("Table", "/Tags")]
    said = patient.finds("drift")
    assert said.says == "Changed by hand since the deploy: LaunchRole, Table."
    assert said.state == "fail"
    assert said.fix.startswith("aws cloudformation describe-stack-resource-drifts")


def test_the_freeze_switch_that_people_set_is_no_drift_but_its_other_properties_are(patient, stack):
    stack.drifts = [drift("Switch", "/Value", physical=FREEZE)]
    assert patient.finds("drift").state == "ok"
    stack.drifts = [drift("Switch", "/Value", "/Description", physical=FREEZE)]
    assert patient.finds("drift").state == "fail"


def test_a_comparison_that_takes_long_is_not_waited_for(patient, stack, monkeypatch):
    monkeypatch.setattr("cli.doctor.stack.DETECTION_SECONDS", 0.0)
    stack.detection = {"DetectionStatus": "DETECTION_IN_PROGRESS"}
    said = patient.finds("drift")
    assert (said.state, said.fix) == ("warn", "countersign doctor, in a minute")
    stack.refuses = refused("DetectStackDrift", "ValidationError", "Drift detection is in progress")
    assert patient.finds("drift").state == "warn"


def test_a_comparison_that_failed_in_part_is_no_green(patient, stack):
    stack.detection = {
        "DetectionStatus": "DETECTION_FAILED",
        "DetectionStatusReason": "no rights to read a queue",
    }
    said = patient.finds("drift")
    assert (said.state, "no rights to read a queue" in said.says) == ("warn", True)
    stack.drifts = [drift("LaunchRole", "/Policies")]
    assert patient.finds("drift").state == "fail"


def test_a_comparison_of_this_hour_is_believed_unless_it_found_something_or_is_older_than_the_deploy(
    patient, stack
):
    patient.compared_lately()
    assert (patient.finds("drift").state, stack.compared) == ("ok", 0)
    stack.stack["LastUpdatedTime"] = patient.now
    assert (patient.finds("drift").state, stack.compared) == ("ok", 1)
    del stack.stack["LastUpdatedTime"]
    patient.compared_lately("DRIFTED")
    assert (patient.finds("drift").state, stack.compared) == ("ok", 2)


@pytest.mark.parametrize(("status", "fix"), [(500, "countersign logs"), (403, "countersign logs")])
def test_an_address_that_answers_something_else(patient, address, status, fix):
    address[1][0] = status
    said = patient.finds("service")
    assert (said.state, said.says.endswith(f"answers {status}.")) == ("fail", True)
    assert said.fix.startswith(fix)


def test_an_address_that_lets_only_some_networks_in(patient, address):
    patient.page["allowed_cidrs"] = ["192.0.2.0/24"]
    address[1][0] = 403
    said = patient.finds("service")
    assert (said.state, "allowed_cidrs" in said.fix) == ("fail", True)


def test_an_address_that_nobody_answers_at(patient):
    patient.outputs["Origin"] = "http://127.0.0.1:9"
    said = patient.finds("service")
    assert (said.state, said.fix.startswith("curl -I http://127.0.0.1:9/healthz")) == ("fail", True)


def test_a_domain_without_its_dns_record(patient):
    patient.outputs |= {"Origin": "http://127.0.0.1:9", "DnsRecord": "chat.example.com CNAME d-1"}
    said = patient.finds("service")
    assert said.fix == "make the DNS record: chat.example.com CNAME d-1"
