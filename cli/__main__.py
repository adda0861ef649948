"""`python -m cli audit show|verify ID`: read and verify one approval's audit in a deployed stack."""

import argparse
import sys
from collections.abc import Sequence

from cli.audit import show, verify
from cli.stack import CannotRead, open_stack

FOUND, CANNOT = 1, 2


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; argparse itself ends with 2."""
    parser = argparse.ArgumentParser(prog="countersign", description="Countersign's command line.")
    audit = parser.add_subparsers(dest="topic", required=True).add_parser(
        "audit", help="what was asked, shown, decided and done"
    )
    verbs = audit.add_subparsers(dest="verb", required=True)
    described = {
        "show": "print an approval's audit in order",
        "verify": "make every hash and link anew; 0: whole, 1: not, 2: it could not be read",
    }
    for verb, words in described.items():
        command = verbs.add_parser(verb, help=words, description=words)
        command.add_argument("id", help="the approval's id, as in its address")
        command.add_argument("--stack", default="Countersign", help="default: %(default)s")
        command.add_argument("--region", help="the stack's; default: as AWS's own tools choose it")
        if verb == "show":
            command.add_argument("--json", action="store_true", help="for programs")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run one command; what cannot be read is one sentence on standard error."""
    chosen = parsed(arguments)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
