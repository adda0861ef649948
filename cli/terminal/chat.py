"""One message and what becomes of it: the answer, the wait for a countersignature, the outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cli.terminal.failures import DONE, EXPIRED, FAILED, PENDING, REJECTED, CommandFailed
from cli.terminal.leave import Leave
from cli.terminal.screen import Screen
from cli.terminal.service import Answer, Service

LOOK_SECONDS = 2.0
"""How often a wait looks again."""
OPEN = frozenset({"preparing", "pending"})
STATUS_OF = {"rejected": REJECTED, "expired": EXPIRED, "preparing": PENDING, "pending": PENDING}
"""What an approval's status is to a shell; what was approved depends on its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talking:
    """What a dialogue works with."""

    service: Service
    screen: Screen
    confirm: Callable[[Answer], bool]
    """Asks whoever sits here to countersign an approval of their own, where the operator allows that."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    local: str = ""
    """The laptop run's person, so that the command that goes on names them; empty: the session that is kept."""

    def say(self, message: str, *, conversation_id: str | None, agent: str | None) -> Answer:
        """The turn's first full answer; waits while it goes on in the background."""
        with self.screen.waiting("Thinking…"):
            turn = self.service.chat(message, conversation_id=conversation_id, agent=agent)
        return self._worked(turn)

    def show(self, turn: Mapping[str, Any]) -> None:
        """The turn for whoever reads: calls that ran, the notice, the reply."""
        screen = self.screen
        screen.tell({"turn": dict(turn)})
        for call in turn.get("tool_calls", ()):
            if call["status"] not in ("waiting", "refused"):
                screen.say(f"[{call['name']}: {call['status']}]", "dim")
        if turn.get("notice"):
            screen.say(str(turn["notice"]), "warning")
        if turn.get("reply"):
            screen.say(str(turn["reply"]))

    def outcome(self, turn: Answer) -> Answer:
        """Wait until the request of a turn is over; Ctrl-C leaves the wait, and nothing else."""
        with self.screen.waiting(self._waits_for(turn)) as wait, Leave() as leave:
            while turn["status"] == "awaiting_approval":
                leave.wait(LOOK_SECONDS)
                turn = self._again(turn)
                wait.now(self._waits_for(turn))
        return turn

    def settle(self, turn: Answer, *, wait: bool) -> tuple[Answer, int]:
        """The turn after its request, where there is one and somebody waits for it, and the exit status."""
        if turn["status"] == "awaiting_approval":
            turn = self._decided_here(turn)
        if turn["status"] == "awaiting_approval" and wait:
            turn = self.outcome(turn)
            self.show(turn)
        return turn, exit_status(turn)

    def _decided_here(self, turn: Answer) -> Answer:
        """With `self_confirm` one person alone may go on."""
        approval_id = (turn.get("approval") or {}).get("id")
        if not approval_id or not self.screen.is_terminal:
            return turn
        approval = self._opened(approval_id)
        if approval is None or not approval["can_decide"]:
            return turn
        decision = "approve" if self.confirm(approval) else "reject"
        self.service.decide(approval_id, decision=decision, digest=approval["digest"])
        turn = self.outcome(turn)
        self.show(turn)
        return turn

    def _opened(self, approval_id: str) -> Answer | None:
        """The request once people may decide it; None where it ended before."""
        with self.screen.waiting("It is being checked…"), Leave() as leave:
            while True:
                approval = self.service.approval(approval_id)
                if approval["status"] != "preparing":
                    return approval if approval["status"] == "pending" else None
                leave.wait(LOOK_SECONDS)

    def _worked(self, turn: Answer) -> Answer:
        with self.screen.waiting("This takes a little longer…"), Leave() as leave:
            while turn["status"] == "working":
                leave.wait(LOOK_SECONDS)
                turn = self._again(turn)
        if turn["status"] == "failed":
            error = turn.get("error") or {}
            raise CommandFailed(str(error.get("detail") or "The turn failed."))
        return turn

    def _again(self, turn: Mapping[str, Any]) -> Answer:
        """The same turn as it stands now."""
        page = self.service.conversation(turn["conversation_id"], limit=20)
        found = [one for one in page["turns"] if one["turn"] == turn["turn"]]
        if not found:
            raise CommandFailed("The conversation went on elsewhere; look at it there.")
        return dict(found[0])

    def _waits_for(self, turn: Mapping[str, Any]) -> str:
        approval = turn.get("approval") or {}
        if approval.get("status") not in OPEN:
            return "It is being carried out…"
        names = ", ".join(one["name"] for one in approval.get("deciders") or ())
        who = f"Waiting for {names}" if names else "It is being checked"
        left = time_left(approval.get("expires_at"), self.clock())
        return f"{who}{f' · {left} left' if left else ''} · Ctrl-C leaves, the request stays"


def exit_status(turn: Mapping[str, Any]) -> int:
    """What the shell is told of a turn."""
    approval = turn.get("approval")
    if approval is None:
        return DONE if turn["status"] == "completed" else FAILED
    if turn["status"] == "awaiting_approval":
        return PENDING
    if approval["status"] != "approved":
        return STATUS_OF.get(approval["status"], FAILED)
    outcomes = {call["status"] for call in turn["tool_calls"]} - {"refused", "waiting"}
    return DONE if outcomes <= {"succeeded"} else FAILED


def time_left(expires_at: str | None, now: datetime) -> str:
    """`59:12`, or hours where there are many; empty where nothing ends."""
    if not expires_at:
        return ""
    ends = datetime.fromisoformat(expires_at.replace("Z", "+00:00"))
    seconds = max(0, int((ends - now).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    return (
        f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 120 else f"{minutes}:{seconds:02}"
    )
