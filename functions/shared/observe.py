"""The log and the metrics of every Lambda: short sentences with fields, business facts counted.

A line says which request it belongs to: in a room behind the API its own, everywhere else the one in which people
asked for what is done there. `countersign logs --request` follows it through all rooms.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Countersign"

TURNS = "Turns"
MODEL_FAILURES = "ModelFailures"
MODEL_ERRORS = "ModelErrors"
MODEL_TIME = "ModelTime"
MODEL_TOKENS = "ModelTokens"
TOOL_CALLS_REFUSED = "ToolCallsRefused"
BUDGETS_USED = "BudgetsUsed"
APPROVALS_ASKED = "ApprovalsAsked"
APPROVALS_DECIDED = "ApprovalsDecided"
APPROVALS_EXPIRED = "ApprovalsExpired"
APPROVALS_OVERDUE = "ApprovalsOverdue"
APPROVALS_UNSETTLED = "ApprovalsUnsettled"
APPROVALS_UNREACHABLE = "ApprovalsUnreachable"
TIME_TO_DECIDE = "TimeToDecide"
LAUNCHES_REFUSED = "LaunchesRefused"
LAUNCHES_SHADOWED = "LaunchesShadowed"
INSTANCES_LAUNCHED = "InstancesLaunched"
LAUNCHED_PRICE = "LaunchedPrice"
OUTCOMES_UNKNOWN = "OutcomesUnknown"
LEASES_OVERDUE = "LeasesOverdue"
LEASES_REFUSED = "LeasesRefused"
STRAYS_FOUND = "StraysFound"

REQUEST = "request_id"
ROUTE = "route"
REQUEST_CHARACTERS = 128

logger = Logger()


@cache
def _metrics() -> Metrics:
    return Metrics(namespace=NAMESPACE)


_KEYS_OF_ONE_REQUEST = (REQUEST, ROUTE, "conversation_id", "approval_id", "call_id")


def begin(context: Any, **keys: object) -> None:
    """Start a request's log: forget the keys of the one before, bind these and Lambda's own id."""
    logger.remove_keys(_KEYS_OF_ONE_REQUEST)
    logger.append_keys(function_request_id=getattr(context, "aws_request_id", ""), **keys)


def asked_in(request_id: str) -> None:
    """Bind the request in which people asked for what is done here; a request of the API keeps its own."""
    if ROUTE in logger.get_current_keys():
        return
    logger.remove_keys([REQUEST])
    if request_id:
        logger.append_keys(**{REQUEST: request_id[:REQUEST_CHARACTERS]})


def count(name: str, value: int = 1, **dimensions: str) -> None:
    """Write one figure to the log in CloudWatch's embedded metric format; each call is one line."""
    _write(name, value, MetricUnit.Count, dimensions)


def measure_seconds(name: str, seconds: float, **dimensions: str) -> None:
    """Write how long something took."""
    _write(name, round(seconds, 3), MetricUnit.Seconds, dimensions)


def measure_price(name: str, amount: float, *, currency: str) -> None:
    """Write what something costs in an hour."""
    _write(name, amount, MetricUnit.NoUnit, {"currency": currency})


def _write(name: str, value: float, unit: MetricUnit, dimensions: dict[str, str]) -> None:
    metrics = _metrics()
    try:
        for dimension, text in dimensions.items():
            metrics.add_dimension(name=dimension, value=text)
        metrics.add_metric(name=name, unit=unit, value=value)
        metrics.flush_metrics()
    finally:
        # Where metrics are switched off (POWERTOOLS_METRICS_DISABLED) flushing keeps what was added.
        metrics.clear_metrics()
