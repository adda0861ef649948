"""Shadow mode: what was approved is rehearsed with AWS as it would have been sent, and nothing is started.

A plan keeps the mode it was asked for in. One of shadow mode never runs live; a live one is rehearsed in shadow mode.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from functions.launch_instance.ec2_errors import LaunchAmbiguous, Words, launch_words
from functions.launch_instance.end_instance import asking, words_of
from functions.launch_instance.launching import Launching
from functions.launch_instance.rehearse import judged_dry_run
from functions.launch_instance.runners import Runner
from functions.launch_instance.start_instance import request_of
from functions.shared.approval import Outcome
from functions.shared.approved_call import ApprovedCall
from functions.shared.end_instances import ENDINGS
from functions.shared.ledger import LedgerRow
from functions.shared.observe import LAUNCHES_SHADOWED, count, logger
from functions.shared.plan import DRY_RUN, LIVE, launch_of

NOT_DONE = "Not done: shadow mode."
ASKED_IN_SHADOW = "This was asked for in shadow mode, and launches are live now; ask again."
TAKEN = "Shadow mode: AWS would have taken this."
ASKED_LIVE = "It was asked for before shadow mode was switched on."


def why_not_in(launch: str, approved: ApprovedCall, runner: Runner) -> str | None:
    """Why a call does not run in this mode (`live` or `dry_run`); None where it does, or is rehearsed."""
    if runner.runs_in_shadow:
        return None
    if launch == LIVE:
        return None if launch_of(approved.plan) == LIVE else ASKED_IN_SHADOW
    return None if approved.operation in _ASKED else NOT_DONE


def in_mode(launch: str, runner: Runner) -> Runner:
    """How a call runs in this mode: in shadow mode it is only asked for, and takes nothing."""
    if launch == LIVE or runner.runs_in_shadow:
        return runner
    return replace(runner, run=_rehearsed, takes=False)


def _rehearsed(
    deps: Launching, approved: ApprovedCall, ec2: Any, row: LedgerRow | None, may_send: bool
) -> Outcome:
    """What AWS says to the call, with DryRun; raises `TemporarilyUnavailable` where it gives no clear answer."""
    if not may_send or (row is not None and row.sent):
        raise LaunchAmbiguous("Another try of this call was sent before shadow mode was on.")
    ask, words = _ASKED[approved.operation](deps, approved, ec2)
    refused = judged_dry_run(ask, words)
    before = "" if launch_of(approved.plan) == DRY_RUN else f" {ASKED_LIVE}"
    if refused is not None:
        logger.info("AWS would refuse what was rehearsed in shadow mode", code=refused.code)
        return Outcome("failed", f"Shadow mode: {refused.text} {words.nothing}{before}")
    if approved.operation == "run_instances":
        count(LAUNCHES_SHADOWED)
    logger.info("a call was rehearsed in shadow mode")
    return Outcome("succeeded", f"{TAKEN} {words.nothing}{before}")


def _launch(deps: Launching, approved: ApprovedCall, ec2: Any) -> tuple[Callable[[], Any], Words]:
    request = request_of(approved, deps.settings, "shadow")
    return partial(ec2.run_instances, **{**request, "DryRun": True}), launch_words(approved.call)


def _end(
    deps: Launching,  # noqa: ARG001 - what is sent follows from the call alone
    approved: ApprovedCall,
    ec2: Any,
) -> tuple[Callable[[], Any], Words]:
    ending = ENDINGS[approved.operation]
    instance_id = ending.check(approved.call["arguments"]).instance_id
    ask = partial(asking(ec2, ending), InstanceIds=[instance_id], DryRun=True)
    return ask, words_of(ending, instance_id)


_ASKED: Mapping[str, Callable[[Launching, ApprovedCall, Any], tuple[Callable[[], Any], Words]]] = {
    "run_instances": _launch,
    "stop_instances": _end,
    "terminate_instances": _end,
}
"""By operation: the request with DryRun. AWS cannot rehearse any other; nor is it done."""
