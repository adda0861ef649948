"""The operator's page: what it takes, and what it says of a mistake."""

import re

import pytest
import yaml

from infra.app import check_modules
from infra.page import EXAMPLE, ROOT, BadPage, Page, read_page
from infra.page_budgets import Budgets

VPC = "vpc-0123456789abcdef0"
SUBNETS = ["subnet-0123456789abcdef0", "subnet-1123456789abcdef0"]
LEAST = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "a-model"}}


def fixed(**parameters):
    return {"targets": {"default": {"fixed": parameters}}}


@pytest.fixture
def written(tmp_path):
    def write(**changes):
        (tmp_path / "countersign.yaml").write_text(yaml.safe_dump({**LEAST, **changes}))
        return tmp_path

    return write


def test_a_fresh_clone_synthesizes_with_the_example(monkeypatch, tmp_path):
    (tmp_path / EXAMPLE).write_text((ROOT / EXAMPLE).read_text())
    monkeypatch.setattr("infra.page.ROOT", tmp_path)
    page = read_page(tmp_path, {})
    assert (page.stack, page.stage, page.approval_timeout_seconds) == ("Countersign", "dev", 3600)


def test_the_example_shows_every_key_that_is_for_operators():
    text = (ROOT / EXAMPLE).read_text()
    shown = yaml.safe_load(re.sub(r"^# (?= *[A-Za-z_]+:)", "", text, flags=re.MULTILINE))
    assert Page.model_validate(shown).stack == "Countersign"
    assert set(shown) == set(Page.model_fields) - {"login", "egress"}


def test_another_directory_must_have_its_page(tmp_path):
    with pytest.raises(BadPage, match="does not exist"):
        read_page(tmp_path, {})


def test_the_environment_overrides_the_page(written):
    environment = {
        "CHAT_MODEL": "another",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "APPROVAL_TIMEOUT_SECONDS": "600",
    }
    page = read_page(written(), environment)
    assert (page.model.name, page.model.base_url) == ("another", "http://127.0.0.1:1/v1")
    assert page.approval_timeout_seconds == 600
    assert page.model_label == "another"


def test_calls_run_in_the_stack_s_region_unless_the_target_names_one(written):
    [here] = read_page(written(), {}).places
    assert (here.name, here.account, here.region) == ("default", "", "eu-west-1")
    [elsewhere] = read_page(written(targets={"away": {"regions": ["us-east-2"]}}), {}).places
    assert (elsewhere.name, elsewhere.region) == ("away", "us-east-2")


@pytest.mark.parametrize(
    ("changes", "hours"),
    [({}, 8), ({"stage": "local"}, 8), ({"stage": "prod"}, 72), ({"lease_hours": 720}, 720)],
)
def test_an_instance_lives_as_long_as_its_stage_or_the_page_says(written, changes, hours):
    assert read_page(written(**changes), {}).effective_lease_hours == hours


def test_what_the_operator_fixes_is_sent_by_ec2_s_names_and_nothing_by_default(written):
    subnet, group = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
    assert read_page(written(), {}).places[0].fixed.parameters == {}
    fixed = {"subnet_ids": [subnet], "security_group_ids": [group]}
    [place] = read_page(written(targets={"default": {"fixed": fixed}}), {}).places
    assert place.fixed.parameters == {"SubnetIds": [subnet], "SecurityGroupIds": [group]}


def test_a_page_of_the_first_releases_names_its_one_target_in_their_words(written):
    subnet, group = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
    earlier = {
        "name": "away",
        "region": "eu-north-1",
        "subnet_id": subnet,
        "security_group_ids": [group],
    }
    [place] = read_page(written(target=earlier), {}).places
    assert (place.name, place.region) == ("away", "eu-north-1")
    assert place.fixed.subnet_ids == (subnet,)
    assert place.fixed.security_group_ids == (group,)
    with pytest.raises(BadPage, match="write targets, and not target beside it"):
        read_page(written(target=earlier, targets={"default": {}}), {})


def test_a_target_with_several_regions_is_a_place_in_each_with_what_each_fixes(written):
    group = "sg-0123456789abcdef0"
    targets = {
        "work": {
            "account": "210987654321",
            "external_id": "0123456789",
            "fixed": {"security_group_ids": [group], "tags": {"Team": "a", "Cost": "1"}},
            "regions": {
                "eu-west-1": {},
                "us-east-1": {"security_group_ids": [], "tags": {"Cost": "2"}},
            },
        }
    }
    europe, america = read_page(written(account="123456789012", targets=targets), {}).places
    assert (europe.name, europe.account, europe.region) == (
        "work-eu-west-1",
        "210987654321",
        "eu-west-1",
    )
    assert (europe.fixed.security_group_ids, europe.fixed.tags["Cost"]) == ((group,), "1")
    assert (america.name, america.fixed.security_group_ids) == ("work-us-east-1", ())
    assert america.fixed.tags == {"Team": "a", "Cost": "2"}


