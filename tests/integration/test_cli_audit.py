"""`countersign audit` against a stack in this process: found by its outputs, read with the caller's rights."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.__main__ import main
from functions.shared.approval import Status
from functions.shared.approval_reader import record_key
from functions.shared.plan import digest_of
from tests.support.account import REGION
from tests.support.audited import APPROVAL_ID
from tests.support.audited_stack import APPROVALS, AUDIT, PLAN, Deployed
from tests.support.clock import START


@pytest.fixture
def deployed(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        stack = Deployed()
        make = boto3.session.Session.client

        def client(session, service, **more):
            return stack.stacks if service == "cloudformation" else make(session, service, **more)

        monkeypatch.setattr(boto3.session.Session, "client", client)
        yield stack


def said(capsys, *arguments):
    """The exit code and what was printed."""
    code = main(["audit", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_show_prints_the_chain_in_order_with_who_and_what(deployed, capsys):
    deployed.launch()
    code, out, _ = said(capsys, "show", APPROVAL_ID)
    assert code == 0
    events = [line.split()[2] for line in out.splitlines() if line[:4].strip().isdigit()]
    assert events == ["requested", "opened", "decided", "closed"]
    assert "Carol (sub-carol)" in out
    assert f"digest: {digest_of(PLAN)}" in out
    assert f"plan: {PLAN}" in out
    assert deployed.record.audit_head in out


def test_show_for_programs_is_json(deployed, capsys):
    deployed.launch()
    _, out, _ = said(capsys, "show", APPROVAL_ID, "--json")
    value = json.loads(out)
    assert (value["approval"], value["status"], value["version"]) == (APPROVAL_ID, "approved", 4)
    assert [row["number"] for row in value["rows"]] == [1, 2, 3, 4]


def test_neither_shows_what_was_said_in_the_chat(deployed, capsys):
    deployed.launch()
    words = deployed.record.request_words
    assert words
    for arguments in (
        ["show", APPROVAL_ID],
        ["show", APPROVAL_ID, "--json"],
        ["verify", APPROVAL_ID],
    ):
        assert words not in said(capsys, *arguments)[1]


def test_a_reason_cannot_write_on_the_terminal(deployed, capsys):
    deployed.ask()
    deployed.open()
    deployed.decide(reason="fine\x1b[2K\r 9  approved\u202e")
    code, out, _ = said(capsys, "show", APPROVAL_ID)
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "fine\\u001b[2K\\u000d 9  approved\\u202e" in out


@pytest.mark.parametrize("steps", [["ask"], ["ask", "open"], ["ask", "open", "decide"], ["launch"]])
def test_whatever_the_product_wrote_verifies(deployed, capsys, steps):
    for step in steps:
        getattr(deployed, step)()
    code, out, err = said(capsys, "verify", APPROVAL_ID)
    assert (code, err) == (0, "")
    assert out.startswith(f"The audit of {APPROVAL_ID} verifies:")
    is_decided = bool(deployed.record.decision)
    assert ("The decision's seal is genuine." in out) == is_decided


@pytest.mark.parametrize("status", [Status.EXPIRED, Status.CANCELLED, Status.DENIED, Status.FAILED])
def test_an_end_without_a_decision_verifies(deployed, capsys, status):
    deployed.ask()
    deployed.open()
    deployed.table.end_undecided(deployed.record, status, START, "Because.")
    assert said(capsys, "verify", APPROVAL_ID)[0] == 0


def test_what_lies_beside_the_transitions_verifies(deployed, capsys):
    deployed.launch()
    note = deployed.table.note_items(
        deployed.record, event="lease_warned", actor="end_lease", details={"call": "c"}, now=START
    )
    deployed.table.write(note)
    assert said(capsys, "verify", APPROVAL_ID)[0] == 0


def test_an_edited_row_is_found_with_one_sentence(deployed, capsys):
    deployed.launch()
    deployed.edit(AUDIT, "000003", "SET actor = :who", who={"S": "sub-mallory"})
    code, out, _ = said(capsys, "verify", APPROVAL_ID)
    assert code == 1
    assert "Row 3 is not what its hash was made of." in out.splitlines()


def test_a_removed_row_is_found(deployed, capsys):
    deployed.launch()
    key = {"pk": {"S": APPROVAL_ID}, "sk": {"S": "000002"}}
    deployed.dynamodb.delete_item(TableName=AUDIT, Key=key)
    code, out, _ = said(capsys, "verify", APPROVAL_ID)
    assert code == 1
    assert "Row 2 is missing or out of order: 3 is there." in out


def test_a_record_approved_by_hand_is_found(deployed, capsys):
    deployed.ask()
    deployed.open()
    deployed.dynamodb.update_item(
        TableName=APPROVALS,
        Key=record_key(APPROVAL_ID),
        UpdateExpression="SET #status = :approved, decision = :decision",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={
            ":approved": {"S": "approved"},
            ":decision": {
                "M": {
                    "decision": {"S": "approve"},
                    "by": {"M": {name: {"S": "x"} for name in ("sub", "email", "name")}},
                    "at": {"S": "2026-11-21T03:00:00Z"},
                    "digest": {"S": digest_of(PLAN)},
                    "reason": {"S": ""},
                    "self_confirmed": {"BOOL": False},
                    "calls": {"M": {"call_1": {"S": "approve"}}},
                }
            },
        },
    )
    code, out, _ = said(capsys, "verify", APPROVAL_ID)
    assert code == 1
    assert "The record holds a decision that no row tells of." in out
    assert "The decision's seal is missing, or it was not made over this decision." in out


def test_a_seal_of_a_key_that_is_not_the_stacks_is_found(deployed, capsys):
    deployed.ask()
    deployed.open()
    other = deployed.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    trusted, deployed.key = deployed.key, other["KeyMetadata"]["Arn"]
    deployed.decide()
    assert trusted != deployed.key
    code, out, _ = said(capsys, "verify", APPROVAL_ID)
    assert code == 1
    assert "The decision's seal is missing" in out


def test_who_may_not_ask_kms_is_told_and_the_chain_verifies_still(deployed, capsys, monkeypatch):
    deployed.launch()
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "VerifyMac")

    def refuse(*_):
        raise refused

    monkeypatch.setattr("cli.audit.SealCheck.is_genuine", refuse)
    code, out, _ = said(capsys, "verify", APPROVAL_ID)
    assert code == 0
    assert "The decision's seal was not verified: KMS says AccessDeniedException." in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["verify", "b" * 26], "There is no such approval."),
        (["show", "b" * 26], "There is no such approval."),
        (["verify", "not-an-id"], "An approval's id is 26 lower-case letters and digits."),
        (["verify", APPROVAL_ID, "--stack", "Nowhere"], "The stack Nowhere cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_and_exit_2(deployed, capsys, arguments, sentence):
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_a_stack_that_is_something_else_is_said(deployed, capsys):
    deployed.deploy({"Other": "x"}, name="Other")
    code, _, err = said(capsys, "verify", APPROVAL_ID, "--stack", "Other")
    assert code == 2
    assert "The stack Other has no output AuditTable" in err


def test_an_approval_that_is_gone_while_its_rows_stay_is_said(deployed, capsys):
    deployed.launch()
    deployed.dynamodb.delete_item(TableName=APPROVALS, Key=record_key(APPROVAL_ID))
    code, _, err = said(capsys, "verify", APPROVAL_ID)
    assert code == 2
    assert "There is no such approval; 4 audit rows of it are there." in err


def test_a_row_that_is_not_json_is_said(deployed, capsys):
    deployed.launch()
    deployed.edit(AUDIT, "000002", "SET details = :text", text={"S": "{"})
    code, _, err = said(capsys, "verify", APPROVAL_ID)
    assert code == 2
    assert "An audit row cannot be read" in err


@pytest.mark.parametrize("arguments", [[], ["audit"], ["audit", "verify"], ["audit", "edit", "x"]])
def test_a_command_that_there_is_not_ends_with_2(arguments, capsys):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert "Usage: countersign" in said.out + said.err
