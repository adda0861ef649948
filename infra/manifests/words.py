"""A manifest's other spellings brought to one: SlashGPT's words, its loose values, and keys that nobody knows."""

from collections.abc import Mapping
from typing import Any

from infra.manifests.actions import MODELS
from infra.manifests.manifest import Function, Manifest
from infra.manifests.problems import Findings, Key

SAMPLE = "sample"
ACTION_WORDS = {
    "type": "kind",
    "appkey": "secret",
    "emit_method": "method",
    "emit_data": "data",
}
"""SlashGPT's words for what an action says."""
LIST_KEYS = ("intro", "language", "list", "agents", "samples", "resources")


def in_our_words(written: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """The manifest with one spelling for each thing; version 1 becomes what version 2 would say."""
    manifest = {key: value for key, value in written.items() if not _is_sample(key)}
    if samples := _samples(written, findings):
        manifest["samples"] = samples
    actions = manifest.get("actions")
    if isinstance(actions, dict):
        manifest["actions"] = {
            name: _action(action, ("actions", name), findings) for name, action in actions.items()
        }
    if manifest.get("version", 1) == 1:
        return _loosely(manifest, findings)
    return manifest


def _is_sample(key: str) -> bool:
    return key != "samples" and key.strip().startswith(SAMPLE)


def _samples(written: Mapping[str, Any], findings: Findings) -> list[Any]:
    """Every starter in the order of the file."""
    samples: list[Any] = []
    for key, value in written.items():
        if key == "samples" and isinstance(value, list):
            samples += value
        elif key == "samples" or _is_sample(key):
            if not isinstance(value, str):
                findings.refuse("bad_value", (key,), "a sample is a text")
            elif value.strip():
                samples.append(value)
    return samples


def _action(written: Any, key: Key, findings: Findings) -> Any:
    if not isinstance(written, dict):
        return written
    action: dict[str, Any] = {}
    for name, value in written.items():
        word = str(ACTION_WORDS.get(name, name))
        if word != name:
            findings.renamed[(*key, word)] = (*key, name)
            if word in written:
                message = f"{name} and {word} are one thing; write {word}"
                findings.refuse("said_twice", (*key, word), message)
        action[word] = value
    if isinstance(action.get("kind"), str):
        action["kind"] = action["kind"].lower()
    if isinstance(action.get("method"), str) and action.get("kind", "rest") == "rest":
        action["method"] = action["method"].upper()
    return action


def _loosely(manifest: dict[str, Any], findings: Findings) -> dict[str, Any]:
    """What SlashGPT would read from it; what it would not is told once."""
    unknown: list[str] = []
    known: dict[str, Any] = {}
    for key, value in manifest.items():
        if key == "embeddings":
            message = "there is no vector search here: {articles} stays as it stands"
            findings.warn("embeddings_ignored", (key,), message)
        elif key not in Manifest.model_fields:
            unknown.append(key)
        elif value is not None:
            known[key] = value
    known["prompt"] = _joined(known.get("prompt", ""))
    for key in LIST_KEYS:
        if isinstance(known.get(key), str):
            known[key] = [known[key]]
    if isinstance(known.get("temperature"), str):
        known["temperature"] = _number(known["temperature"])
    if isinstance(known.get("model"), dict):
        message = "a model of its own address is not called; its name is looked up in model.aliases"
        findings.warn("model_ignored", ("model",), message)
        known["model"] = str(known["model"].get("model_name", ""))
    if isinstance(known.get("actions"), dict):
        known["actions"] = {
            name: _loose_action(action, name, findings, unknown)
            for name, action in known["actions"].items()
        }
    if isinstance(known.get("functions"), list):
        known["functions"] = known_members(known["functions"], unknown)
    if unknown:
        findings.warn("unknown_key", (), f"unknown keys have no effect: {', '.join(unknown)}")
    return known


def known_members(functions: list[Any], unknown: list[str]) -> list[Any]:
    """Functions without the members that no service knows; their names are noted."""
    kept = []
    for function in functions:
        if isinstance(function, dict):
            name = str(function.get("name", "?"))
            unknown += [
                f"functions.{name}.{key}" for key in function if key not in Function.model_fields
            ]
            function = {  # noqa: PLW2901
                key: value for key, value in function.items() if key in Function.model_fields
            }
        kept.append(function)
    return kept


def _loose_action(action: Any, name: str, findings: Findings, unknown: list[str]) -> Any:
    if not isinstance(action, dict):
        return action
    if "kind" not in action and "url" in action:
        findings.warn("kind_missing", ("actions", name), "it says no kind; with a url it is rest")
        action = {**action, "kind": "rest"}
    model = MODELS.get(str(action.get("kind")))
    if model is None:
        return action
    unknown += [f"actions.{name}.{key}" for key in action if key not in model.model_fields]
    return {
        key: value
        for key, value in action.items()
        if key in model.model_fields and value is not None
    }


def _joined(prompt: Any) -> Any:
    if isinstance(prompt, list) and all(isinstance(line, str) for line in prompt):
        return "\n".join(prompt)
    return prompt


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
