"""The log and the metrics of every Lambda: short sentences with fields, business facts counted."""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Countersign"

TURNS = "Turns"
MODEL_FAILURES = "ModelFailures"
TOOL_CALLS_REFUSED = "ToolCallsRefused"
BUDGETS_USED = "BudgetsUsed"
APPROVALS_ASKED = "ApprovalsAsked"
APPROVALS_DECIDED = "ApprovalsDecided"
APPROVALS_EXPIRED = "ApprovalsExpired"
APPROVALS_OVERDUE = "ApprovalsOverdue"
APPROVALS_UNSETTLED = "ApprovalsUnsettled"
APPROVALS_UNREACHABLE = "ApprovalsUnreachable"
LAUNCHES_REFUSED = "LaunchesRefused"
INSTANCES_LAUNCHED = "InstancesLaunched"
OUTCOMES_UNKNOWN = "OutcomesUnknown"
LEASES_OVERDUE = "LeasesOverdue"
LEASES_REFUSED = "LeasesRefused"
STRAYS_FOUND = "StraysFound"

logger = Logger()


@cache
def _metrics() -> Metrics:
    return Metrics(namespace=NAMESPACE)


_KEYS_OF_ONE_REQUEST = ("request_id", "route", "conversation_id", "approval_id", "call_id")


def begin(context: Any, **keys: object) -> None:
    """Start a request's log: forget the keys of the one before, bind these and Lambda's own id."""
    logger.remove_keys(_KEYS_OF_ONE_REQUEST)
    logger.append_keys(function_request_id=getattr(context, "aws_request_id", ""), **keys)


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Write one figure to the log in CloudWatch's embedded metric format; each call is one line."""
    metrics = _metrics()
    for dimension, text in dimensions.items():
        metrics.add_dimension(name=dimension, value=text)
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()
