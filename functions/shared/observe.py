"""The log and the metrics of every Lambda: short sentences with fields, business facts counted."""

from functools import cache

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Countersign"

TURNS = "Turns"
MODEL_FAILURES = "ModelFailures"
TOOL_CALLS_REFUSED = "ToolCallsRefused"
APPROVALS_ASKED = "ApprovalsAsked"
APPROVALS_DECIDED = "ApprovalsDecided"
APPROVALS_EXPIRED = "ApprovalsExpired"
APPROVALS_OVERDUE = "ApprovalsOverdue"
APPROVALS_UNSETTLED = "ApprovalsUnsettled"
INSTANCES_LAUNCHED = "InstancesLaunched"
OUTCOMES_UNKNOWN = "OutcomesUnknown"

logger = Logger()


@cache
def _metrics() -> Metrics:
    return Metrics(namespace=NAMESPACE)


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Write one figure to the log in CloudWatch's embedded metric format; each call is one line."""
    metrics = _metrics()
    for dimension, text in dimensions.items():
        metrics.add_dimension(name=dimension, value=text)
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()
