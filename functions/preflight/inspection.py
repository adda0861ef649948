"""What every checker works with."""

from dataclasses import dataclass
from datetime import datetime

from functions.shared.approval_reader import ApprovalReader
from functions.shared.lease_table import LeaseReader
from functions.shared.price_list import PriceList
from functions.shared.readings import Readings
from functions.shared.targets import Target, Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One request under inspection: where its calls would run, and whom to ask."""

    readings: Readings
    price_list: PriceList
    requester: str
    """The subject of who asks."""
    targets: Targets
    target: Target
    lease_hours: int
    stack: str
    approvals: ApprovalReader
    leases: LeaseReader
    now: datetime

    @property
    def account(self) -> str:
        return self.target.account

    @property
    def region(self) -> str:
        return self.target.region
