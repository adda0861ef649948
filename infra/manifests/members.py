"""What a compiled agent says beside its functions and actions."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from functions.shared.agent import NOTEBOOK_FUNCTIONS
from infra.manifests.compiled_actions import Surroundings
from infra.manifests.files import FileRefused
from infra.manifests.functions import properties_of
from infra.manifests.manifest import Head
from infra.manifests.problems import Key
from infra.manifests.source import read_text
from infra.manifests.unreadable import Unreadable

TEMPERATURE = 0.7
"""What SlashGPT sends where a manifest says nothing."""
RESOURCE = "{resource}"


def texts(around: Surroundings) -> dict[str, Any]:
    """Everything that people or the model read, as written."""
    head = around.head
    return {
        "title": head.title,
        "description": head.description,
        "name": head.bot,
        "prompt": _prompt(around),
        "random": list(head.list),
        "samples": list(head.samples),
        "intro": list(head.intro),
        "form": head.form,
        "result_form": head.result_form,
    }


def model_options(around: Surroundings, aliases: Mapping[str, str]) -> dict[str, Any]:
    """What a request says to the model beside messages and tools."""
    head = around.head
    model = ""
    if head.model:
        model = aliases.get(head.model, "")
        if not model:
            message = (
                f"{head.model!r} is not in the page's model.aliases: the deployment's model answers"
            )
            around.findings.warn("unknown_model", ("model",), message)
    temperature = head.temperature
    if temperature is None and around.version == 1:
        temperature = TEMPERATURE
    return {
        "model": model,
        "temperature": temperature,
        "parallel_tool_calls": head.parallel_tool_calls,
    }


def rules(around: Surroundings) -> dict[str, Any]:
    """How a conversation with the agent goes, and who may hold one."""
    head = around.head
    return {
        "skip_function_result": head.skip_function_result or None,
        "starts": head.starts or None,
        "notebook": head.notebook or None,
        "resources": [one.name for one in around.code.resources],
        "limits": head.limits.model_dump(exclude_none=True),
        "agents": [agent for agent in head.agents if agent in around.siblings],
        "access": head.access.model_dump(mode="json", exclude_defaults=True),
    }


def tool_choice(names: frozenset[str], around: Surroundings) -> Any:
    """What a turn's first request asks of the model."""
    head = around.head
    chosen = head.tool_choice
    if head.function_call is not None:
        if chosen is not None:
            message = "function_call and tool_choice are one thing; write tool_choice"
            around.findings.refuse("said_twice", ("function_call",), message)
        chosen = {"type": "function", "function": {"name": head.function_call}}
    if not isinstance(chosen, dict):
        return chosen
    key = "function_call" if head.function_call else "tool_choice"
    named = chosen.get("function", {})
    name = named.get("name") if isinstance(named, dict) else None
    if name in names:
        return chosen
    message = f"there is no function {name}"
    if around.version == 1:
        around.findings.warn("no_such_function", (key,), message)
        return None
    around.findings.refuse("no_such_function", (key,), message)
    return None


def categorized(function: dict[str, Any], head: Head) -> dict[str, Any]:
    """`categorize` chooses among the agents that the manifest lists, as SlashGPT has it."""
    category = properties_of(function).get("category")
    if function["name"] != "categorize" or not head.agents or not isinstance(category, dict):
        return function
    schema = function["parameters"]
    properties = {
        **schema["properties"],
        "category": {**category, "enum": list(head.agents)},
    }
    return {**function, "parameters": {**schema, "properties": properties}}


def check_names(names: frozenset[str], actions: Iterable[str], around: Surroundings) -> None:
    """Actions, policies and agents are those of functions and manifests that there are."""
    tell = around.findings.warn if around.version == 1 else around.findings.refuse
    for member, named in (("actions", actions), ("policy", around.head.policy)):
        for name in named:
            if name not in names and name not in policed(around.head):
                tell("no_such_function", (member, name), f"no function is named {name}")
    for index, agent in enumerate(around.head.agents):
        if agent not in around.siblings:
            tell("unknown_agent", ("agents", index), f"there is no agent {agent}")
    if around.version == 2 and not _prompt_of(around.head).strip():
        around.findings.refuse("missing_key", ("prompt",), "it is missing")


def policed(head: Head) -> list[str]:
    """The notebook's functions that `policy` names; models call them offered or not."""
    return [name for name in head.policy if head.notebook and name in NOTEBOOK_FUNCTIONS]


def _prompt_of(head: Head) -> str:
    return head.prompt if isinstance(head.prompt, str) else "\n".join(head.prompt)


def _prompt(around: Surroundings) -> str:
    """The prompt with the resource's text in its place; what that text holds is not filled again."""
    prompt, name = _prompt_of(around.head), around.head.resource
    if name is None:
        return prompt
    key: Key = ("resource",)
    try:
        text = read_text(around.folder.find(name))
    except FileRefused as error:
        around.findings.refuse(error.code, key, str(error))
        return prompt
    except Unreadable as error:
        around.findings.refuse(error.mistakes[0].code, key, f"{name}: {error}")
        return prompt
    if around.version == 1:
        text = _as_slashgpt_inserts(text)
    before, _, after = prompt.partition(RESOURCE)
    return before + text + after if RESOURCE in prompt else prompt


def _as_slashgpt_inserts(text: str) -> str:
    """A file's text after its way through SlashGPT, which reads backslashes in it: `\\n` becomes a line break."""
    try:
        return re.sub(re.escape(RESOURCE), text, RESOURCE, count=1)
    except (re.error, IndexError):
        return text
