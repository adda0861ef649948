"""What people do, as events: they look, they act, and after a failure they try again, as people do."""

from collections.abc import Callable
from typing import Any

from tests.support.gateway import Answer
from tests.sweeps.world import World

TRIES = 40
AGAIN_SECONDS = 20
FINAL = (400, 403, 404, 409, 410, 422)


def says(
    world: World,
    text: str,
    *,
    by: str = "alice",
    after: float = 0,
    conversation: str | None = None,
    key: str = "",
) -> dict[str, Any]:
    """A message under an idempotency key, sent until it has its answer; what became of it."""
    is_the_same = bool(key)
    key = key or f"key-{len(world.messages)}"
    sent: dict[str, Any] = {"text": text, "by": by, "answer": None, "conversation": conversation}
    if not is_the_same:
        world.messages.append(sent)

    def attempt() -> bool:
        body = {"message": text}
        if conversation:
            body["conversation_id"] = conversation
        answer = world.http("POST /chat", by=by, body=body, headers={"idempotency-key": key})
        if answer.status in (200, 202):
            sent["answer"] = answer.json
            sent["conversation"] = answer.json["conversation_id"]
        return answer.status == 200

    _until(world, f"{by} says {text}", attempt, after)
    return sent


def decides(
    world: World,
    asked: dict[str, Any],
    decision: str,
    *,
    by: str = "carol",
    after: float = 30,
    rejected: int = 0,
    tries: int = TRIES,
) -> list[Answer]:
    """Looks at the page until it can be decided, then decides what it shows; `rejected` calls differently."""
    answers: list[Answer] = []

    def attempt() -> bool:
        approval_id = approval_of(world, asked)
        if approval_id is None:
            return False
        page = world.http("GET /approvals/{approval_id}", by=by, approval_id=approval_id)
        if page.status != 200 or page.json["status"] == "preparing":
            return False
        shown = page.json
        world.shown[shown["digest"]] = shown
        body = {"decision": decision, "digest": shown["digest"], "reason": "as agreed"}
        if rejected:
            calls = [one["id"] for one in shown["calls"]][:rejected]
            body["calls"] = [{"id": one, "decision": "reject"} for one in calls]
        answer = world.http(
            "POST /approvals/{approval_id}/decision", by=by, body=body, approval_id=approval_id
        )
        answers.append(answer)
        world.votes.append((approval_id, by, decision, answer.status))
        return answer.status in (200, *FINAL)

    _until(world, f"{by} would {decision}", attempt, after, tries)
    return answers


def cancels(
    world: World, asked: dict[str, Any], *, by: str = "alice", after: float = 30
) -> list[Answer]:
    answers: list[Answer] = []

    def attempt() -> bool:
        approval_id = approval_of(world, asked)
        if approval_id is None:
            return False
        answer = world.http(
            "POST /approvals/{approval_id}/cancel", by=by, body={}, approval_id=approval_id
        )
        answers.append(answer)
        return answer.status in (200, *FINAL)

    _until(world, f"{by} takes it back", attempt, after)
    return answers


def approval_of(world: World, asked: dict[str, Any]) -> str | None:
    """The approval that a message led to; where the turn went on in the background, its owner looks."""
    answer = asked["answer"]
    if answer is None:
        return None
    if answer["status"] == "working":
        page = world.http(
            "GET /conversations/{conversation_id}",
            by=asked["by"],
            conversation_id=asked["conversation"],
        )
        if page.status != 200:
            return None
        answer = page.json["turns"][answer["turn"] - 1]
    approval = answer.get("approval")
    return str(approval["id"]) if approval else None


def _until(
    world: World, what: str, attempt: Callable[[], bool], after: float, tries: int = TRIES
) -> None:
    def act(left: int = tries) -> None:
        if not attempt() and left > 1:
            world.engine.at(AGAIN_SECONDS, what, lambda: act(left - 1))

    world.engine.at(after, what, act)
