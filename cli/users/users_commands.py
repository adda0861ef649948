"""`countersign users …`: who may ask, who may countersign, who may read, who runs it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.operator import HomeDirectory, deployment_of, operated
from cli.terminal.entry import Json
from cli.terminal.failures import DONE
from cli.terminal.screen import Screen

if TYPE_CHECKING:
    from cli.operator import Deployment
    from cli.users.everybody import Somebody
    from functions.shared.approval import Approval

users = typer.Typer(no_args_is_help=True, help="People: invite, list, sign out, let go.")

Email = Annotated[str, typer.Argument(metavar="EMAIL")]
Approver = Annotated[bool, typer.Option("--approver", help="May countersign.")]
Requester = Annotated[bool, typer.Option("--requester", help="May ask for changes.")]
Auditor = Annotated[bool, typer.Option("--auditor", help="May read every request and its audit.")]
Operator = Annotated[bool, typer.Option("--operator", help="May freeze launches, and read.")]
Group = Annotated[
    list[str] | None, typer.Option("--group", metavar="NAME", help="A group that an agent names.")
]


@users.command("add")
def add_user(
    email: Email,
    approver: Approver = False,
    requester: Requester = False,
    auditor: Auditor = False,
    operator: Operator = False,
    group: Group = None,
    name: Annotated[str, typer.Option(help="As the others read it.")] = "",
    no_practice: Annotated[
        bool, typer.Option("--no-practice", help="Do not ask a new approver to practise.")
    ] = False,
    home: HomeDirectory = None,
    as_json: Json = False,
) -> None:
    """Invite somebody, or give somebody more to do; a new approver gets a practice that launches nothing."""
    groups = _groups(approver, requester, auditor, operator, group)
    if not groups:
        raise typer.BadParameter(
            "say what they are: --approver, --requester, --auditor, --operator"
        )
    if "@" not in email.strip("@") or any(one.isspace() for one in email):
        raise typer.BadParameter(f"{email!r} is no e-mail address")

    def run(screen: Screen, deployment: "Deployment") -> int:
        from cli.users.add import add

        added = add(deployment, email, name=name, groups=groups)
        for sentence in added.done or [f"{added.somebody.email} is all that already."]:
            screen.say(sentence)
        practice = None
        if added.is_new_approver and not no_practice:
            practice = _practice(deployment, _practised(screen, deployment, added.somebody))
        screen.tell({"user": _value(added.somebody), "done": added.done, "practice": practice})
        return DONE

    _carried_out(home, as_json, run)


@users.command("list")
def list_users(home: HomeDirectory = None, as_json: Json = False) -> None:
    """Everybody: how far they have come, whether mails reach them, when they last decided."""

    def run(screen: Screen, deployment: "Deployment") -> int:
        from cli.users.everybody import everybody

        with screen.waiting("Asking the user pool…"):
            found = everybody(deployment)
        for one in found:
            screen.tell(_value(one))
        heads = ("E-mail", "Name", "Groups", "Sign-in", "Mails", "Last decided")
        screen.table(heads, map(_row, found), empty="There is nobody: countersign users add EMAIL")
        return DONE

    _carried_out(home, as_json, run)


@users.command("practice")
def practise(email: Email, home: HomeDirectory = None, as_json: Json = False) -> None:
    """Ask an approver to practise: a request for them alone, which launches nothing."""

    def run(screen: Screen, deployment: "Deployment") -> int:
        from cli.users.leave import known

        approval = _practised(screen, deployment, known(deployment, email))
        screen.tell({"practice": _practice(deployment, approval)})
        return DONE

    _carried_out(home, as_json, run)


@users.command("sign-out")
def sign_out_user(email: Email, home: HomeDirectory = None, as_json: Json = False) -> None:
    """End somebody's sessions, in every browser and terminal."""

    def run(screen: Screen, deployment: "Deployment") -> int:
        from cli.users.leave import known, sign_out

        one = known(deployment, email)
        sentence = sign_out(deployment, one)
        screen.say(sentence)
        screen.tell({"user": _value(one), "done": [sentence]})
        return DONE

    _carried_out(home, as_json, run)