def test_whether_approved_calls_are_launched_has_to_be_chosen(written):
    file = written() / "countersign.yaml"
    file.write_text(file.read_text().replace("launch: live\n", ""))
    with pytest.raises(BadPage, match="launch: Field required"):
        read_page(file.parent, {})


def test_budgets_are_on_until_the_page_says_off(written):
    ample = Budgets(
        turns=200, tokens=1_000_000, approvals=10, launches=5, open_approvals=3, live_instances=20
    )
    assert read_page(written(), {}).budgets == ample
    assert read_page(written(budgets={"turns": 7}), {}).budgets == ample.model_copy(
        update={"turns": 7}
    )
    assert read_page(written(budgets=None), {}).budgets == ample
    file = written() / "countersign.yaml"
    file.write_text(file.read_text() + "budgets: off\n")
    assert read_page(file.parent, {}).budgets is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": {}}, "countersign.yaml: model: no model is named"),
        ({"model": None}, "no model is named"),
        ({"stage": "test"}, "stage: Input should be 'local', 'dev' or 'prod'"),
        ({"stage": "prod", "self_confirm": True}, "self_confirm is refused for prod"),
        ({"approver": []}, "approver: Extra inputs are not permitted"),
        ({"approvers": ["carol"]}, "approvers.0: "),
        ({"launch": "maybe"}, "launch: Input should be 'dry_run' or 'live'"),
        ({"allowed_cidrs": ["10.0.0.1/8"]}, "allowed_cidrs.0: "),
        ({"tags": {"aws:x": "1"}}, "tags: the tag 'aws:x' begins with"),
        ({"domain": {"name": "x.example.com"}}, "domain.certificate_arn: Field required"),
        ({"model": {"name": "m", "region": "eu-west-1"}}, "model.region is for the provider"),
        (
            {"model": {"name": "m", "provider": "bedrock", "base_url": "https://m.example"}},
            "model.base_url is for the provider openai",
        ),
        ({"region": "Europe"}, "region: "),
        ({"approval_timeout_seconds": 0}, "approval_timeout_seconds: "),
        ({"lease_hours": 0}, "lease_hours: "),
        ({"lease_hours": 721}, "lease_hours: "),
        ({"time_zone": "Europe/Atlantis"}, "time_zone 'Europe/Atlantis'"),
        ({"mail": {"channel": "ses"}}, "mail: mail.from is needed"),
        ({"mail": {"recipients": ["carol"]}}, "mail.recipients.0: "),
        ({"origin": "http://example.com"}, "origin must be https"),
        ({"origin": "https://example.com/chat"}, "origin: "),
        ({"login": {"login_url": "http://x", "token_url": "http://x"}}, "login is for the stage"),
        ({"account": 123456789012}, "account: "),
        (fixed(subnet_ids=["subnet-1"]), "targets.default.fixed.subnet_ids.0: "),
        (fixed(subnet_ids=["subnet-0123456789abcdef0\n"]), "targets.default.fixed.subnet_ids.0: "),
        (fixed(security_group_ids=["default"]), "targets.default.fixed.security_group_ids.0: "),
        (fixed(user_data="x"), "fixed.user_data: Extra inputs are not permitted"),
        (fixed(public_address=True), "fixed: public_address needs subnet_ids"),
        (fixed(tags={"countersign:call": "1"}), "fixed.tags: the tag 'countersign:call' begins"),
        ({"target": {"subnet_id": "subnet-1"}}, "targets.default.fixed.subnet_ids.0: "),
        ({"targets": {}}, "targets: "),
        (
            {
                "targets": {
                    "a": {
                        "fixed": {"subnet_ids": SUBNETS[:1], "public_address": False},
                        "regions": {"eu-west-1": {"subnet_ids": []}},
                    }
                }
            },
            "targets.a in eu-west-1: public_address needs subnet_ids",
        ),
        ({"targets": {"Default": {}}}, "targets.Default"),
        (
            {"targets": {"a": {"regions": ["eu-west-1", "us-east-1"]}, "a-us-east-1": {}}},
            "two targets have the name a-us-east-1",
        ),
        (
            {"targets": {"a": {"account": "210987654321", "external_id": "0123456789"}}},
            "targets.a has an account, so the page must name its own",
        ),
        (
            {"account": "123456789012", "targets": {"a": {"account": "210987654321"}}},
            "targets.a.external_id is needed",
        ),
        ({"targets": {"a": {"external_id": "0123456789"}}}, "targets.a.external_id is needed"),
        ({"retired_seal_keys": ["alias/old"]}, "retired_seal_keys.0: "),
        ({"budgets": {"turns": 0}}, "budgets.turns: "),
        ({"budgets": {"people": 3}}, "budgets.people: Extra inputs are not permitted"),
        ({"budgets": True}, "budgets: "),
        ({"model": {"name": "m", "max_tokens": -1}}, "model.max_tokens: "),
        ({"sandbox": {"seconds": 61}}, "sandbox.seconds: "),
        ({"sandbox": {"seconds": 4}}, "sandbox.seconds: "),
        ({"sandbox": {"memory_mb": 10240}}, "sandbox.memory_mb: "),
        ({"sandbox": {"keep_days": 0}}, "sandbox.keep_days: "),
        ({"sandbox": {"unconfined": True}}, "sandbox.unconfined is for the stage local"),
        ({"sandbox": {"modules": {"x.py": "latest"}}}, "sandbox.modules.x.py: "),
        ({"sandbox": {"network": {"subnet_ids": SUBNETS}}}, "sandbox.network.vpc_id: "),
        ({"sandbox": {"network": {"vpc_id": VPC}}}, "sandbox.network.subnet_ids: "),
        ({"sandbox": {"network": {"vpc_id": VPC, "subnet_ids": SUBNETS[:1]}}}, "subnet_ids: "),
        ({"sandbox": {"network": {"vpc_id": VPC, "subnet_ids": SUBNETS[:1] * 2}}}, "named twice"),
        ({"sandbox": {"network": {"vpc_id": "default", "subnet_ids": SUBNETS}}}, "vpc_id: "),
    ],
)
def test_a_mistake_is_one_line_with_its_key(written, changes, said):
    with pytest.raises(BadPage) as caught:
        read_page(written(**changes), {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_page_that_is_not_yaml_is_one_line(tmp_path):
    (tmp_path / "countersign.yaml").write_text("stage: [dev\nregion: x")
    with pytest.raises(BadPage) as caught:
        read_page(tmp_path, {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("egress", {"pins": {"api.example.com": "http://127.0.0.1:9"}}, "stage local"),
        ("secrets", {"A_KEY": {"host": "API.example.com"}}, "host"),
        ("secrets", {"A_KEY": {"host": "127.0.0.1"}}, "host"),
        ("secrets", {"A_KEY": {"host": "localhost"}}, "host"),
        ("secrets", {"A_KEY": {"host": "https://api.example.com"}}, "host"),
        ("secrets", {"A_KEY": {}}, "host"),
        ("secrets", {"a-key": {"host": "api.example.com"}}, "secrets"),
        ("secrets", {"A_KEY": {"host": "api.example.com", "arn": "*"}}, "arn"),
    ],
)
def test_a_secret_has_its_host_and_a_way_round_tls_is_for_the_laptop(
    written, key, value, complaint
):
    with pytest.raises(BadPage, match=complaint):
        read_page(written(**{key: value}), {})


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("api.example.com", "http://10.0.0.1:80"),
        ("api.example.com", "https://127.0.0.1:80"),
        ("127.0.0.1", "http://127.0.0.1:80"),
    ],
)
def test_a_stand_in_is_on_this_machine(written, host, address):
    page = written(stage="local", egress={"pins": {host: address}})
    with pytest.raises(BadPage, match="pins"):
        read_page(page, {})


