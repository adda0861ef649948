"""The last release is deployed, somebody asks, this checkout is deployed over it, and the request goes on."""

import io
import re
import subprocess
import tarfile
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from local.deployment import Cdk, StackWish, deploy
from local.model_choice import ModelChoice
from local.programs import ROOT
from tests.story.story import Story
from tests.story.test_launch import asks_for_an_instance

pytestmark = [pytest.mark.story, pytest.mark.exhaustive]

STACK = "Upgraded"
RELEASES = ROOT / "docs" / "releases.md"
TOOLS = (".venv", ".venv-emulator", "node_modules", "infra/node/node_modules", "build")
"""What a release shares with this checkout: programs, and what was built of equal pins."""


def last_release() -> str:
    """The commit of the newest line of docs/releases.md."""
    rows = re.findall(r"^\| [^|]+ \| ([0-9a-f]{7,40}) \|$", RELEASES.read_text(), re.MULTILINE)
    return str(rows[-1])


def git(*arguments: str) -> bytes:
    """What git says in this checkout; skips where it has no history."""
    ran = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True)
    if ran.returncode != 0:
        pytest.skip(f"no history here: git says {ran.stderr.decode().strip()[:120]}")
    return ran.stdout


@pytest.fixture
def earlier() -> Path:
    """The last release as it was, with this checkout's programs; where it lies is part of what is built of it."""
    commit = last_release()
    content = git("archive", commit)
    directory = ROOT / "build" / "releases" / commit
    if not directory.exists():
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as unfinished:
            release = Path(unfinished) / commit
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(release, filter="data")
            for tool in TOOLS:
                (release / tool).symlink_to(ROOT / tool)
            release.rename(directory)
    return directory


def test_a_request_that_waits_survives_an_upgrade_with_other_settings_and_is_launched_once(
    stacks, earlier, tmp_path
):
    with Story(stacks.release(STACK, earlier)) as story:
        turn = asks_for_an_instance(story, who="bob")
        approval = turn["approval"]["id"]
        seen = story.user("carol").sees_approval(approval, "pending")

        deploy(with_more_time(story), Cdk(tmp_path, story.aws.endpoint), print)

        after = story.user("carol").approval(approval)
        kept = ("status", "digest", "plan", "calls", "requester", "expires_at", "created_at")
        assert {name: after[name] for name in kept} == {name: seen[name] for name in kept}
        later = asks_for_an_instance(story)["approval"]["id"]
        assert seconds_open(story.user("carol").sees_approval(later, "pending")) > 650
        assert seconds_open(seen) < 650

        story.user("carol").approves(approval)
        story.user("carol").sees_closed(approval)
        assert len(story.launches(approval)) == 1
        assert len(story.instances(approval)) == 1
        story.user("bob").sees_turn(turn["conversation_id"], "completed")


def with_more_time(story: Story) -> StackWish:
    """The same stack by this checkout, where people have a minute longer."""
    return StackWish(
        stack=STACK,
        origin=story.url,
        endpoint=story.aws.endpoint,
        model=ModelChoice(
            name="test-model", base_url=story.model.base_url, key="none", label="test-model"
        ),
        channel="sns",
        approval_timeout_seconds=660,
        self_confirm=False,
        has_budgets=False,
    )


def seconds_open(approval: dict) -> float:
    """How long it was or is open at most."""
    times = (approval["expires_at"], approval["created_at"])
    end, start = (datetime.fromisoformat(time) for time in times)
    return (end - start).total_seconds()
