"""What stands in for the world around an action: a service that answers as told, and a case's secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.run_action.fetch import Allowance, Answer, Outgoing
from functions.run_action.secrets import Secret, missing

PREFIX = "SLASH_GPT_ENV_"


@dataclass
class StubbedFetch:
    """Answers every request alike, and remembers them."""

    status: int = 200
    text: str = ""
    sent: list[Outgoing] = field(default_factory=list)

    def __call__(self, outgoing: Outgoing, allowance: Allowance) -> Answer:  # noqa: ARG002
        self.sent.append(outgoing)
        return Answer(self.status, "", {"content-type": "application/json"}, self.text.encode())


@dataclass(frozen=True)
class GivenSecrets:
    """The secrets that an environment holds, by SlashGPT's names."""

    environment: Mapping[str, str]

    def read(self, name: str, host: str) -> Secret:  # noqa: ARG002
        value = self.environment.get(PREFIX + name) or self.environment.get(name)
        if not value:
            raise missing(name)
        return Secret(name, value)
