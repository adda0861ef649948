"""The business figures that rooms write into their logs, as alarms and dashboard read them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from functions.shared.observe import NAMESPACE
from infra.deployment import Deployment


def figure(
    deployment: Deployment,
    name: str,
    room: str,
    *,
    statistic: str,
    period: Duration,
    label: str | None = None,
) -> cloudwatch.Metric:
    """What a room of this stack writes under this name."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": deployment.function_name(room)},
        statistic=statistic,
        period=period,
        label=label,
    )
