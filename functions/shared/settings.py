"""Every Lambda's environment on one page (Python's rooms: sandbox_settings.py): CDK writes it, the Lambdas read it.

A field is an environment variable with the field's name in capitals; a missing one fails at synth, not at night.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self


class MissingSetting(Exception):
    """A Lambda was started without a variable that its settings name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Strings, whole numbers and truth values that travel as environment variables."""

    def environment(self) -> dict[str, str]:
        """The variables that `load` reads back to an equal value."""
        return {
            field.name.upper(): str(getattr(self, field.name)).lower()
            if field.type is bool
            else str(getattr(self, field.name))
            for field in fields(self)
        }

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Self:
        """The settings a Lambda was deployed with; raises `MissingSetting` with the variable's name."""
        values: dict[str, str | int | bool] = {}
        for field in fields(cls):
            name = field.name.upper()
            if name not in environment:
                raise MissingSetting(f"{cls.__name__} needs the environment variable {name}.")
            text = environment[name]
            values[field.name] = (
                text == "true" if field.type is bool else int(text) if field.type is int else text
            )
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings(Settings):
    """`POST /chat` and `continue_turn`: one zip, one environment."""

    stage: str
    conversations_table: str
    approvals_table: str
    audit_table: str
    state_machine_arn: str
    continue_turn_function: str
    run_action_function: str
    catalogue_function: str
    ask_sandbox_function: str
    """Empty: no agent needs Python, and nothing of it is deployed."""
    sandbox_confinement: str
    sandbox_seconds: int
    """What people are told of where code runs, and for how long at most; empty and 0 without a sandbox."""
    agents_file: str
    """Where the compiled agents lie in the zip, from the import root, or an absolute path."""
    model_secret_arn: str
    model_region: str
    """Secrets Manager's name of the model's key, read when used; empty: Bedrock's own token, for this region."""
    chat_model: str
    openai_base_url: str
    """The SDK reads this variable by itself; it is here so that a missing one is seen at synth."""
    targets: str
    """JSON of functions.shared.targets, with what the operator fixed for launches in each."""
    approval_timeout_seconds: int
    launch: str
    """`live`, or `dry_run`: shadow mode."""
    model_max_tokens: int
    """The longest answer the model is asked for; 0: its service is told no limit."""
    budgets_table: str
    """Empty: there are no budgets."""
    budget_turns: int
    budget_tokens: int
    budget_approvals: int
    budget_open_approvals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsSettings(Settings):
    """The caller's own conversations: list, read, delete."""

    conversations_table: str
    approvals_table: str
    notebooks_bucket: str
    """Empty: no agent needs Python, and nothing of it is deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalsSettings(Settings):
    """The inbox and one approval; reads only."""

    approvals_table: str
    audit_table: str
    time_zone: str
    self_confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApprovalSettings(Settings):
    """Decision, cancel, settle and repair: the only reader of task tokens."""

    approvals_table: str
    audit_table: str
    time_zone: str
    fresh_sign_in_seconds: int
    """How long ago an approver may have signed in; 0: however long."""
    decision_key: str
    """ARN of the KMS key that seals decisions."""
    task_tokens_table: str
    user_pool_id: str
    origin: str
    self_confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApprovalSettings(Settings):
    """Stores the task token, opens the approval, notifies the approvers."""

    stage: str
    approvals_table: str
    audit_table: str
    freeze_parameter: str
    lease_hours: int
    task_tokens_table: str
    user_pool_id: str
    origin: str
    approval_timeout_seconds: int
    time_zone: str
    channel: str
    """`sns` or `ses`: see functions/shared/channels.py."""
    topic_arn: str
    """Empty when the channel is `ses`."""
    mail_from: str
    """Empty when the channel is `sns`."""
    self_confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcomeSettings(Settings):
    """Closes approvals, tells the conversation and everyone who was asked."""

    stage: str
    approvals_table: str
    audit_table: str
    budgets_table: str
    """Set without budgets too: what was counted before they were taken off is still taken back."""
    conversations_table: str
    state_machine_arn: str
    origin: str
    time_zone: str
    channel: str
    topic_arn: str
    mail_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSettings(Settings):
    """Finds unfinished work and invokes whoever owns it."""

    conversations_table: str
    approvals_table: str
    continue_turn_function: str
    decide_approval_function: str
    record_outcome_function: str
    request_approval_function: str
    end_lease_function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeSettings(Settings):
    """Shows and sets the switch that stops all launches."""

    freeze_parameter: str
    user_pool_id: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesSettings(Settings):
    """The static shells, health, the API's description and the list of agents."""

    stage: str
    agents_file: str
    model_label: str
    """What the page says about the model: `scripted`, or the model's name."""
    launch: str
    self_confirm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings(Settings):
    """Same-origin sign-in: keeps the refresh token in a cookie, hands out access tokens."""

    origin: str
    """Scheme, host and port of the pages, without a path."""
    login_url: str
    """Base address of the managed login pages (`/oauth2/authorize`, `/logout`): a browser goes there."""
    token_url: str
    """Base address of the token endpoint as this function reaches it; the same as `login_url` in AWS."""
    client_id: str
    terminal_client_id: str
