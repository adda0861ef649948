"""`python -m cli …`: Countersign's command line."""

import argparse
import sys
from collections.abc import Sequence

from cli import agents, audit_commands

TOPICS = (audit_commands, agents)
"""Each adds its verbs; a verb's `run` takes the command line and returns the exit status."""
OF_PEOPLE = ("login", "logout", "chat", "conversations", "approvals")


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line; argparse itself ends with 2."""
    parser = argparse.ArgumentParser(prog="countersign", description="Countersign's command line.")
    topics = parser.add_subparsers(dest="topic", required=True)
    for topic in TOPICS:
        topic.add_to(topics)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    if arguments[:1] and arguments[0] in OF_PEOPLE:
        from cli.terminal.people import people

        people(list(arguments), prog_name="countersign")
    chosen = parsed(arguments)
    status: int = chosen.run(chosen)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
