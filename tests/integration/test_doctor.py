"""`countersign doctor`: each check is made to fail, and prints its fix."""

import json
import shutil
import threading
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.doctor.examine import Check, examine, looked
from cli.doctor.finding import ok
from functions.shared.aws import client
from infra.page import ROOT
from tests.support.account import ACCOUNT_ID, FREEZE, REGION, freeze
from tests.support.examined import refused


def test_where_all_is_well_every_line_is_green_and_none_has_a_fix(patient):
    assert {name: said for name, said in patient.all().items() if said.state != "ok"} == {}


def test_a_line_that_is_not_green_says_what_to_do(patient):
    patient.session.own["sts"] = refused("GetCallerIdentity", "ExpiredToken")
    patient.page["mail"] = {"channel": "ses", "from": "bot@example.com"}
    for name, said in patient.all().items():
        assert bool(said.fix) == (said.state != "ok"), name


# The machine


def test_node_is_missing(patient):
    (patient.programs / "node").unlink()
    said = patient.finds("node")
    assert (said.state, said.says) == ("fail", "Node is missing, and the CDK runs on it.")
    assert said.fix.startswith("make setup")


@pytest.mark.parametrize("version", ["v20.1.0", "v1"])
def test_node_is_too_old(patient, version):
    patient.put_node(version)
    said = patient.finds("node")
    assert said.state == "fail"
    assert said.says.endswith("is too old: 22 is needed.")
    assert said.fix == "make setup"


def test_what_is_called_node_is_something_else(patient):
    patient.put_node("hello")
    assert patient.finds("node").says.endswith("does not say its version.")


def test_another_cdk_than_the_pinned_one(patient):
    patient.put_cdk("3.0.0")
    said = patient.finds("cdk")
    assert said.says == "The CDK's command line is 3.0.0, and 2.1148.1 is pinned."
    assert (said.state, said.fix) == ("fail", "make setup")


def test_no_cdk_at_all(patient):
    (patient.checkout / "node_modules" / "aws-cdk" / "package.json").unlink()
    said = patient.finds("cdk")
    assert (said.state, said.fix) == ("fail", "make setup")


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [(40, "warn", "ahead of"), (-40, "warn", "behind"), (600, "fail", "no signature")],
)
def test_a_clock_that_is_wrong(patient, seconds, state, words):
    patient.now += timedelta(seconds=seconds)
    said = patient.finds("clock")
    assert (said.state, words in said.says) == (state, True)
    assert "set-ntp" in said.fix


def test_where_aws_is_not_reached_the_clock_is_not_checked(patient):
    patient.session.own["sts"].meta.endpoint_url = "http://127.0.0.1:9"
    said = patient.finds("clock")
    assert said.state == "unknown"
    assert said.fix.startswith("curl -I http://127.0.0.1:9")


# Page and account


def test_a_page_that_cannot_be_read_is_told_once_and_nothing_is_green_by_it(patient):
    del patient.page["launch"]
    lines = patient.all()
    assert lines["page"].state == "fail"
    assert "launch: Field required" in lines["page"].says
    assert f"countersign config show --home {patient.home}" in lines["page"].fix
    others = {name: said for name, said in lines.items() if name not in ("node", "cdk", "page")}
    assert {said.state for said in others.values()} == {"unknown"}
    assert {said.fix for said in others.values()} == {"first what “page” says"}


def test_a_manifest_that_cannot_be_used(patient):
    (patient.home / "agents" / "odd.yaml").write_text("version: 2\ntitle: 3\n")
    said = patient.finds("agents")
    assert said.state == "fail"
    assert "odd.yaml" in said.says
    assert said.fix == f"countersign agents validate {patient.home}/agents"


def test_python_that_nobody_has_read(patient):
    gallery = ROOT / "agents" / "gallery"
    for name in ("figures.yaml", "figures.py"):
        shutil.copy(gallery / name, patient.home / "agents")
    said = patient.finds("agents")
    assert (said.state, said.says.startswith("figures.py: new or changed")) == ("fail", True)
    assert said.fix.startswith("countersign agents validate")


def test_credentials_that_aws_does_not_take(patient):
    patient.session.own["sts"].get_caller_identity = _raises(
        refused("GetCallerIdentity", "ExpiredToken")
    )
    lines = patient.all()
    assert lines["credentials"].says == "AWS takes no credentials of yours (ExpiredToken)."
    assert lines["credentials"].fix.startswith("aws sso login")
    for name in ("account", "bootstrap", "stack", "drift", "model", "people", "frozen"):
        assert lines[name].state == "unknown", name
        assert lines[name].fix == "first what “credentials” says"


def test_where_aws_is_not_reached_the_credentials_are_not_blamed(patient):
    patient.session.own["sts"].get_caller_identity = _raises(
        EndpointConnectionError(endpoint_url="https://sts.example.com")
    )
    said = patient.finds("credentials")
    assert (said.state, said.says) == ("fail", "AWS is not reached (EndpointConnectionError).")
    assert said.fix.startswith("curl -I http://127.0.0.1")


