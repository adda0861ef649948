"""What the operator's page says of budgets."""

from typing import Annotated

from pydantic import Field

from infra.page_part import Part

Limit = Annotated[int, Field(ge=1)]


class Budgets(Part):
    """What one person may use on one day (UTC) and have open at once, and what may live in one target."""

    turns: Limit = 200
    """Messages of a person on a day."""
    tokens: Limit = 1_000_000
    """Tokens of the model that a person uses on a day."""
    approvals: Limit = 10
    """Approvals that a person asks for on a day."""
    launches: Limit = 5
    """Instances that are launched for a person on a day."""
    open_approvals: Limit = 3
    """Approvals of a person that wait for a decision at once."""
    live_instances: Limit = 20
    """Launched instances that live in one target at once."""
