from infra.deployed_from import deployed_from
from infra.page import Page

PAGE = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "a-model"}}
AGENTS = {"ec2": {"functions": []}}


def page(**changes):
    return Page.model_validate({**PAGE, **changes})


def test_what_a_stack_was_deployed_from_changes_with_page_and_agents_and_not_by_itself():
    first = deployed_from(page(), AGENTS)
    assert first == deployed_from(page(), AGENTS)
    assert len(first) == 64
    assert deployed_from(page(launch="dry_run"), AGENTS) != first
    assert deployed_from(page(), {"ec2": {"functions": [{"name": "more"}]}}) != first
