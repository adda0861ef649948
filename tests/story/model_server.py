"""`python -m tests.story.model_server`: a Chat Completions server that says what tests have written.

A test opens a script under a claim, a piece of text. A request belongs to the script whose claim is
in one of its user messages, or else in its system message, so that tests do not disturb each other.
"""

import argparse
import json
import os
import sys
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Script:
    """What a claim's requests are answered, and what they were."""

    answers: deque = field(default_factory=deque)
    requests: list = field(default_factory=list)


class Scripts:
    """All open scripts."""

    def __init__(self) -> None:
        self._by_claim: dict[str, Script] = {}
        self._changing = threading.Lock()

    def at(self, claim: str) -> Script:
        with self._changing:
            return self._by_claim.setdefault(claim, Script())

    def answer(self, request: dict, headers: dict[str, str]) -> dict:
        """The next answer of the script that the request belongs to."""
        with self._changing:
            claims = self._claims_in(said_in(request, "user"))
            claims = claims or self._claims_in(said_in(request, "system"))
            if not claims:
                return {"status": 500, "raw": "no script claims this request"}
            script = self._by_claim[max(claims, key=len)]
            script.requests.append({"body": request, "headers": headers})
            if is_last_word(request) and not (script.answers and script.answers[0].get("last")):
                return {"text": f"Noted: {request['messages'][-1].get('content')}"}
            if not script.answers:
                return {"status": 500, "raw": "the script has no answer left"}
            return script.answers.popleft()

    def _claims_in(self, said: str) -> list[str]:
        return [claim for claim in self._by_claim if claim in said]


def said_in(request: dict, role: str) -> str:
    """All that somebody says in a request."""
    return " \n".join(
        message["content"]
        for message in request.get("messages", ())
        if message.get("role") == role and isinstance(message.get("content"), str)
    )


def is_last_word(request: dict) -> bool:
    """Whether nothing is asked but a closing sentence; answered unless a test writes `last`."""
    return request.get("tool_choice") == "none"


def completion(answer: dict, model: str) -> dict:
    """The body of a well-formed response."""
    calls = [
        {
            "id": call.get("id") or f"call_{uuid.uuid4().hex[:12]}",
            "type": "function",
            "function": {
                "name": call["name"],
                "arguments": call["arguments"]
                if isinstance(call["arguments"], str)
                else json.dumps(call["arguments"]),
            },
        }
        for call in answer.get("calls", ())
    ]
    message = {"role": "assistant", "content": answer.get("text")}
    if calls:
        message["tool_calls"] = calls
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": answer.get("finish_reason") or ("tool_calls" if calls else "stop"),
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


class Handler(BaseHTTPRequestHandler):
    """The protocol's one route, and the tests' own under `/scripts/`."""

    protocol_version = "HTTP/1.1"
    scripts = Scripts()

    def do_GET(self) -> None:  # noqa: N802
        if self.path.startswith("/scripts/"):
            self._send(200, json.dumps(self.scripts.at(self._claim()).requests).encode())
        else:
            self._send(404, b"{}")

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/scripts/"):
            self.scripts.at(self._claim()).answers.extend(json.loads(body))
            self._send(200, b"{}")
        elif self.path.endswith("/chat/completions"):
            request = json.loads(body)
            self._perform(self.scripts.answer(request, dict(self.headers)), request)
        else:
            self._send(404, b"{}")

    def _claim(self) -> str:
        return bytes.fromhex(self.path.removeprefix("/scripts/")).decode()

    def _perform(self, answer: dict, request: dict) -> None:
        time.sleep(answer.get("delay", 0))
        if answer.get("drop"):
            self.close_connection = True
            self.connection.close()
            return
        if "raw" in answer:
            content = answer["raw"].encode()
        elif answer.get("status", 200) >= 400:
            content = json.dumps({"error": {"message": answer.get("text", "no")}}).encode()
        else:
            content = json.dumps(completion(answer, request.get("model", ""))).encode()
        self._send(
            answer.get("status", 200),
            content,
            kind=answer.get("content_type", "application/json"),
            headers=answer.get("headers", {}),
            cut=answer.get("cut", False),
        )

    def _send(
        self,
        status: int,
        content: bytes,
        *,
        kind: str = "application/json",
        headers: dict | None = None,
        cut: bool = False,
    ) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


class Server(ThreadingHTTPServer):
    """Takes as many callers at once as tests bring."""

    daemon_threads = True
    request_queue_size = 128


def main(arguments: list[str]) -> None:
    """Serve on a free port, written to a file, while a process lives."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address-file", required=True)
    parser.add_argument("--while-process", type=int, required=True)
    chosen = parser.parse_args(arguments)
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    half = f"{chosen.address_file}.half"
    with open(half, "w") as file:  # noqa: PTH123
        file.write(f"http://127.0.0.1:{server.server_port}")
    os.replace(half, chosen.address_file)  # noqa: PTH105
    while True:
        try:
            os.kill(chosen.while_process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1:])
