"""`agents VERB …`: manifests checked, shown and tried on the author's own machine; nothing is deployed."""

from cli import agents_call, agents_show, agents_validate
from cli.verbs import Verbs

VERBS = (agents_validate, agents_show, agents_call)


def add_to(topics: Verbs) -> None:
    """The topic `agents` with its verbs."""
    agents = topics.add_parser("agents", help="check, show and try manifests")
    verbs = agents.add_subparsers(dest="verb", required=True)
    for verb in VERBS:
        verb.add_to(verbs)
