"""A Chat Completions service on a thread of this process, with the faults of real ones."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest

from tests.story.model_server import Handler, Scripts, Server, completion


class ModelService:
    """Answers as queued (see tests/story/model_server.py; also `hang` and `drip`), and keeps every request."""

    def __init__(self, scripts: Scripts) -> None:
        self._script = scripts.at("")

    def answers(self, *answers: dict[str, Any]) -> None:
        self._script.answers.extend(answers)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request["body"] for request in self._script.requests]

    @property
    def headers(self) -> list[dict[str, str]]:
        """Names in lower case."""
        return [
            {name.lower(): value for name, value in request["headers"].items()}
            for request in self._script.requests
        ]


@contextmanager
def model_service() -> Iterator[ModelService]:
    """The service, and `OPENAI_BASE_URL` pointing at it; clients made meanwhile are closed at the end."""
    over = threading.Event()
    scripts = Scripts()

    class Faulty(Handler):
        def _perform(self, answer: dict[str, Any], request: dict[str, Any]) -> None:
            if answer.get("hang"):
                over.wait()
                self.close_connection = True
            elif answer.get("drip"):
                self._drip(json.dumps(completion({"text": "never whole"}, "m")).encode())
            else:
                super()._perform(answer, request)

        def _drip(self, content: bytes) -> None:
            """A byte every few milliseconds: each read is in time, the whole never is."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            for byte in content[:-1]:
                try:
                    self.wfile.write(bytes([byte]))
                except OSError:
                    break
                if over.wait(0.02):
                    break
            self.close_connection = True

    Faulty.scripts = scripts
    server = Server(("127.0.0.1", 0), Faulty)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made: list[openai.OpenAI] = []
    make = openai.OpenAI

    def kept(**options: Any) -> openai.OpenAI:
        made.append(make(**options))
        return made[-1]

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(openai, "OpenAI", kept)
            patch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
            yield ModelService(scripts)
    finally:
        over.set()
        for client in made:
            client.close()
        server.shutdown()
        server.server_close()
        thread.join()
