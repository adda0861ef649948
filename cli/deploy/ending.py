"""Bringing a stack to rest before it is destroyed: frozen, nothing open, no workflow under way."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.deploy.standing import Instance, Standing, look
from cli.operator import CannotOperate, Deployment, deployment_of
from functions.shared.approval import Status
from functions.shared.approval_table import ApprovalTable, TransitionLost
from functions.shared.aws import error_code
from functions.shared.freeze import Freeze, write_freeze
from functions.shared.identifiers import timestamp, utc_now
from functions.shared.lease import OVER, LeaseState, NotEndable
from functions.shared.lease_table import CallKey, LeaseTable

REASON = "This deployment is being destroyed."
TRIES = 5
PATIENCE_SECONDS = 90.0
LOOK_SECONDS = 2.0
AT_ONCE = 25
"""How many ids a room takes with one command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The operator at the stack's own tables and rooms; what a room can do itself it is asked to do."""

    deployment: Deployment
    actor: str
    """The ARN of the credentials: who did it, in the audit."""
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]

    @property
    def approvals(self) -> ApprovalTable:
        """The table that holds requests and ledger."""
        deployment = self.deployment
        return ApprovalTable(
            deployment.client("dynamodb"),
            deployment.output("ApprovalsTable"),
            deployment.output("AuditTable"),
        )

    def freeze(self) -> None:
        """Stop every launch; raises `CannotOperate`."""
        freeze = Freeze(frozen=True, reason=REASON, by=self.actor, at=timestamp(self.clock()))
        parameter = self.deployment.output("FreezeParameter")
        ssm = self.deployment.client("ssm")
        try:
            ssm.get_parameter(Name=parameter)
            write_freeze(ssm, parameter, freeze)
        except ssm.exceptions.ParameterNotFound:
            # A destruction that broke off has taken it: what launches cannot read counts as frozen.
            return
        except (BotoCoreError, ClientError) as error:
            raise CannotOperate(
                f"Launches could not be frozen ({error_code(error)}), so nothing was destroyed."
            ) from error

    def cancel(self) -> int:
        """End every request that nobody has decided; how many there were. Raises `CannotOperate`."""
        cancelled: set[str] = set()
        for _ in range(TRIES):
            waiting = look(self.deployment).open
            if not waiting:
                break
            for approval in waiting:
                try:
                    self.approvals.end_undecided(
                        approval, Status.CANCELLED, self.clock(), REASON, self.actor
                    )
                except TransitionLost:
                    continue
                cancelled.add(approval.id)
        self._ask("DecideApprovalFunction", "repair", "approval_ids", sorted(cancelled))
        return len(cancelled)

    def settle(self) -> Standing:
        """Wait until no call runs any more; what is left then can launch nothing. Raises `CannotOperate`."""
        began = self.clock()
        while True:
            standing = look(self.deployment)
            now = self.clock()
            is_patient = (now - began).total_seconds() < PATIENCE_SECONDS
            if not standing.may_still_launch(now) and not (standing.unclosed and is_patient):
                return standing
            self.sleep(LOOK_SECONDS)

    def terminate(self, instances: Iterable[Instance]) -> None:
        """Have each leased instance terminated by the room that ends leases, which looks at its tags first.

        Raises `CannotOperate` with those that could not be.
        """
        keys = [(one.approval_id, one.call_id) for one in instances if one.is_leased]
        for _ in range(TRIES):
            living = self._living(keys)
            if not living:
                return
            self._end_leases(living)
            commands = [{"approval_id": approval, "call_id": call} for approval, call in living]
            self._ask("EndLeaseFunction", "step", "leases", commands)
            if self._living(keys):
                self.sleep(LOOK_SECONDS)
        living = self._living(keys)
        if living:
            names = ", ".join(f"{approval} {call}" for approval, call in living)
            raise CannotOperate(
                f"Not terminated, so nothing was destroyed: the instances of {names}. The log of end_lease says why; "
                "run this again, or leave them."
            )

    def untouched(self, instances: Iterable[Instance]) -> list[Instance]:
        """Those that were leased and do not carry the tags of their approval, so that nothing of ours ends them."""
        leased = {(one.approval_id, one.call_id): one for one in instances if one.is_leased}
        return [
            leased[key]
            for key, now in self._leases().get_many(leased).items()
            if now.lease.state is LeaseState.REFUSED
        ]

    def stop_workflows(self) -> int:
        """End what still runs, since AWS keeps a machine's name until its last execution has ended; how many."""
        states = self.deployment.client("stepfunctions")
        pages = states.get_paginator("list_executions")
        stopped = 0
        try:
            found = pages.paginate(
                stateMachineArn=self.deployment.output("StateMachineArn"), statusFilter="RUNNING"
            )
            for one in [one for page in found for one in page["executions"]]:
                states.stop_execution(executionArn=one["executionArn"], cause=REASON)
                stopped += 1
        except states.exceptions.StateMachineDoesNotExist:
            # A destruction that broke off has taken it, and its executions with it.
            return stopped
        except (BotoCoreError, ClientError) as error:
            raise CannotOperate(
                f"The workflows that still run cannot be ended: {error_code(error)}."
            ) from error
        return stopped

    def _living(self, keys: Iterable[CallKey]) -> list[CallKey]:
        """Those whose lease is not over."""
        found = self._leases().get_many(keys)
        return [key for key, leased in found.items() if leased.lease.state not in OVER]

    def _leases(self) -> LeaseTable:
        return LeaseTable(self.deployment.client("dynamodb"), self.approvals)

    def _end_leases(self, keys: Iterable[CallKey]) -> None:
        leases = self._leases()
        for approval_id, call_id in keys:
            leased, approval = leases.get(approval_id, call_id), self.approvals.get(approval_id)
            if leased is None or approval is None:
                continue
            try:
                leases.end_at_once(leased, approval, actor=self.actor, now=self.clock())
            except (TransitionLost, NotEndable):
                continue

    def _ask(self, output: str, command: str, name: str, values: list[Any]) -> None:
        """Give a room its command for these; raises `CannotOperate` where it could not carry it out."""
        functions = self.deployment.client("lambda")
        for first in range(0, len(values), AT_ONCE):
            payload: Mapping[str, Any] = {
                "v": 2,
                "command": command,
                name: values[first : first + AT_ONCE],
            }
            try:
                answer = functions.invoke(
                    FunctionName=self.deployment.output(output),
                    Payload=json.dumps(payload).encode("utf-8"),
                )
                failed = answer.get("FunctionError", "")
            except (BotoCoreError, ClientError) as error:
                failed = error_code(error)
            if failed:
                raise CannotOperate(
                    f"{self.deployment.output(output)} could not {command} ({failed}), so nothing was destroyed: "
                    "look at its log and run this again."
                )


def ending_of(home: Path | None) -> Ending:
    """The stack of a home, with the operator's credentials; raises `CannotOperate`."""
    deployment = deployment_of(home)
    try:
        actor = str(deployment.client("sts").get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        raise CannotOperate(f"AWS does not say who you are: {error_code(error)}.") from error
    return Ending(deployment=deployment, actor=actor, clock=utc_now, sleep=time.sleep)
