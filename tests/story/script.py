"""What a test writes for the model, and reads of what the model was asked."""

import httpx

KONDO = {"image_id": "ami-012261b9035f8f938", "instance_type": "t2.micro", "key_name": "kondo"}


class ModelScript:
    """The model's part in one test: answers are given in order, each once."""

    def __init__(self, server: str, claim: str) -> None:
        self._server = server
        self.claim = claim

    @property
    def base_url(self) -> str:
        """Where the stack finds its model."""
        return f"{self._server}/v1"

    def also_claims(self, text: str) -> "ModelScript":
        """A part of its own for conversations in which someone says this exact text."""
        return ModelScript(self._server, text)

    def says(self, text: str, **more: object) -> None:
        """The next answer is a text."""
        self.answers({"text": text, **more})

    def calls(self, name: str = "run_instances", arguments: object = None, **more: object) -> None:
        """The next answer is one tool call; `arguments` may be a raw string."""
        given = KONDO if arguments is None else arguments
        self.answers({"calls": [{"name": name, "arguments": given}], **more})

    def fails(self, status: int, **more: object) -> None:
        """The next answer is an HTTP error."""
        self.answers({"status": status, **more})

    def answers(self, *answers: dict) -> None:
        """The next answers, with `text`, `calls`, `status`, `raw`, `content_type`, `headers`,
        `delay`, `cut`, `drop`, `finish_reason`, or `last` for one that waits for the last word."""
        httpx.post(self._address(), json=answers, trust_env=False).raise_for_status()

    def requests(self) -> list[dict]:
        """The bodies of the requests it got."""
        return [received["body"] for received in self.received()]

    def received(self) -> list[dict]:
        """The requests it got, with their headers."""
        return httpx.get(self._address(), trust_env=False).raise_for_status().json()

    def _address(self) -> str:
        return f"{self._server}/scripts/{self.claim.encode().hex()}"