@users.command("remove")
def remove_user(
    email: Email,
    approver: Approver = False,
    requester: Requester = False,
    auditor: Auditor = False,
    operator: Operator = False,
    group: Group = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Forget them: nobody can let them in again.")
    ] = False,
    home: HomeDirectory = None,
    as_json: Json = False,
) -> None:
    """Let somebody go, and say what is still open of theirs; with groups, take only those from them."""
    groups = _groups(approver, requester, auditor, operator, group)
    if delete and groups:
        raise typer.BadParameter("--delete takes somebody away whole; leave the groups out")

    def run(screen: Screen, deployment: "Deployment") -> int:
        from cli.users.leave import remove
        from functions.shared.identifiers import utc_now

        left = remove(deployment, email, groups=groups, delete=delete, now=utc_now())
        for sentence in left.done:
            screen.say(sentence)
        if left.still_open:
            screen.say("Still open:", "warning")
        for one in left.still_open:
            screen.say(f"  {one.approval_id}: {one.says}")
        still_open = [{"id": one.approval_id, "says": one.says} for one in left.still_open]
        screen.tell({"user": _value(left.somebody), "done": left.done, "still_open": still_open})
        return DONE

    _carried_out(home, as_json, run)


def _carried_out(
    home: Any,
    as_json: bool,  # noqa: FBT001
    run: "Callable[[Screen, Deployment], int]",
) -> None:
    """Run a command on the stack."""
    operated(lambda screen: run(screen, deployment_of(home)), as_json=as_json)


def _groups(
    approver: bool,  # noqa: FBT001
    requester: bool,  # noqa: FBT001
    auditor: bool,  # noqa: FBT001
    operator: bool,  # noqa: FBT001
    others: list[str] | None,
) -> list[str]:
    chosen = {
        "approvers": approver,
        "requesters": requester,
        "auditors": auditor,
        "operators": operator,
    }
    return [*(name for name, is_chosen in chosen.items() if is_chosen), *(others or ())]


def _practised(screen: Screen, deployment: "Deployment", one: "Somebody") -> "Approval":
    from cli.users.everybody import MailState
    from cli.users.practice import address_of, ask
    from functions.shared.mails import local_time

    with screen.waiting("Making a practice…"):
        approval = ask(deployment, one)
    until = local_time(approval.expires_at or 0, deployment.page.time_zone)
    screen.say(f"A practice waits for {one.email} until {until}: it launches nothing.")
    screen.say(f"  {address_of(deployment, approval.id)}")
    if one.mail in (MailState.UNCONFIRMED, MailState.NONE):
        screen.say(
            f"Its mail does not reach them yet; when they have confirmed: countersign users practice {one.email}",
            "warning",
        )
    return approval


def _practice(deployment: "Deployment", approval: "Approval") -> Mapping[str, Any]:
    from cli.users.practice import address_of

    return {
        "approval_id": approval.id,
        "address": address_of(deployment, approval.id),
        "expires_at": approval.expires_at,
    }


def _value(one: "Somebody") -> dict[str, Any]:
    return {
        "email": one.email,
        "name": one.name,
        "groups": list(one.groups),
        "enabled": one.is_enabled,
        "sign_in": one.sign_in.value,
        "mail": one.mail.value,
        "last_decided": one.last_decided or None,
        "has_only_practised": one.has_only_practised,
    }


def _row(one: "Somebody") -> list[str]:
    sign_in = one.sign_in.value.replace("_", " ") if one.is_enabled else "disabled"
    practice = " (practice)" if one.has_only_practised else ""
    decided = f"{one.last_decided}{practice}" if one.last_decided else ""
    mail = {"ses": "by SES", "none": "not subscribed"}.get(one.mail.value, one.mail.value)
    return [one.email, one.name, ", ".join(one.groups), sign_in, mail, decided]