def test_page_and_credentials_of_two_accounts_and_nothing_is_looked_at_in_the_wrong_one(patient):
    patient.page["account"] = "210987654321"
    lines = patient.all()
    assert lines["account"].state == "fail"
    assert lines["account"].says == (
        "countersign.yaml is for the account 210987654321, and your credentials are of 123456789012."
    )
    assert "aws sso login" in lines["account"].fix
    for name in ("bootstrap", "stack", "network default", "people", "frozen"):
        assert (lines[name].state, lines[name].fix) == ("unknown", "first what “account” says")


def test_a_page_without_an_account(patient):
    del patient.page["account"]
    said = patient.finds("account")
    assert (said.state, said.fix) == ("warn", f"write account: '{ACCOUNT_ID}' in countersign.yaml")


def test_a_region_that_is_not_bootstrapped(patient):
    client("ssm").delete_parameter(Name="/cdk-bootstrap/hnb659fds/version")
    said = patient.finds("bootstrap")
    assert said.state == "fail"
    assert said.fix == f"npx cdk bootstrap aws://{ACCOUNT_ID}/{REGION}"


def test_a_bootstrap_that_is_too_old(patient):
    client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="5", Type="String", Overwrite=True
    )
    said = patient.finds("bootstrap")
    assert said.says == "The bootstrap is version 5; 8 is needed."
    assert said.fix == f"npx cdk bootstrap aws://{ACCOUNT_ID}/{REGION}"


# What the product is told to do


def test_shadow_mode_is_said(patient):
    patient.page["launch"] = "dry_run"
    said = patient.finds("launch")
    assert said.state == "warn"
    assert said.says.startswith("Shadow mode: ")
    assert "launch: live" in said.fix


def test_frozen_launches_are_said_with_who_and_why(patient):
    freeze('{"frozen":true,"reason":"moving","by":"Olga","at":"2026-03-02T10:00:00Z"}')
    said = patient.finds("frozen")
    assert said.says == 'Launches are frozen by Olga since 2026-03-02T10:00:00Z: "moving".'
    assert (said.state, said.fix.startswith("countersign unfreeze")) == ("warn", True)


def test_a_switch_that_holds_something_else_counts_as_frozen(patient):
    freeze("yes")
    said = patient.finds("frozen")
    assert said.state == "fail"
    assert f"aws ssm get-parameter --name {FREEZE}" in said.fix


@pytest.mark.parametrize(
    ("model", "fix"),
    [
        (
            {"answers": False, "code": "model_unauthorized", "detail": "It refuses the key."},
            "Put a valid key in: countersign model set",
        ),
        ({"calls_tools": False}, "It calls no functions"),
    ],
)
def test_a_model_that_does_not_take_part(patient, model, fix):
    patient.model.models[0] |= {"calls_tools": False, **model}
    said = patient.finds("model")
    assert said.state == "fail"
    assert said.says.startswith("test-model: ")
    assert said.fix.startswith(fix)


# What cannot be checked


def test_a_check_that_gets_no_answer_is_no_green_and_holds_up_nobody(patient):
    later = threading.Event()
    slow = Check("slow", lambda _: ok("late") if later.wait(10) else ok("later"), seconds=0.01)
    [(_, said)] = examine(patient.examined(), [slow])
    later.set()
    assert said.state == "unknown"
    assert said.says == "Not checked: no answer within 0 seconds."
    assert said.fix.startswith("countersign doctor again")


def test_rights_that_are_missing_are_named(patient):
    check = Check("odd", _raises(refused("DescribeVpcs", "UnauthorizedOperation")))
    said = looked(check, patient.examined())
    assert (said.state, said.says) == (
        "unknown",
        "Not checked: AWS refuses DescribeVpcs (UnauthorizedOperation).",
    )
    assert "docs/permissions.md" in said.fix


def test_an_answer_that_nobody_foresaw_costs_one_line_and_not_all(patient):
    said = looked(Check("odd", _raises(KeyError("Vpcs"))), patient.examined())
    assert (said.state, "KeyError" in said.says) == ("unknown", True)


def test_piped_and_without_credentials_doctor_ends_with_1_and_its_lines_can_be_read(terminal):
    terminal.environment |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": terminal.url}
    said = terminal.piped("doctor", "--json")
    lines = {one["check"]: one for one in map(json.loads, said.stdout.splitlines())}
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        "With the product's own example page: there is no countersign.yaml here, and no --home."
    ]
    assert lines["node"]["state"] == "ok"
    assert lines["credentials"]["state"] == "fail"
    assert lines["stack"]["fix"] == "first what “credentials” says"
    words = terminal.piped("doctor").stdout
    assert "fail    credentials      AWS takes no credentials of yours" in words
    assert "        fix: aws sso login" in words
    unknown = sum(one["state"] == "unknown" for one in lines.values())
    assert words.endswith(f"Of {len(lines)}: 1 to mend, {unknown} not checked.\n")


def _raises(error):
    def look(*_):
        raise error

    return look
