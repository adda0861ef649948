"""The audit in a file: written once, verified without AWS, and every change to it found."""

import hashlib
import json

import boto3
import pytest
from moto import mock_aws

from cli.__main__ import main
from cli.deploy.export import export
from cli.operator import Deployment
from infra.page import Page
from tests.support.account import REGION
from tests.support.audited import APPROVAL_ID
from tests.support.audited_stack import Deployed

PAGE = {"stage": "dev", "launch": "live", "region": REGION, "model": {"name": "m"}}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """What is written of a stack with one launched request, and of rows whose record is gone."""
    file = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        stack = Deployed()
        stack.launch()
        session = boto3.Session(region_name=REGION)
        outputs = stack.stacks.outputs["Countersign"]
        deployment = Deployment(
            Page.model_validate(PAGE), file.parent, "123456789012", outputs, session
        )
        written = export(deployment, file, now="2026-11-21T03:00:00Z")
        assert (written.approvals, written.rows) == (1, 4)
    return file.read_text().splitlines()


@pytest.fixture
def verified(lines, tmp_path, capsys):
    """Exit status and words of `audit verify --file`, of the file after an edit; `sealed`: its end is made to fit."""

    def verify(edit=lambda _: None, *, sealed=True, take=slice(None)):
        values = [json.loads(line) for line in lines]
        edit(values[1])
        written = [json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values[:-1]]
        if sealed:
            whole = "".join(f"{line}\n" for line in written)
            values[-1]["sha256"] = hashlib.sha256(whole.encode()).hexdigest()
        file = tmp_path / "audit.jsonl"
        file.write_text("".join(f"{line}\n" for line in [*written, json.dumps(values[-1])][take]))
        code = main(["audit", "verify", "--file", str(file)])
        out, err = capsys.readouterr()
        return code, out + err

    return verify


def test_what_was_written_verifies(verified):
    assert verified() == (0, "The audit in audit.jsonl verifies: approvals 1, rows 4.\n")


def test_the_seal_was_verified_while_its_key_was_there(lines):
    assert json.loads(lines[1])["seal"] == {
        "stands": True,
        "said": "The decision's seal is genuine.",
    }


def test_the_head_says_of_which_stack(lines):
    head = json.loads(lines[0])
    assert (head["stack"], head["account"], head["region"]) == (
        "Countersign",
        "123456789012",
        REGION,
    )


def test_a_changed_byte_is_found_by_the_end(verified):
    code, said = verified(
        lambda one: one["rows"][0].update(at="2020-01-01T00:00:00Z"), sealed=False
    )
    assert (code, "was changed after it was written" in said) == (2, True)


@pytest.mark.parametrize("take", [slice(None, -1), slice(0, 0), slice(1, None)], ids=str)
def test_a_file_without_its_head_or_end_is_no_audit(verified, take):
    assert verified(take=take)[0] == 2


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        (lambda one: one["rows"][1].update(actor="eve"), "is not what its hash was made of"),
        (lambda one: one["rows"].pop(2), "Row 3 is missing"),
        (lambda one: one["rows"].clear(), "There is no audit row."),
        (lambda one: one["record"].update(digest={"S": "0" * 64}), "digest"),
        (
            lambda one: one.update(
                seal={"stands": False, "said": "The decision's seal is missing"}
            ),
            "seal is missing",
        ),
        (lambda one: one["record"].update(v={"N": "99"}), "cannot read the record"),
    ],
    ids=["row", "row gone", "rows gone", "record", "seal", "newer"],
)
def test_an_edit_is_found_although_the_end_was_made_to_fit(verified, edit, finding):
    code, said = verified(edit)
    assert code == 1
    assert f"{APPROVAL_ID}: " in said
    assert finding in said


@pytest.mark.parametrize(
    "edit",
    [
        lambda one: one.pop("rows"),
        lambda one: one.update(rows=[7]),
        lambda one: one.update(record=[]),
        lambda one: one["record"].update(v=2),
        lambda one: one.pop("seal"),
    ],
    ids=["no rows", "no row", "no record", "no version", "no seal"],
)
def test_a_line_that_was_never_ours_is_told_in_one_line(verified, edit):
    code, said = verified(edit)
    assert (code, said.count("\n")) == (2, 1)
    assert "holds a line that countersign destroy did not write" in said


def test_a_record_that_aws_has_forgotten_leaves_its_rows_to_verify(verified):
    assert verified(lambda one: one.update(record=None))[0] == 0


def test_a_file_that_is_not_there_is_told_in_one_line(capsys, tmp_path):
    assert main(["audit", "verify", "--file", str(tmp_path / "none")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], [APPROVAL_ID, "--file", "audit.jsonl"]], ids=str)
def test_one_of_id_and_file_is_named(arguments):
    assert main(["audit", "verify", *arguments]) == 2