def test_python_is_unbound_on_a_laptop_alone_and_only_where_the_page_says_so(written):
    assert read_page(written(stage="local"), {}).sandbox.unconfined is False
    unbound = written(stage="local", sandbox={"unconfined": True})
    assert read_page(unbound, {}).sandbox.unconfined is True


def test_a_laptop_runs_with_the_page_of_a_deployment_that_names_its_network(written):
    network = {"vpc_id": VPC, "subnet_ids": SUBNETS}
    assert read_page(written(stage="local", sandbox={"network": network}), {})


AGENTS = {
    "figures": {"actions": {"count": {"kind": "module", "file": "figures.py", "sha256": "a" * 64}}},
    "prices": {"actions": {"ask": {"kind": "module", "file": "my/prices.py", "sha256": "1" * 64}}},
    "plain": {"actions": {"launch": {"kind": "aws", "operation": "run_instances"}}},
}


def test_python_that_the_operator_has_read_is_deployed(written):
    modules = {"figures.py": "a" * 64, "my/prices.py": "1" * 64, "gone.py": "b" * 64}
    check_modules(read_page(written(sandbox={"modules": modules}), {}), AGENTS)


def test_without_python_files_there_is_nothing_to_read(written):
    check_modules(read_page(written(), {}), {"plain": AGENTS["plain"]})


@pytest.mark.parametrize(
    ("modules", "unread"),
    [
        ({}, "figures.py, my/prices.py is new or changed"),
        ({"figures.py": "a" * 64}, "countersign.yaml: my/prices.py is new or changed"),
        ({"figures.py": "b" * 64, "my/prices.py": "1" * 64}, "figures.py is new or changed"),
    ],
)
def test_python_that_nobody_read_stops_the_synth_with_the_line_to_write(written, modules, unread):
    directory = written(sandbox={"modules": modules})
    with pytest.raises(BadPage) as caught:
        check_modules(read_page(directory, {}), AGENTS)
    said = str(caught.value)
    assert unread in said
    assert "\n" not in said
    line = said.partition("the line: ")[2]
    page = written(sandbox=yaml.safe_load("{" + line + "}"))
    check_modules(read_page(page, {}), AGENTS)
