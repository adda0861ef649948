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
    rehearsals: list[dict[str, Any]] = field(default_factory=list)
    rehearsal_faults: list[Exception] = field(default_factory=list)
    launched: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    ends: list[tuple[str, str]] = field(default_factory=list)
    """What was stopped and terminated, in order; refused requests too."""
    end_faults: list[Exception | Lost] = field(default_factory=list)

    def run_instances(self, **request: Any) -> dict[str, Any]:
        if request.get("DryRun"):
            return self._rehearsed(request)
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
            answer = self.client.run_instances(**_as_moto_takes_it(request))
            self.launched[token] = (request, answer)
        if fault is not None:
            raise fault.error
        return answer

    def _rehearsed(self, request: dict[str, Any]) -> dict[str, Any]:
        """A DryRun always ends in an error: this one, where AWS would take the launch."""
        self.rehearsals.append(request)
        if self.rehearsal_faults:
            raise self.rehearsal_faults.pop(0)
        raise client_error("DryRunOperation", "RunInstances", status=412)

    def stop_instances(self, **request: Any) -> dict[str, Any]:
        return self._end("stop_instances", request)

    def terminate_instances(self, **request: Any) -> dict[str, Any]:
        return self._end("terminate_instances", request)

    def _end(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if request.get("DryRun"):
            return self._rehearsed(request)
        [instance_id] = request["InstanceIds"]
        self.ends.append((operation.removesuffix("_instances"), instance_id))
        fault = self.end_faults.pop(0) if self.end_faults else None
        if isinstance(fault, Exception):
            raise fault
        answer: dict[str, Any] = getattr(self.client, operation)(**request)
        if fault is not None:
            raise fault.error
        return answer

    def describe_instances(self, **request: Any) -> dict[str, Any]:
        """As moto does; and by client token, which moto does not know."""
        filters = request.get("Filters", ())
        if not any(one["Name"] == "client-token" for one in filters):
            return self.client.describe_instances(**request)
        tokens = {
            value for one in filters if one["Name"] == "client-token" for value in one["Values"]
        }
        found = [
            {**instance, "ClientToken": token}
            for token in tokens & self.launched.keys()
            for instance in self.launched[token][1]["Instances"]
        ]
        return {"Reservations": [{"Instances": found}] if found else []}

    def describe_images(self, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.describe_images(**request)
        return answer

    def instances(self) -> list[dict[str, Any]]:
        """What runs, as AWS itself tells it."""
        pages = self.client.describe_instances()["Reservations"]
        return [instance for page in pages for instance in page["Instances"]]


def _as_moto_takes_it(request: dict[str, Any]) -> dict[str, Any]:
    """moto knows no disk of an image's own: it wants a size with each."""
    return {name: value for name, value in request.items() if name != "BlockDeviceMappings"}
