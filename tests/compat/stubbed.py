"""What stands in for the world around an action: a service that answers as told, and a case's secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.run_action.endpoint import endpoint_of
from functions.run_action.fetch import Allowance, Answer, Outgoing
from functions.run_action.secrets import Secret, for_another_host, missing

PREFIX = "SLASH_GPT_ENV_"


@dataclass
class StubbedFetch:
    """Answers every request alike, and remembers them."""

    status: int = 200
    text: str = ""
    sent: list[Outgoing] = field(default_factory=list)

    def __call__(self, outgoing: Outgoing, allowance: Allowance) -> Answer:
        endpoint_of(outgoing.url, allowance.hosts)
        self.sent.append(outgoing)
        return Answer(self.status, "", {"content-type": "application/json"}, self.text.encode())


@dataclass(frozen=True)
class GivenSecrets:
    """The secrets that an environment holds, by SlashGPT's names; `domain,key` is for that domain alone."""

    environment: Mapping[str, str]

    def read(self, name: str, host: str) -> Secret:
        value = self.environment.get(PREFIX + name) or self.environment.get(name)
        if not value:
            raise missing(name)
        domain, separator, key = value.partition(",")
        if separator and "," not in key:
            if domain != host:
                raise for_another_host(name)
            value = key
        return Secret(name, value)
