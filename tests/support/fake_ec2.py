"""EC2 with the promise of ClientToken, which moto lacks: the same token launches once, other parameters are refused."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_states import client_error


@dataclass(frozen=True)
class Lost:
    """The request is carried out, and its answer is lost."""

    error: Exception


@dataclass
class FakeEc2:
    """Wraps moto's client. `faults` are used up one per launch: an error is answered instead, `Lost` afterwards."""

    client: Any
    faults: list[Exception | Lost] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    launched: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)

    def run_instances(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        token = request["ClientToken"]
        if token in self.launched:
            earlier, answer = self.launched[token]
            if earlier != request:
                raise client_error("IdempotentParameterMismatch", "RunInstances")
        else:
            answer = self.client.run_instances(**request)
            self.launched[token] = (request, answer)
        if fault is not None:
            raise fault.error
        return answer

    def describe_instances(self, *, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        """Only the filter by client token, which moto does not know."""
        tokens = {
            value for one in Filters if one["Name"] == "client-token" for value in one["Values"]
        }
        found = [
            {**instance, "ClientToken": token}
            for token in tokens & self.launched.keys()
            for instance in self.launched[token][1]["Instances"]
        ]
        return {"Reservations": [{"Instances": found}] if found else []}

    def instances(self) -> list[dict[str, Any]]:
        """What runs, as AWS itself tells it."""
        pages = self.client.describe_instances()["Reservations"]
        return [instance for page in pages for instance in page["Instances"]]
