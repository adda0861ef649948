"""A story with agents that run Python: files up, pictures and the notebook down, and the sandbox's processes."""

import gzip
import json
import os
import signal
from pathlib import Path

import httpx

from tests.story.story import Person, Story

CSV = b"city,people\nOslo,700\nBergen,290\nTromso,77\n"
HEAD = "     city  people\n0    Oslo     700\n1  Bergen     290\n2  Tromso      77"
LOAD = ("import pandas as pd", "df = pd.read_csv('cities.csv')", "df.head()")
PLOT = ("import matplotlib.pyplot as plt", "df.plot(x='city', y='people')", "plt.show()")
BACKGROUND_SECONDS = 90.0
"""A first try within a turn's time, and the whole run after it, on a machine that does other things too."""


def runs(*lines: str, query: str = "look") -> dict:
    """A model's answer that runs these lines in the notebook."""
    arguments = {"code": list(lines), "query": query}
    return {"calls": [{"name": "run_python_code", "arguments": arguments}]}


class PythonStory(Story):
    """One test's view of the stack whose agents run Python."""

    def asks(self, person: Person, message: str, agent: str = "analyst", conversation="") -> dict:
        """A turn with an agent; in a conversation that is known without the mark, but for its first turn."""
        answer = person.sends(f"{message} {self.mark}", conversation, body={"agent": agent})
        assert answer.status_code in (200, 202), (answer.status_code, answer.text)
        return answer.json()

    def runs(self, person: Person, *lines: str, conversation: str = "", agent="analyst") -> dict:
        """The call of a turn in which the model runs these lines and says that it did."""
        self.model.answers(runs(*lines), {"text": "Done."})
        turn = self.asks(person, "Look", agent, conversation)
        conversation = turn["conversation_id"]
        if turn["status"] == "working":
            turn = person.sees_turn(conversation, "completed", BACKGROUND_SECONDS)
        [call] = turn["tool_calls"]
        return {**call, "conversation_id": conversation}

    def uploads(self, person: Person, name="cities.csv", content=CSV, conversation="new") -> dict:
        """A file that is taken, sent as the chat page sends it."""
        answer = self.puts(person, name, content, conversation)
        assert answer.status_code == 201, (answer.status_code, answer.text)
        return answer.json()

    @staticmethod
    def puts(person: Person, name: str, content: bytes, conversation: str) -> httpx.Response:
        """An upload as it is answered."""
        return person.request(
            "PUT",
            f"/conversations/{conversation}/files/{name}",
            content=gzip.compress(content),
            headers={"Content-Type": "application/gzip"},
        )

    def served(self, conversation_id: str) -> list[dict]:
        """Which processes of the sandbox have served a conversation, by what its room was asked to log."""
        address = f"{self._stack.ready['emulator']}/_countersign/lambda/tenants"
        told = httpx.get(address, trust_env=False).raise_for_status().json()["served"]
        owners = {self.user(name).sub for name in ("alice", "bob", "carol", "dana")}
        tenants = {tenant_of(owner, conversation_id) for owner in owners}
        own = self.outputs["RunCodeFunction"]
        return [one for one in told if one["function"] == own and one["tenant"] in tenants]

    def kill_sandbox(self, conversation_id: str) -> int:
        """End the process that keeps a conversation's sandbox, as Lambda may at any time; its number."""
        process = self.served(conversation_id)[-1]["process"]
        named = Path(f"/proc/{process}/cmdline").read_bytes()
        assert b"functions.run_code.handler.handler" in named, named
        os.kill(process, signal.SIGKILL)
        return process

    def stored(self, conversation_id: str) -> list[str]:
        """What the bucket holds of a conversation."""
        bucket = self.outputs["NotebooksBucket"]
        pages = self.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
        return [key for key in keys if conversation_id in key]

    def results(self, request: int = -1) -> list[str]:
        """The results that the model was sent in one of its requests, in their order."""
        messages = self.model.requests()[request]["messages"]
        return [message["content"] for message in messages if message["role"] == "tool"]


def tenant_of(owner: str, conversation_id: str) -> str:
    """The name under which Lambda knows a conversation."""
    from hashlib import sha256

    return sha256(f"{owner}\n{conversation_id}".encode()).hexdigest()


def code_of(call: dict) -> list[str]:
    """The lines that a call of the model held."""
    arguments = call["arguments"]
    return (json.loads(arguments) if isinstance(arguments, str) else arguments)["code"]
