"""docs/agents.md: its commands, run exactly as they are printed, print what it says."""

import os
import re
import subprocess
from itertools import pairwise

import pytest

from cli.agents_python import compile_libraries
from infra.manifests.compile import compile_manifest
from infra.page import ROOT, Page
from tests.compat.sandboxed import NEED_NAMESPACES, runs_python

TEXT = (ROOT / "docs" / "agents.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [block for kind, block in BLOCKS if kind == "sh"]
pytestmark = pytest.mark.exhaustive
python_runs = pytest.mark.skipif(not runs_python(), reason=NEED_NAMESPACES)
MAKE = re.compile(r"^make ", re.MULTILINE)


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A person's shell in the checkout, with a home directory that is empty at first."""
    home = tmp_path_factory.mktemp("person")
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def run(commands):
        return subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    run.home = home
    return run


@pytest.fixture(scope="module")
def followed(shell):
    """Everything that the page says before `make`, done; what each block printed, in a checkout that is not new."""
    compile_libraries()
    return {block: shell(block) for block in COMMANDS if not MAKE.search(block)}


@python_runs
def test_every_command_works(followed):
    assert len(followed) >= 4
    failed = {block: ran.stdout for block, ran in followed.items() if ran.returncode != 0}
    assert failed == {}


@python_runs
def test_what_is_printed_is_what_the_page_says(followed, shell):
    told = [
        (one[1], other[1])
        for one, other in pairwise(BLOCKS)
        if (one[0], other[0]) == ("sh", "text")
    ]
    assert len(told) >= 3
    for block, expected in told:
        pattern = "".join(
            ".*" if part == "…" else re.escape(part) for part in re.split("(…)", expected.strip())
        )
        printed = followed[block].stdout.strip()
        assert re.fullmatch(pattern, printed, re.DOTALL), printed


def test_the_agent_it_writes_has_no_warning(followed, shell):
    verdict = compile_manifest(shell.home / "operations" / "agents" / "weather.yaml")
    assert (verdict.problems, verdict.warnings) == ((), ())


def test_what_it_adds_to_the_agent_and_to_the_page_is_taken(followed, shell):
    policy, secrets = [block for kind, block in BLOCKS if kind == "yaml"]
    written = shell.home / "operations" / "agents" / "weather.yaml"
    more = written.with_name("careful.yaml")
    more.write_text(written.read_text() + policy)
    verdict = compile_manifest(more)
    assert verdict.warnings == ()
    assert verdict.compiled()["actions"]["weather_now"]["approval"] == "always"
    import yaml

    page = {"stage": "dev", "launch": "live", "region": "eu-west-1", "model": {"name": "m"}}
    assert Page.model_validate({**page, **yaml.safe_load(secrets)}).secrets["WEATHER_KEY"].host


@pytest.mark.parametrize("command", [block.strip() for block in COMMANDS if MAKE.search(block)])
def test_make_takes_the_home_that_the_page_names(shell, command):
    """What the commands start is told in the stories; here, that they start it with this home."""
    ran = shell(command.replace("make ", "make --dry-run --no-print-directory ", 1))
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"(--home |--context home=)\S*operations", ran.stdout)


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
