"""AWS as the rooms' SDK clients see it: moto where it is faithful, small fakes where it is not, all behind the gate."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.client
from botocore.exceptions import ReadTimeoutError

from tests.sweeps import dynamodb
from tests.sweeps.ec2 import FaithfulEc2
from tests.sweeps.gate import Gate
from tests.sweeps.small_services import Facts, Kms, Parameters

over_http = botocore.client.BaseClient._make_api_call


def client_error(client: Any, operation: str, code: str, message: str = "", **more: Any) -> Any:
    """An error as this client raises it: its own exception class where it has one."""
    kind = client.exceptions.from_code(code)
    status = more.pop("status", 400)
    response = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return kind(response, operation)


@dataclass(frozen=True)
class SdkErrors:
    client: Any
    operation: str
    items: int = 0
    """Of a transaction."""

    def throttled(self) -> Exception:
        service = self.client.meta.service_model.service_name
        code = {
            "dynamodb": "ThrottlingException",
            "ec2": "RequestLimitExceeded",
            "lambda": "TooManyRequestsException",
        }.get(service, "ThrottlingException")
        return client_error(
            self.client, self.operation, code, status=503 if service == "ec2" else 400
        )

    def timed_out(self) -> Exception:
        return ReadTimeoutError(endpoint_url="https://aws.example")

    def conflict(self) -> Exception | None:
        if not self.items:
            return None
        reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (self.items - 1)]
        return client_error(
            self.client,
            self.operation,
            "TransactionCanceledException",
            CancellationReasons=reasons,
        )


@dataclass
class Aws:
    """One account; `states` and `invoke` are the engine's."""

    gate: Gate
    ec2: FaithfulEc2
    kms: Kms = field(default_factory=Kms)
    parameters: Parameters = field(default_factory=Parameters)
    facts: Facts = field(default_factory=Facts)
    mails: list[tuple[str, str, str]] = field(default_factory=list)
    """To whom, subject, text: in the order they were handed over."""
    dynamodb: Callable[..., Any] = dynamodb.answered
    """Or `over_http`, which is slower."""
    states: Any = None
    invoke: Callable[[str, Mapping[str, Any]], None] = lambda *_: None
    sent: list[str] = field(default_factory=list)
    """Parameters of calls that may never carry a secret, as text."""
    _transactions: dict[str, str] = field(default_factory=dict)

    def call(self, client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        """In place of BaseClient._make_api_call."""
        service = client.meta.service_model.service_name
        if operation == "TransactWriteItems":
            parameters = {"ClientRequestToken": uuid.uuid4().hex, **parameters}
        return self.gate.through(
            f"{service}.{operation}",
            lambda: self._perform(client, service, operation, parameters),
            SdkErrors(client, operation, len(parameters.get("TransactItems", ()))),
        )

    def _perform(self, client: Any, service: str, operation: str, parameters: Any) -> Any:
        def fail(code: str, message: str = "", **more: Any) -> Any:
            raise client_error(client, operation, code, message, **more)

        match service:
            case "dynamodb":
                if operation == "TransactWriteItems":
                    return self._transact(client, parameters, fail)
                return self.dynamodb(client, operation, parameters)
            case "stepfunctions":
                return self.states.sdk(operation, parameters, fail)
            case "ec2":
                return self.ec2.sdk(operation, parameters, fail)
            case "kms":
                return self.kms.sdk(operation, parameters, fail)
            case "ssm":
                return self.parameters.sdk(operation, parameters, fail)
            case "lambda":
                self.invoke(parameters["FunctionName"], json.loads(parameters["Payload"]))
                return {"StatusCode": 202}
            case "sns":
                to = parameters["MessageAttributes"]["recipient"]["StringValue"]
                self.mails.append((to, parameters["Subject"], parameters["Message"]))
                return {"MessageId": uuid.uuid4().hex}
            case "pricing" | "service-quotas" | "iam":
                return self.facts.sdk(operation, parameters, fail)
            case "sts" if operation == "AssumeRole":
                self.sent.append(json.dumps(parameters))
                keys = {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c"}
                return {"Credentials": keys}
        return over_http(client, operation, parameters)

    def _transact(self, client: Any, parameters: dict[str, Any], fail: Any) -> Any:
        """The same token within ten minutes is the same transaction, done once; moto would do it again."""
        token = parameters["ClientRequestToken"]
        text = json.dumps(parameters, sort_keys=True, default=str)
        if token in self._transactions:
            if self._transactions[token] != text:
                fail("IdempotentParameterMismatchException")
            return {}
        answer = self.dynamodb(client, "TransactWriteItems", parameters)
        self._transactions[token] = text
        return answer


def kept_client(service: str, **more: Any) -> Any:
    """In place of boto3.client: making one anew takes longer than all its calls."""
    key = (service, more.get("region_name"))
    if key not in _clients:
        _clients[key] = _make(service, **more)
    return _clients[key]


_make = boto3.client
_clients: dict[Any, Any] = {}
