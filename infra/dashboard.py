"""The operator's dashboard: what people ask for, what becomes of it, how the model does, what it costs.

Every figure is written by a room into its log (functions/shared/observe.py); a figure with a dimension of its own,
such as the model's name, is found by a search, so that a new name needs no deploy.
"""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from functions.shared import observe
from infra.chat import CONTINUE_TURN
from infra.deployment import Deployment
from infra.figures import figure

CHAT = "chat"
PERIOD = Duration.minutes(5)
WIDTH = 8
HEIGHT = 6


class Dashboard(Construct):
    """Three columns: turns and model, approvals, launches and cost."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self._deployment = deployment
        page = deployment.page
        self.name = f"{page.stack}-{page.region}"
        dashboard = cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=self.name, default_interval=Duration.days(1)
        )
        dashboard.add_widgets(
            self._sums("Turns", [(observe.TURNS, CHAT), (observe.BUDGETS_USED, CHAT)]),
            self._sums(
                "Approvals asked for",
                [(observe.APPROVALS_ASKED, room) for room in (CHAT, CONTINUE_TURN)],
            ),
            self._sums(
                "Launches",
                [
                    (observe.INSTANCES_LAUNCHED, "launch_instance"),
                    (observe.LAUNCHES_SHADOWED, "launch_instance"),
                    (observe.LAUNCHES_REFUSED, "launch_instance"),
                    (observe.OUTCOMES_UNKNOWN, "record_outcome"),
                ],
            ),
        )
        dashboard.add_widgets(
            self._searched("Model, time of 9 in 10 answers", observe.MODEL_TIME, "model", "p90"),
            self._searched(
                "Approvals decided",
                observe.APPROVALS_DECIDED,
                "decision",
                rooms=["decide_approval"],
            ),
            self._searched(
                "Price of what was launched, for an hour",
                observe.LAUNCHED_PRICE,
                "currency",
                rooms=["launch_instance"],
            ),
        )
        dashboard.add_widgets(
            self._searched("Model, failures by kind", observe.MODEL_FAILURES, "code"),
            self._sums(
                "Approvals that nobody decided",
                [
                    (observe.APPROVALS_EXPIRED, "decide_approval"),
                    (observe.APPROVALS_UNREACHABLE, "request_approval"),
                ],
            ),
            self._searched("Model, tokens", observe.MODEL_TOKENS, "model"),
        )
        dashboard.add_widgets(
            self._searched(
                "Model, calls that were refused by model", observe.TOOL_CALLS_REFUSED, "model"
            ),
            self._graph(
                "Time to decide",
                [
                    self._metric(observe.TIME_TO_DECIDE, "decide_approval", statistic)
                    for statistic in ("p50", "p90")
                ],
            ),
            self._sums(
                "Leases and strays",
                [
                    (observe.LEASES_OVERDUE, "sweep"),
                    (observe.LEASES_REFUSED, "end_lease"),
                    (observe.STRAYS_FOUND, "end_lease"),
                ],
                statistic="Maximum",
            ),
        )

    def _sums(
        self, title: str, figures: Sequence[tuple[str, str]], *, statistic: str = "Sum"
    ) -> cloudwatch.GraphWidget:
        """Figures by the room that writes each."""
        return self._graph(title, [self._metric(name, room, statistic) for name, room in figures])

    def _metric(self, name: str, room: str, statistic: str) -> cloudwatch.Metric:
        return figure(
            self._deployment,
            name,
            room,
            statistic=statistic,
            period=PERIOD,
            label=f"{name} {room}" if statistic in ("Sum", "Maximum") else f"{name} {statistic}",
        )

    def _searched(
        self,
        title: str,
        name: str,
        dimension: str,
        statistic: str = "Sum",
        *,
        rooms: Sequence[str] = (CHAT, CONTINUE_TURN),
    ) -> cloudwatch.GraphWidget:
        """One figure for each value of its own dimension."""
        return self._graph(
            title,
            [
                cloudwatch.MathExpression(
                    expression=f"SEARCH('{{{observe.NAMESPACE},{dimension},service}} "
                    f'MetricName="{name}" service="{self._deployment.function_name(room)}"\', '
                    f"'{statistic}', {PERIOD.to_seconds()})",
                    label=f"${{PROP('Dim.{dimension}')}}",
                    period=PERIOD,
                )
                for room in rooms
            ],
        )

    def _graph(self, title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(metrics), width=WIDTH, height=HEIGHT)
