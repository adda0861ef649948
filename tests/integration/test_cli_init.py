"""`countersign init DIR`: a directory that can be deployed from, written once and never over anything."""

import json
import re
import shlex

import pytest
import yaml

from cli.__main__ import main
from cli.init.page_text import page_text, with_line
from infra.page import EXAMPLE, ROOT, Page, read_page

CHOSEN = ["--region", "eu-west-1", "--launch", "dry_run"]
FILES = {
    "countersign.yaml",
    "agents/ec2.yaml",
    "schemas/countersign.schema.json",
    "schemas/manifest.schema.json",
    "CODEOWNERS",
    ".github/workflows/countersign.yaml",
}


@pytest.fixture
def home(tmp_path):
    return tmp_path / "ops"


def init(home, *options):
    return main(["init", str(home), *options])


def files_of(home):
    return {str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()}


def test_a_new_directory_has_a_page_an_agent_owners_and_a_workflow(home, capsys):
    assert init(home, *CHOSEN, "--owner", "@org/platform", "--owner", "@bob") == 0
    assert files_of(home) == FILES
    page = read_page(home, {})
    assert (page.region, page.launch, page.stage) == ("eu-west-1", "dry_run", "dev")
    assert (home / "CODEOWNERS").read_text().splitlines()[-1] == "* @org/platform @bob"
    said = capsys.readouterr().out
    assert "Still to be written" not in said
    assert said.endswith(f"What holds: countersign config show --home {home}\n")


def test_every_choice_stands_in_its_line_and_the_comments_stay(home):
    options = {
        "stack": "Ops",
        "stage": "prod",
        "account": "012345678901",
        "model": "no",
        "provider": "openai",
        "base-url": "https://models.example.com/v1",
        "alarm-email": "ops@example.com",
        "time-zone": "Asia/Tokyo",
    }
    chosen = [text for name, value in options.items() for text in (f"--{name}", value)]
    people = ["--approver", "carol@example.com", "--approver", "bob@example.com"]
    assert init(home, *CHOSEN, *chosen, *people) == 0
    page = read_page(home, {})
    assert (page.stack, page.stage, page.account) == ("Ops", "prod", "012345678901")
    assert (page.model.name, page.model.provider) == ("no", "openai")
    assert page.model.base_url == "https://models.example.com/v1"
    assert (page.alarm_email, page.time_zone) == ("ops@example.com", "Asia/Tokyo")
    assert page.approvers == ("carol@example.com", "bob@example.com")
    written = (home / "countersign.yaml").read_text()
    assert "\n# lease_hours: 8\n" in written
    assert "# Who may countersign, by e-mail" in written


def test_the_page_says_what_the_example_says_where_nothing_is_chosen(home):
    assert init(home, *CHOSEN) == 0
    written = yaml.safe_load((home / "countersign.yaml").read_text())
    example = yaml.safe_load((ROOT / EXAMPLE).read_text())
    assert written == {**example, "region": "eu-west-1", "launch": "dry_run"}


