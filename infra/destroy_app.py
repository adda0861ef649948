"""The CDK app of `countersign destroy`: the stack's name, account and region, and nothing in it.

What is destroyed is what CloudFormation knows, so neither agents nor zips have to be in order for it.
"""

import sys

from aws_cdk import App, Environment, Stack

from infra.account import WrongAccount
from infra.app import page_of
from infra.page import BadPage


def main() -> str | None:
    """Synthesize; a mistake of the operator is one line."""
    app = App()
    try:
        page = page_of(app)
    except (BadPage, WrongAccount) as error:
        return str(error)
    Stack(app, page.stack, env=Environment(account=page.account or None, region=page.region))
    app.synth()
    return None


if __name__ == "__main__":
    sys.exit(main())
