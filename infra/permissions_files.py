"""`make permissions`: the policies for one's own page, as files for IAM.   python -m infra.permissions_files DIR"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra import app as stack_app
from infra.account import WrongAccount
from infra.agents import BadManifest
from infra.page import NAME, ROOT, BadPage, Page
from infra.permissions import CannotTell, deploying, document_of, execution, place_of
from infra.permissions_operator import DESTROYING, FROM_DAY_TO_DAY, operating
from infra.permissions_places import Place
from infra.permissions_roles import ceiling
from infra.template import context_without_zips, read_template

FOLDER = ROOT / "build" / "permissions"


def files_of(template: Mapping[str, Any], place: Place) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and policies for a template. Raises `CannotTell`."""
    for number, document in enumerate(execution(template, place), start=1):
        yield f"execution-{number}.json", document
    yield "ceiling.json", document_of(ceiling(template["Resources"], place))
    yield "deploy.json", deploying(place)
    yield "operate.json", operating(template, place, FROM_DAY_TO_DAY)
    yield "destroy.json", operating(template, place, DESTROYING)


def synthesized(home: Path, qualifier: str) -> tuple[Page, Mapping[str, Any]]:
    """A page and what the app makes of it, without zips; raises `BadPage`, `BadManifest` or `WrongAccount`."""
    context = context_without_zips() | {"home": str(home)}
    if qualifier:
        context["@aws-cdk/core:bootstrapQualifier"] = qualifier
    with tempfile.TemporaryDirectory() as directory:
        app = App(outdir=directory, context=context)
        page = stack_app.page_of(app)
        if not page.account:
            raise BadPage(f"{NAME}: policies name the account: write `account` on the page first.")
        stack_app.build(app, page)
        app.synth()
        return page, read_template(Path(directory), page.stack)


def main(arguments: list[str]) -> str | None:
    """Write the files; a mistake of the operator is one line."""
    home = Path(arguments[0]) if arguments else ROOT
    try:
        page, template = synthesized(home, arguments[1] if len(arguments) > 1 else "")
        place = place_of(template, stack=page.stack, account=page.account, region=page.region)
        files = dict(files_of(template, place))
    except (BadPage, BadManifest, WrongAccount, CannotTell) as error:
        return str(error)
    folder = FOLDER / page.stack
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, document in files.items():
        (folder / name).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        print(folder.relative_to(ROOT) / name)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
