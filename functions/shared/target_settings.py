"""The environment of the rooms that reach targets, or check calls against the one that was shown."""

from dataclasses import dataclass

from functions.shared.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightSettings(Settings):
    """Looks a request over before anybody is asked: facts, prices, complaints."""

    stage: str
    approvals_table: str
    targets: str
    """JSON of functions.shared.targets, with the roles that may look around in other accounts."""
    lease_hours: int
    stack: str
    """What the tag countersign:stack says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueSettings(Settings):
    """Lists images, key pairs and instance types; reads only."""

    stage: str
    targets: str
    """JSON of functions.shared.targets, with the roles that may look around in other accounts."""
    images: str
    """JSON: the operator's images by the names of targets; those under no name are for every other target."""
    instance_types: str
    """The types that may be launched today, separated by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchInstanceSettings(Settings):
    """Launches one approved call under the target's launch role."""

    stage: str
    approvals_table: str
    audit_table: str
    decision_keys: str
    """ARNs of the KMS keys whose seals are trusted, separated by commas; the current one first."""
    freeze_parameter: str
    stack: str
    """What the tag countersign:stack says."""
    launch: str
    """`live`, or `dry_run`: shadow mode."""
    instance_types: str
    """The types that may be launched today, separated by commas."""
    targets: str
    """JSON of functions.shared.targets, with the launch roles."""
    run_action_function: str
    """Carries out whatever lies outside AWS."""
    ask_sandbox_function: str
    """Runs approved Python; empty: no agent needs any."""
    budgets_table: str
    """Set without budgets too: what was counted before they were taken off is still taken back."""
    budget_launches: int
    """0: there are no budgets."""
    budget_live_instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunActionSettings(Settings):
    """Reaches hosts outside AWS: the only room that does."""

    stage: str
    agents_file: str
    approvals_table: str
    decision_keys: str
    """ARNs of the KMS keys whose seals are trusted, separated by commas."""
    targets: str
    """JSON of functions.shared.targets."""
    secrets: str
    """JSON: by a secret's name its ARN and the one host that may see it."""
    pins: str
    """JSON: the laptop's stand-ins, by host their address and port; empty in AWS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLeaseSettings(Settings):
    """Warns, stops and terminates when leases end; looks for instances that the ledger does not know."""

    stage: str
    approvals_table: str
    audit_table: str
    budgets_table: str
    """Set without budgets too: what was counted before they were taken off is still taken back."""
    targets: str
    """JSON of functions.shared.targets, with the roles that end instances in other accounts."""
    stack: str
    """What the tag countersign:stack says."""
    origin: str
    time_zone: str
    channel: str
    topic_arn: str
    mail_from: str
