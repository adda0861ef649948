"""What a stack was deployed from, as one hash in its outputs, by which a change of page or agents is seen later."""

import hashlib
import json
import tomllib

from infra.agents import Compiled, serialized
from infra.page import ROOT, Page


def deployed_from(page: Page, agents: Compiled) -> str:
    """SHA-256 over the release, the page with its overrides, and the compiled agents, in hex."""
    release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    written = json.dumps(page.model_dump(mode="json"), sort_keys=True)
    digest = hashlib.sha256()
    for part in (release["version"].encode(), written.encode(), serialized(agents)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
