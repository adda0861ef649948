"""What every runner of an approved call works with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.launch_instance.hand_over import Room
from functions.launch_instance.launch_role import Session
from functions.shared.approval_table import ApprovalTable
from functions.shared.budgets import LaunchBudgets
from functions.shared.findings import Findings
from functions.shared.freeze import Freeze
from functions.shared.lease_table import LeaseTable
from functions.shared.ledger import Ledger
from functions.shared.seal import SealCheck
from functions.shared.target_settings import LaunchInstanceSettings
from functions.shared.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Launching:
    settings: LaunchInstanceSettings
    targets: Targets
    approvals: ApprovalTable
    ledger: Ledger
    leases: LeaseTable
    budgets: LaunchBudgets
    findings: Findings
    seals: SealCheck
    freeze: Callable[[], Freeze]
    """The switch, read anew each time; raises `FreezeUnreadable`."""
    ec2_for: Callable[[Session], Any]
    """An EC2 client under the target's launch role, for one call of one approval."""
    ssm_for: Callable[[Session], Any]
    """Systems Manager's client, likewise."""
    run_action: Room
    """Whatever lies outside AWS is reached by that room."""
    ask_sandbox: Room
    """Python runs there, where there is one."""
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
