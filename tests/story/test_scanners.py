"""Links opened by programs, over HTTP: nothing is written, nothing is decided, nothing breaks."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.story.test_launch import asks_for_an_instance
from tests.support.scanners import SCANNERS, link_variants, mutated_ids

pytestmark = [pytest.mark.story, pytest.mark.exhaustive]

REQUESTS = 1_000
MUTATED = 200


@pytest.fixture
def waiting(story):
    """An approval that waits for people, as its readers see it; the opening has written its last mark."""
    approval = asks_for_an_instance(story)["approval"]["id"]
    story.until(lambda: story.rows.approval(approval), lambda row: row.get("notified"))
    return story.user("bob").sees_approval(approval, "pending")


def stored(story, approval_id):
    """Every item of the approval, in each table."""
    return [
        item
        for table in ("ApprovalsTable", "AuditTable")
        for item in story.table(table)
        if item["pk"]["S"] == approval_id
    ]


def statuses_of(story, requests):
    """How often each status was answered, eight requests at a time."""

    def send(client, request):
        method, target, headers = request
        return client.request(method, target, headers=headers).status_code

    with (
        httpx.Client(base_url=story.url, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(8) as workers,
    ):
        return Counter(workers.map(lambda request: send(client, request), requests))


def test_a1_a_thousand_requests_of_twenty_scanners_change_nothing(story, waiting):
    before = stored(story, waiting["id"])
    variants = itertools.cycle(link_variants(waiting["id"]))
    scanners = itertools.cycle(SCANNERS)
    bob = {"Authorization": f"Bearer {story.user('bob').token}"}
    requests = [
        (method, target, {**headers, "User-Agent": scanner, **(bob if number % 7 == 0 else {})})
        for number, (method, target, headers), scanner in zip(
            range(REQUESTS), variants, scanners, strict=False
        )
    ]
    statuses = statuses_of(story, requests)
    assert statuses.total() == REQUESTS
    # The emulator's gateway refuses OPTIONS itself where no CORS is set; AWS's passes it on.
    assert set(statuses) <= {200, 204, 304, 401, 404, 405} | {403}
    assert statuses[403] <= sum(method == "OPTIONS" for method, *_ in requests)
    assert stored(story, waiting["id"]) == before
    assert story.user("bob").approval(waiting["id"]) == waiting
    assert story.launches(waiting["id"]) == []


def test_a8_mutated_links_find_nothing_and_change_nothing(story, waiting):
    before = stored(story, waiting["id"])
    bob = {"Authorization": f"Bearer {story.user('bob').token}"}
    mutated = list(dict.fromkeys(mutated_ids(waiting["id"])))[:: 1000 // MUTATED][:MUTATED]
    addresses = [("GET", f"/approvals/{spelling}", bob) for spelling in mutated]
    statuses = statuses_of(story, addresses)
    assert statuses.total() == MUTATED
    assert set(statuses) <= {400, 404}
    assert stored(story, waiting["id"]) == before
