"""`agents VERB …`: manifests checked and shown on the author's own machine; nothing is deployed."""

from cli import agents_show, agents_validate
from cli.verbs import Verbs

VERBS = (agents_validate, agents_show)


def add_to(topics: Verbs) -> None:
    """The topic `agents` with its verbs."""
    agents = topics.add_parser("agents", help="check and show manifests")
    verbs = agents.add_subparsers(dest="verb", required=True)
    for verb in VERBS:
        verb.add_to(verbs)
