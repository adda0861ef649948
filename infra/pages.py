"""The static shells, health, the API's description, the agents, and what no route matches."""

from constructs import Construct

from functions.shared.settings import PagesSettings
from infra.agents import FILE as AGENTS_FILE
from infra.deployment import Deployment
from infra.room import Room


class Pages(Construct):
    """No rights but its log."""

    def __init__(self, scope: Construct, id: str, *, deployment: Deployment) -> None:
        super().__init__(scope, id)
        self.function = Room(
            self,
            "Function",
            deployment=deployment,
            room="pages",
            settings=PagesSettings(
                stage=deployment.page.stage,
                agents_file=AGENTS_FILE,
                model_label=deployment.page.model_label,
                launch=deployment.page.launch,
                self_confirm=deployment.page.self_confirm,
            ),
        )
