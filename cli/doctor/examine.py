"""Every check at once, each with its time; what one does not answer in it is said, and is no green."""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cli.doctor import account, machine, mode, people, stack
from cli.doctor.examined import Examined
from cli.doctor.finding import CannotCheck, Found
from cli.doctor.network import network
from cli.terminal.failures import CommandFailed
from functions.shared.aws import error_code

LIMIT_SECONDS = 30.0
MODEL_SECONDS = 60.0
"""A model may think before it answers."""
RIGHTS = "ask for the rights of an operator (docs/permissions.md)"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of doctor's."""

    name: str
    look: Callable[[Examined], Found]
    seconds: float = LIMIT_SECONDS


def checks_of(examined: Examined) -> tuple[Check, ...]:
    """The checks that this page asks for; where it cannot be read, those that say so."""
    try:
        page = examined.page()
    except CannotCheck:
        mailed: tuple[Check, ...] = ()
        places: tuple[Check, ...] = ()
    else:
        mailed = (
            (Check("subscriptions", people.subscriptions),)
            if page.mail.channel == "sns"
            else (Check("sender", people.sender), Check("sandbox", people.sandbox))
        )
        places = tuple(
            Check(f"network {place.name}", partial(network, place=place)) for place in page.places
        )
    return (
        Check("node", machine.node),
        Check("cdk", machine.cdk),
        Check("page", account.page),
        Check("agents", account.agents),
        Check("credentials", account.credentials),
        Check("clock", machine.clock),
        Check("account", account.account),
        Check("bootstrap", account.bootstrap),
        Check("stack", stack.deployed),
        Check("release", stack.up_to_date),
        Check("drift", stack.drift),
        Check("service", stack.service),
        Check("model", mode.model, MODEL_SECONDS),
        *places,
        Check("people", people.people),
        Check("approvers", people.approvers),
        *mailed,
        Check("alarms", people.alarms),
        Check("launch", mode.launch),
        Check("frozen", mode.frozen),
    )


def examine(examined: Examined, checks: Sequence[Check]) -> Iterator[tuple[Check, Found]]:
    """What each check found, in their order; all of them run at once."""
    running = [(check, _begin(check, examined)) for check in checks]
    for check, answer in running:
        try:
            yield check, answer.get(timeout=check.seconds)
        except queue.Empty:
            yield (
                check,
                Found(
                    "unknown",
                    f"Not checked: no answer within {check.seconds:.0f} seconds.",
                    "countersign doctor again; if it stays so, your network or AWS is slow",
                ),
            )


def _begin(check: Check, examined: Examined) -> "queue.Queue[Found]":
    """A thread of its own that nobody waits for at the end: a check that hangs holds up nothing."""
    answer: queue.Queue[Found] = queue.Queue()
    threading.Thread(target=lambda: answer.put(looked(check, examined)), daemon=True).start()
    return answer


def looked(check: Check, examined: Examined) -> Found:
    """What the check found, or why it could not look."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return check.look(examined)
    except CannotCheck as error:
        if error.check == check.name:
            return Found("fail", error.says, error.fix)
        if error.check:
            return Found(
                "unknown",
                f"Not checked: “{error.check}” fails.",
                f"first what “{error.check}” says",
            )
        return Found("unknown", f"Not checked: {error.says}", error.fix)
    except CommandFailed as error:
        return Found(
            "unknown", f"Not checked: {error}", "do what it says, and countersign doctor again"
        )
    except ClientError as error:
        return Found(
            "unknown",
            f"Not checked: AWS refuses {error.operation_name} ({error_code(error)}).",
            RIGHTS,
        )
    except BotoCoreError as error:
        return Found(
            "unknown",
            f"Not checked: {error_code(error)}: {error}",
            "countersign doctor again; if it stays so, look at your network",
        )
    except Exception as error:  # noqa: BLE001 - one answer that nobody foresaw must not take the other lines
        return Found(
            "unknown",
            f"Not checked: what came back cannot be understood ({type(error).__name__}: {error}).",
            "tell the makers, with what countersign doctor --json says",
        )