def test_what_has_to_be_chosen_is_not_chosen_for_anybody(home, capsys):
    assert init(home) == 0
    said = capsys.readouterr().out
    assert f"Still to be written in {home}/countersign.yaml: region, launch." in said
    assert f"Still to be written in {home}/CODEOWNERS: who owns it." in said
    assert main(["config", "show", "--home", str(home)]) == 1
    refused = capsys.readouterr().err
    assert "region: has to be written" in refused
    assert "launch: has to be written: Input should be 'dry_run' or 'live'" in refused
    assert all(line.startswith("#") for line in (home / "CODEOWNERS").read_text().splitlines())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--region", "Europe"], "region: String should match"),
        (["--launch", "maybe"], "launch: Input should be 'dry_run' or 'live'"),
        (["--account", "12"], "account: "),
        (["--approver", "carol"], "approvers.0: "),
        (["--time-zone", "Atlantis"], "time_zone 'Atlantis'"),
        (["--stack", "x: y"], "stack: "),
        (["--stage", "dev\nself_confirm: true"], "stage: Input should be"),
        (["--provider", "bedrock"], "Name a model of bedrock's with --model."),
        (["--base-url", "https://me:key@models.example.com"], "model.base_url: "),
        (["--owner", "* @evil\n@bob"], "is no owner"),
        (["--owner", "bob"], "bob is no owner"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_a_choice_that_cannot_stand_is_told_and_nothing_is_written(home, capsys, options, said):
    assert init(home, *options) == 2
    assert said in capsys.readouterr().err
    assert not home.exists()


def test_nothing_that_lies_there_is_written_over(home, capsys):
    assert init(home, *CHOSEN) == 0
    before = {name: (home / name).read_bytes() for name in FILES}
    (home / "schemas/manifest.schema.json").unlink()
    assert init(home) == 0
    assert {name: (home / name).read_bytes() for name in FILES} == before
    told = capsys.readouterr().out
    assert f"Written into {home}: schemas/manifest.schema.json." in told
    assert init(home, "--launch", "live") == 2
    assert "countersign.yaml is there already" in capsys.readouterr().err
    assert read_page(home, {}).launch == "dry_run"


def test_agents_and_owners_of_a_repository_are_left_as_they_are(home, capsys):
    (home / "agents").mkdir(parents=True)
    (home / "agents" / "mine.yaml").write_text("version: 2\n")
    (home / ".github").mkdir()
    (home / ".github" / "CODEOWNERS").write_text("* @org/all\n")
    assert init(home, *CHOSEN, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["left"] == ["agents", ".github/CODEOWNERS"]
    assert told["missing"] == []
    assert files_of(home) >= {"agents/mine.yaml", "countersign.yaml"}
    assert not {"agents/ec2.yaml", "CODEOWNERS"} & files_of(home)


def test_a_link_is_not_written_through(home, tmp_path, capsys):
    home.mkdir()
    (home / "CODEOWNERS").symlink_to(tmp_path / "elsewhere")
    assert init(home, *CHOSEN) == 2
    assert "is in the way" in capsys.readouterr().err
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_in_the_way_is_told(tmp_path, capsys):
    (tmp_path / "ops").write_text("mine")
    assert init(tmp_path / "ops", *CHOSEN) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err
    assert (tmp_path / "ops").read_text() == "mine"


def test_the_agent_is_ours_and_can_be_used(home, capsys):
    assert init(home, *CHOSEN) == 0
    assert main(["agents", "validate", str(home / "agents")]) == 0
    ours = (ROOT / "agents" / "ec2.yaml").read_text()
    first, _, rest = (home / "agents" / "ec2.yaml").read_text().partition("\n")
    assert (first, rest) == (
        "# yaml-language-server: $schema=../schemas/manifest.schema.json",
        ours,
    )
    capsys.readouterr()


def test_editors_find_the_schemas_beside_the_page(home):
    assert init(home, *CHOSEN) == 0
    for name in ("countersign.schema.json", "manifest.schema.json"):
        assert (home / "schemas" / name).read_bytes() == (ROOT / "docs" / name).read_bytes()
    first = (home / "countersign.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=schemas/countersign.schema.json"


def test_a_key_that_the_example_no_longer_has_is_noticed():
    with pytest.raises(RuntimeError, match="0 lines of gone"):
        with_line("stage: dev\n", "gone", "x")


@pytest.fixture
def workflow(home):
    assert init(home, *CHOSEN) == 0
    return yaml.safe_load((home / ".github/workflows/countersign.yaml").read_text())


def test_the_workflow_s_own_commands_accept_what_init_wrote(home, workflow, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    commands = [
        shlex.split(line)
        for step in workflow["jobs"]["check"]["steps"]
        for line in step.get("run", "").splitlines()
    ]
    ours = [
        [text.replace("../home", str(home)) for text in command[1:]]
        for command in commands
        if command and command[0] == ".venv/bin/countersign"
    ]
    assert [command[0] for command in ours] == ["config", "agents"]
    assert [main(command) for command in ours] == [0, 0]
    capsys.readouterr()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {command[1] for command in commands if command and command[0] == "make"} <= targets


def test_the_workflow_may_read_and_runs_pinned_actions_only(workflow):
    job = workflow["jobs"]["check"]
    assert workflow["permissions"] == {"contents": "read"}
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one) for one in used)
    own = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    pinned = {step["uses"] for step in own["jobs"]["all"]["steps"] if "uses" in step}
    assert pinned <= set(used)
    assert not any("${{" in step.get("run", "") for step in job["steps"])
    checkouts = [step["with"] for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert all(one["persist-credentials"] is False for one in checkouts)


def test_the_page_of_no_choice_is_one_that_only_lacks_them():
    from cli.init.page_text import Choices

    written = yaml.safe_load(page_text(Choices()))
    assert (written.pop("region"), written.pop("launch")) == (None, None)
    assert Page.model_validate({**written, "region": "eu-west-1", "launch": "live"})
