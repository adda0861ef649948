"""A story with the agents of the gallery: its service outside, and its manifests on the operator's disk."""

from pathlib import Path
from typing import Any

import httpx

from tests.story.stacks import Gallery
from tests.story.story import Person, Story

RELOAD_SECONDS = 180.0
"""Synthesis and deployment, on a machine that does other things too."""


class GalleryStory(Story):
    """One test's view of the gallery's stack."""

    def __init__(self, gallery: Gallery) -> None:
        super().__init__(gallery.stack)
        self._gallery = gallery
        self.agents: Path = gallery.home / "agents"

    def asks(self, person: Person, agent: str, message: str) -> dict:
        """The first turn of a conversation with an agent."""
        answer = person.sends(f"{message} {self.mark}", body={"agent": agent})
        assert answer.status_code in (200, 202), (answer.status_code, answer.text)
        return answer.json()

    def outside_answers(self, mark: str, text: str = "{}", **more: Any) -> None:
        """What requests with this mark are answered: `status`, `headers`, `gather` so many at once."""
        self._outside("POST", mark, {"text": text, **more})

    def outside_requests(self, mark: str) -> list[dict]:
        """The requests with this mark."""
        return self._outside("GET", mark)["requests"]

    def outside_at_once(self, mark: str) -> int:
        """How many requests with this mark were there at once, at most."""
        return self._outside("GET", mark)["most"]

    def printed(self) -> str:
        """What the laptop run has printed so far."""
        return self._gallery.stack.output.read_text()

    def until_printed(self, words: str, times: int) -> str:
        """What it has printed, as soon as these words stand there so often."""
        return self.until(self.printed, lambda said: said.count(words) >= times, RELOAD_SECONDS)

    def _outside(self, method: str, mark: str, body: dict | None = None) -> dict:
        address = f"{self._gallery.outside}/_outside/{mark.encode().hex()}"
        return httpx.request(method, address, json=body, trust_env=False).raise_for_status().json()
