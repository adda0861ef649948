"""Writes docs/countersign.schema.json and docs/configuration.md from the page.   python -m infra.page_reference"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from infra.key_table import sections, table
from infra.page import FRESH_SIGN_IN_MINUTES, LEASE_HOURS, OVERRIDES, ROOT, Page
from infra.page_budgets import Budgets
from infra.page_egress import Egress, SecretPlace
from infra.page_front import Domain, Login
from infra.page_images import Image
from infra.page_mail import Mail
from infra.page_model import Model
from infra.page_sandbox import Network, Sandbox
from infra.page_targets import Fixed, InstanceProfile, Target

SCHEMA_FILE = ROOT / "docs" / "countersign.schema.json"
PAGE_FILE = ROOT / "docs" / "configuration.md"
PARTS: Mapping[str, type[BaseModel]] = {
    "model": Model,
    "targets.NAME": Target,
    "targets.NAME.fixed": Fixed,
    "targets.NAME.fixed.instance_profile": InstanceProfile,
    "images": Image,
    "domain": Domain,
    "mail": Mail,
    "budgets": Budgets,
    "secrets.NAME": SecretPlace,
    "sandbox": Sandbox,
    "sandbox.network": Network,
    "egress": Egress,
    "login": Login,
}
OPENING = """\
# Configuration

Everything that an operator decides stands on one page, `countersign.yaml`. `make config-docs` writes this list and
`docs/countersign.schema.json` from the page's model in `infra/page.py`.

```
countersign init ops --region eu-west-1 --launch dry_run
countersign config show --home ops
npx cdk synth --quiet -c home=ops
```

`countersign init DIR` writes a directory of your own with the page, the agents to begin with, CODEOWNERS, and a
workflow that checks every change of them; it asks nothing and overwrites nothing. Whatever works with a page takes the
directory: `-c home=DIR` for the CDK, `HOME_DIRECTORY=DIR` for make, `--home DIR` for `countersign`. Without one it is
the checkout itself, with `countersign.example.yaml` until there is a `countersign.yaml`.

`countersign config show` prints every value that holds and where it comes from: the line of the page, a variable of the
shell, the stage, another key, or the product. `--json` prints an object for each.

An editor that is told of the schema checks and completes the page; `init` writes the first line that tells it:

```yaml
# yaml-language-server: $schema=schemas/countersign.schema.json
```

A page with a key that is not listed here, or the same key twice, is refused by every command and by `cdk synth`, with
the line.
"""


def schema() -> dict[str, Any]:
    """The JSON Schema by which editors check and complete the page."""
    whole: dict[str, Any] = _told(Page.model_json_schema())
    properties = whole["properties"]
    properties["budgets"]["anyOf"].append({"enum": [False, "off"]})
    regions = whole["$defs"]["Target"]["properties"]["regions"]
    by_name = {key: regions.pop(key) for key in list(regions) if key != "description"}
    [pattern] = by_name["patternProperties"]
    names = {"type": "string", "pattern": pattern}
    regions["anyOf"] = [by_name, {"type": "array", "items": names, "maxItems": 8}]
    properties["target"] = {
        "type": "object",
        "deprecated": True,
        "description": "What pages of the first releases wrote in place of `targets`.",
    }
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Countersign", **whole}


def schema_text() -> str:
    """The schema as its file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def page() -> str:
    """The reference page."""
    return "\n".join([OPENING, "## Keys", "", *table(Page), *sections(PARTS), *_elsewhere(), ""])


def main() -> int:
    """Write both files."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    PAGE_FILE.write_text(page(), encoding="utf-8")
    return 0


def _elsewhere() -> Iterator[str]:
    yield "## By stage"
    yield ""
    yield "What holds where the page says nothing."
    yield ""
    yield "| key | " + " | ".join(f"`{stage}`" for stage in LEASE_HOURS) + " |"
    yield "| --- |" + " --- |" * len(LEASE_HOURS)
    for key, values in (
        ("fresh_sign_in_minutes", FRESH_SIGN_IN_MINUTES),
        ("lease_hours", LEASE_HOURS),
    ):
        yield f"| `{key}` | " + " | ".join(str(values[stage]) for stage in LEASE_HOURS) + " |"
    yield ""
    yield "## By the deploying shell"
    yield ""
    yield "A variable that is set stands over the page."
    yield ""
    yield "| variable | key |"
    yield "| --- | --- |"
    for variable, place in OVERRIDES.items():
        yield f"| `{variable}` | `{'.'.join(place)}` |"


def _told(part: Any) -> Any:
    """A schema without the titles that say a key again, whose mappings take only keys of their pattern."""
    if isinstance(part, list):
        return [_told(one) for one in part]
    if not isinstance(part, dict):
        return part
    told = {
        key: _told(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
    }
    if isinstance(told.get("description"), str):
        told["description"] = " ".join(told["description"].split())
    if "patternProperties" in told:
        told["additionalProperties"] = False
    return told


if __name__ == "__main__":
    sys.exit(main())
