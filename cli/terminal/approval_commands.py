"""`countersign approvals …`, and whom one may talk to."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.terminal.entry import Chosen, Id, Json, Local, ended, says_y, service_of
from cli.terminal.failures import DONE, PENDING, CommandFailed
from cli.terminal.screen import Screen

STATUSES = (
    "preparing",
    "pending",
    "approved",
    "rejected",
    "denied",
    "expired",
    "cancelled",
    "failed",
)
HEADS = ("ID", "Status", "Left", "Where", "Asked by", "", "What")

approvals = typer.Typer(no_args_is_help=True, help="Requests that wait for a countersignature.")


def _status(typed: str) -> str:
    if typed not in STATUSES:
        raise typer.BadParameter(f"{typed!r} is none of {', '.join(STATUSES)}.")
    return typed


@approvals.command("list")
def list_approvals(
    status: Annotated[
        str,
        typer.Option(
            "--status",
            help="What became of them, such as approved or expired.",
            callback=_status,
            autocompletion=lambda: list(STATUSES),
        ),
    ] = "pending",
    local: Local = "",
    as_json: Json = False,
) -> None:
    """What waits, or ended otherwise."""

    def run(screen: Screen) -> int:
        from cli.terminal.approvals import rows

        found = service_of(Chosen(local)).approvals(status, limit=100)
        for one in found:
            screen.tell(one)
        screen.table(HEADS, rows(found, datetime.now(UTC)), empty="There are none.")
        return DONE

    ended(Chosen(local, as_json), run)


@approvals.command("show")
def show_approval(approval_id: Id, local: Local = "", as_json: Json = False) -> None:
    """What would run, as its digest binds it."""

    def run(screen: Screen) -> int:
        from cli.terminal.approvals import show

        approval = service_of(Chosen(local)).approval(approval_id)
        show(screen, approval, datetime.now(UTC))
        return DONE

    ended(Chosen(local, as_json), run)


@approvals.command()
def approve(approval_id: Id, local: Local = "", as_json: Json = False) -> None:
    """Countersign a request; only an exact `y` does it, and anything else ends with 5: it still waits."""

    def run(screen: Screen) -> int:
        from cli.terminal.approvals import show

        service = service_of(Chosen(local))
        approval = service.approval(approval_id)
        show(screen, approval, datetime.now(UTC))
        _check_open(approval)
        if not says_y(screen, "Approve exactly this? (y/n): "):
            screen.say("Nothing was decided.")
            return PENDING
        screen.tell(service.decide(approval_id, decision="approve", digest=approval["digest"]))
        screen.say("Approved. The conversation and everyone who was asked hear what comes of it.")
        return DONE

    ended(Chosen(local, as_json), run)


@approvals.command()
def reject(
    approval_id: Id,
    reason: Annotated[str, typer.Option("--reason", help="The requester reads it.")] = "",
    local: Local = "",
    as_json: Json = False,
) -> None:
    """Turn a request down."""

    def run(screen: Screen) -> int:
        service = service_of(Chosen(local))
        approval = service.approval(approval_id)
        _check_open(approval)
        digest = approval["digest"]
        screen.tell(service.decide(approval_id, decision="reject", digest=digest, reason=reason))
        screen.say("Rejected. Nothing runs.")
        return DONE

    ended(Chosen(local, as_json), run)


@approvals.command()
def cancel(approval_id: Id, local: Local = "", as_json: Json = False) -> None:
    """Take your own request back."""

    def run(screen: Screen) -> int:
        screen.tell(service_of(Chosen(local)).cancel(approval_id))
        screen.say("Cancelled. Nothing runs.")
        return DONE

    ended(Chosen(local, as_json), run)


def _check_open(approval: Mapping[str, Any]) -> None:
    if approval["status"] != "pending":
        raise CommandFailed(f"This request is {approval['status']}; there is nothing to decide.")
    if not approval["can_decide"]:
        raise CommandFailed("You may not decide this request.")


def list_agents(local: Local = "", as_json: Json = False) -> None:
    """Whom you may talk to."""

    def run(screen: Screen) -> int:
        found = service_of(Chosen(local)).agents()
        for one in found:
            screen.tell(one)
        lines = ([one["id"], one["title"], one.get("description", "")] for one in found)
        screen.table(("ID", "Title", ""), lines, empty="There are none for you.")
        return DONE

    ended(Chosen(local, as_json), run)
