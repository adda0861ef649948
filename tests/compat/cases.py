"""One call of a manifest's function against what is expected of it: our own judge, for our own cases."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.compat.adapter import ran


def judge(case: Mapping[str, Any], root: Path) -> str:
    """In what the call differs; empty when in nothing. `not` are texts that nobody may read."""
    expected = case["expected"]
    written = case["arguments"]
    arguments = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
    said = ran(
        root,
        case["manifest_path"],
        case["function"],
        arguments,
        case["env"],
        case["stub_reply"],
    )
    text = said["result_text"]
    differences = request_differs(expected.get("request"), said["requests"])
    if "error" in expected:
        if "error" not in said:
            differences.append(f"no error, but {text!r}")
        differences += [
            f"{word!r} is not in {text!r}" for word in expected["error"] if word not in text
        ]
    elif "error" in said or text != expected["result"]:
        differences.append(f"{text!r} is not {expected['result']!r}")
    differences += [f"{word!r} is in {text!r}" for word in expected.get("not", ()) if word in text]
    return "; ".join(differences)


def request_differs(expected: Mapping[str, Any] | None, sent: list[dict[str, Any]]) -> list[str]:
    """Every member of the expected request, and every header of it, is as it was sent."""
    if expected is None or len(sent) != 1:
        wanted = 0 if expected is None else 1
        return [] if len(sent) == wanted else [f"{len(sent)} requests instead of {wanted}"]
    [request] = sent
    body = json.loads(request["body"]) if request["body"] is not None else None
    return [
        f"{name} {ours!r} is not {theirs!r}"
        for name, ours, theirs in (
            ("method", request["method"], expected["method"]),
            ("url", request["url"], expected["url"]),
            ("headers", request["headers"], expected["headers"]),
            ("body", body, expected.get("body")),
        )
        if ours != theirs
    ]
