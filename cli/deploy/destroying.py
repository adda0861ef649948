"""What `countersign destroy` shows, asks and does, in this order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.deploy.ending import Ending
from cli.deploy.export import export
from cli.deploy.stack import destroy_stack, empty_buckets, holds_nothing
from cli.deploy.standing import Instance, Standing, look
from cli.deploy.survivors import KINDS, Resource, resources_of, survivors
from cli.operator import Deployment
from cli.terminal.failures import DONE, FAILED, WrongUse
from cli.terminal.screen import Screen
from functions.shared.approval import Approval
from functions.shared.identifiers import timestamp
from infra.account import account_of

TERMINATE, LEAVE = "terminate", "leave"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was said on the command line; `instances` is empty where it is still to be asked."""

    instances: str = ""
    is_confirmed: bool = False
    file: Path | None = None


def choice_of(
    *, terminate: bool, leave: bool, yes: bool, file: Path | None, as_json: bool
) -> Choice:
    """The command line's options as one choice; raises `WrongUse`."""
    if terminate and leave:
        raise WrongUse("Say --terminate or --leave, not both.")
    if yes and not (terminate or leave):
        raise WrongUse("With --yes say what becomes of launched instances: --terminate or --leave.")
    if as_json and not yes:
        raise WrongUse("With --json nobody is asked: say --yes, and --terminate or --leave.")
    if file is not None and file.exists():
        raise WrongUse(f"{file} is there already: name a new file for the audit.")
    return Choice(
        instances=TERMINATE if terminate else LEAVE if leave else "", is_confirmed=yes, file=file
    )


def destroy(
    screen: Screen,
    ending: Ending,
    choice: Choice,
    *,
    ask: Callable[[str], str],
) -> int:
    """All of it, or nothing after the first thing that fails; the exit status. Raises `CannotOperate`."""
    deployment = ending.deployment
    resources = resources_of(deployment)
    is_empty = holds_nothing(deployment)
    found = Standing() if is_empty else look(deployment)
    _show(screen, deployment, found, resources)
    wanted = choice.instances or (_asked(ask) if found.instances else LEAVE)
    if wanted not in (TERMINATE, LEAVE):
        screen.say("Nothing was changed.")
        return FAILED
    if not choice.is_confirmed and not _is_confirmed(deployment, ask):
        screen.say("Nothing was changed.")
        return FAILED
    left: Sequence[Instance] = ()
    if not is_empty:
        left = _bring_to_rest(screen, ending, wanted)
        _export(screen, ending, choice.file)
    empty_buckets(deployment, resources)
    screen.say(f"Destroying the stack {deployment.page.stack}.")
    destroy_stack(deployment)
    screen.tell({"destroyed": deployment.page.stack})
    _tell_survivors(screen, deployment, resources, list(left))
    return DONE


def _show(
    screen: Screen, deployment: Deployment, found: Standing, resources: list[Resource]
) -> None:
    page = deployment.page
    account = account_of(deployment.session, deployment.account)
    kept = [KINDS[one.kind].what for one in resources if one.is_retained and one.kind in KINDS]
    screen.say(f"{account.shown}, {page.region}: the stack {page.stack}, stage {page.stage}.")
    screen.tell(
        {
            "account": account.id,
            "account_alias": account.alias,
            "region": page.region,
            "stack": page.stack,
            "instances": len(found.instances),
            "open": len(found.open),
            "kept": len(kept),
        }
    )
    heads = ("Instance", "State", "Account", "Region", "Lease ends", "Asked by")
    screen.say("\nLaunched instances:")
    screen.table(heads, [_instance_row(one) for one in found.instances], empty="None.")
    screen.say("\nRequests that nobody has decided, which are cancelled:")
    screen.table(
        ("ID", "Status", "Asked by"), [_request_row(one) for one in found.open], empty="None."
    )
    if kept:
        counted = ", ".join(f"{kept.count(what)} {what}(s)" for what in sorted(set(kept)))
        screen.say(f"\nKept, and named at the end: {counted}.")
    else:
        screen.say(
            "\nConversations, requests, audit, notebooks and people's accounts go with the stack; "
            "the audit is written to a file first."
        )


def _instance_row(one: Instance) -> tuple[str, ...]:
    ends = one.lease_ends_at
    until = f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M} UTC" if ends else "no lease"
    asked = one.requester if one.approval_id else "unknown to the ledger"
    return (one.id, one.state or "not seen", one.account, one.region, until, asked)


def _request_row(one: Approval) -> tuple[str, ...]:
    return (one.id, one.status.value, one.requester.shown())


def _asked(ask: Callable[[str], str]) -> str:
    return ask("\nWhat becomes of the instances? terminate, or leave: ")


def _is_confirmed(deployment: Deployment, ask: Callable[[str], str]) -> bool:
    name = deployment.page.stack
    return ask(f"Write {name} to destroy it in {deployment.account}: ") == name


def _bring_to_rest(screen: Screen, ending: Ending, wanted: str) -> list[Instance]:
    """Nothing is open and nothing runs any more; the instances that go on living."""
    ending.freeze()
    screen.say("\nLaunches are frozen.")
    cancelled = ending.cancel()
    screen.say(f"Requests cancelled: {cancelled}.")
    with screen.waiting("Waiting until no approved call runs any more"):
        standing = ending.settle()
    if wanted == TERMINATE:
        with screen.waiting("Terminating the instances"):
            ending.terminate(standing.instances)
        left = [one for one in standing.instances if not one.is_leased]
        left += ending.untouched(standing.instances)
        screen.say(f"Instances terminated: {len(standing.instances) - len(left)}.")
    else:
        left = list(standing.instances)
    stopped = ending.stop_workflows()
    if stopped:
        screen.say(f"Workflows ended: {stopped}.")
    screen.tell({"cancelled": cancelled, "left": len(left), "workflows_ended": stopped})
    return left


def _export(screen: Screen, ending: Ending, file: Path | None) -> None:
    now = ending.clock()
    stack = ending.deployment.page.stack
    wanted = file or Path.cwd() / f"countersign-audit-{stack}-{now:%Y%m%dT%H%M%SZ}.jsonl"
    written = export(ending.deployment, wanted, now=timestamp(now))
    screen.say(
        f"The audit of {written.approvals} approvals is in {written.file}; "
        f"countersign audit verify --file {written.file} verifies it."
    )
    screen.tell(
        {
            "exported": str(written.file),
            "approvals": written.approvals,
            "rows": written.rows,
        }
    )


def _tell_survivors(
    screen: Screen, deployment: Deployment, resources: list[Resource], left: list[Instance]
) -> None:
    found = list(survivors(deployment, resources, left))
    screen.say(f"The stack {deployment.page.stack} is destroyed.", "good")
    screen.say("\nWhat is left, and what removes it:" if found else "\nNothing of it is left.")
    for one in found:
        screen.tell(
            {
                "survivor": one.what,
                "name": one.name,
                "command": one.command,
                "note": one.note,
            }
        )
        screen.say(f"{one.what} {one.name}{f' ({one.note})' if one.note else ''}")
        if one.command:
            screen.say(f"    {one.command}")
