"""`audit show|verify ID`: read and verify one approval's audit in a deployed stack."""

import argparse
import sys

from cli.audit import show, verify
from cli.stack import CannotRead, open_stack
from cli.verbs import Verbs

FOUND, CANNOT = 1, 2
DESCRIBED = {
    "show": "print an approval's audit in order",
    "verify": "make every hash and link anew; 0: whole, 1: not, 2: it could not be read",
}


def add_to(topics: Verbs) -> None:
    """The topic `audit` with its verbs."""
    audit = topics.add_parser("audit", help="what was asked, shown, decided and done")
    verbs = audit.add_subparsers(dest="verb", required=True)
    for verb, words in DESCRIBED.items():
        command = verbs.add_parser(verb, help=words, description=words)
        command.add_argument("id", help="the approval's id, as in its address")
        command.add_argument("--stack", default="Countersign", help="default: %(default)s")
        command.add_argument("--region", help="the stack's; default: as AWS's own tools choose it")
        if verb == "show":
            command.add_argument("--json", action="store_true", help="for programs")
        command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Print what was asked for; what cannot be read is one sentence on standard error."""
    try:
        stack = open_stack(chosen.stack, chosen.region)
        if chosen.verb == "show":
            lines, is_whole = show(stack, chosen.id, as_json=chosen.json), True
        else:
            lines, is_whole = verify(stack, chosen.id)
    except CannotRead as error:
        print(f"countersign: {error}", file=sys.stderr)
        return CANNOT
    print("\n".join(lines))
    return 0 if is_whole else FOUND
