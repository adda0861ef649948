"""The agents' Python files and resources, for the one room that brings them to the sandbox."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from infra.manifests.code import Code
from infra.manifests.compile import Verdict

FILE = "code_files.json"
"""Where they lie in that room's zip."""


def code_files(verdicts: Iterable[Verdict]) -> bytes:
    """The file that the zip carries, by agent; one without Python files and resources is not in it.

    `{agent: {"module": {"file", "source", "sha256"}, "resources": {name: base64 of gzip}}}`, `module` only where the
    manifest has one. Equal files give equal bytes.
    """
    told = {verdict.id: _of(verdict.code) for verdict in verdicts}
    carried = {agent: said for agent, said in told.items() if said}
    return json.dumps(carried, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _of(code: Code) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if code.module is not None:
        module = code.module
        said["module"] = {"file": module.file, "source": module.source, "sha256": module.sha256}
    if said or code.resources:
        said["resources"] = {
            one.name: base64.b64encode(one.packed).decode("ascii") for one in code.resources
        }
    return said
