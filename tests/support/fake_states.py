"""Step Functions as its callers see it: executions by name, task tokens, AWS's error codes."""

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


class ExecutionAlreadyExists(ClientError):
    pass


class ExecutionDoesNotExist(ClientError):
    pass


class _Exceptions:
    ExecutionAlreadyExists = ExecutionAlreadyExists
    ExecutionDoesNotExist = ExecutionDoesNotExist


def client_error(code: str, operation: str = "Operation", *, status: int = 400, message: str = ""):
    return ClientError(
        {
            "Error": {"Code": code, "Message": message or code},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        operation,
    )


@dataclass
class FakeStates:
    """`fail_with`, by operation, holds errors that the next requests are answered with."""

    exceptions = _Exceptions
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    answered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    fail_with: dict[str, list[Exception]] = field(default_factory=dict)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        self._fail("start_execution")
        if name in self.executions:
            raise ExecutionAlreadyExists(
                {"Error": {"Code": "ExecutionAlreadyExists", "Message": name}}, "StartExecution"
            )
        self.executions[name] = json.loads(input)
        self.statuses[name] = "RUNNING"
        arn = stateMachineArn.replace(":stateMachine:", ":execution:")
        return {"executionArn": f"{arn}:{name}"}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:
        self._fail("describe_execution")
        name = executionArn.rpartition(":")[2]
        if name not in self.statuses:
            raise ExecutionDoesNotExist(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": name}}, "DescribeExecution"
            )
        return {"status": self.statuses[name]}

    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, str]:
        """AWS answers a second SendTaskSuccess of one token with TaskTimedOut."""
        self._fail("send_task_success")
        if any(taskToken == token for token, _ in self.answered):
            raise client_error("TaskTimedOut", "SendTaskSuccess")
        self.answered.append((taskToken, json.loads(output)))
        return {}

    def _fail(self, operation: str) -> None:
        waiting = self.fail_with.get(operation)
        if waiting:
            raise waiting.pop(0)
