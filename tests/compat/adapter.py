"""The product behind SlashGPT's cases: one call of a manifest's function, checked and run by the product's own code.

`run` is what the judge of the cases asks for; the manifests lie under COMPAT_DIRECTORY, or beside the checkout.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from functions.chat.do_calls import Knowledge, do_calls, error_text, place_of
from functions.chat.emit import emitted
from functions.chat.model import RequestedCall
from functions.chat.rooms import Whose
from functions.chat.tool_calls import check_calls
from functions.run_action.fetch import Outgoing
from functions.run_action.ungated import Running
from functions.shared.agent import Agent
from functions.shared.kinds import Place
from infra.manifests.compile import Verdict, compile_manifest, siblings_of
from infra.page import ROOT
from tests.compat.loops import ActionRoom
from tests.compat.sandboxed import SandboxRoom, without_gates
from tests.compat.stubbed import GivenSecrets, StubbedFetch
from tests.support.talking import Known

CASES = ROOT.parent / "shared" / "slashgpt"
SECONDS = 60.0


def run(
    manifest_path: str,
    function: str,
    arguments: str,
    env: Mapping[str, str],
    stub_reply: Mapping[str, Any],
    last_user: str,  # noqa: ARG001
) -> dict[str, Any]:
    """What the call did: requests, the text for the model, what was emitted, an error that was handled."""
    root = Path(os.environ.get("COMPAT_DIRECTORY") or CASES)
    return ran(root, manifest_path, function, arguments, env, stub_reply)


def ran(
    root: Path,
    manifest_path: str,
    function: str,
    arguments: str,
    env: Mapping[str, str],
    stub_reply: Mapping[str, Any],
) -> dict[str, Any]:
    """The same for a manifest below this folder."""
    agent, siblings, verdict = agent_of(root, manifest_path)
    fetch = StubbedFetch(int(stub_reply["status"]), str(stub_reply["text"]))
    requested = RequestedCall("call_1", function, arguments)
    [call] = check_calls([requested], agent=agent, turn=1, used_ids=frozenset())
    said: dict[str, Any] = {"should_call_llm": not agent.skip_function_result, "emit": None}
    if call.complaint:
        return {**said, **told(error_text(call.complaint)), "requests": []}
    place = place_of(call)
    if place is Place.CLIENT:
        return {**said, **told("The client answers this call.", by="client"), "requests": []}
    if place is Place.NOWHERE or call.is_gated:
        return {**said, **told("A person countersigns this call first."), "requests": []}
    done = do_calls(
        [call],
        agent=agent,
        knowledge=Knowledge(),
        rooms=ActionRoom(Running(Known([agent]), fetch, GivenSecrets(env)), SandboxRoom([verdict])),
        whose=Whose("owner", "conversation", 1),
        seconds=SECONDS,
        may_switch=True,
        known_agents=siblings,
    )
    if done.gated:
        return {**said, **told("A person countersigns this call first."), "requests": []}
    result = done.results[call.id]
    if call.action is not None and call.action.kind == "emit":
        said["emit"] = list(emitted(call.action.values, call.arguments or {}))
    answer = {"result_text": result.text} if result.status == "succeeded" else told(result.text)
    return {**said, **answer, "requests": [request_of(one) for one in fetch.sent]}


@cache
def agent_of(root: Path, manifest_path: str) -> tuple[Agent, frozenset[str], Verdict]:
    """The agent of a manifest where nobody countersigns Python, the ids of those beside it, and its files."""
    file = root / manifest_path
    verdict = compile_manifest(file, root=root)
    return without_gates(Agent.of(verdict.id, verdict.compiled())), siblings_of(file), verdict


def told(text: str, by: str = "llm") -> dict[str, Any]:
    """A failure that somebody reads."""
    return {"result_text": text, "error": {"reported_to": by, "text": text}}


def request_of(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "method": outgoing.method,
        "url": outgoing.url,
        "headers": dict(outgoing.headers),
        "body": outgoing.body.decode() if outgoing.body is not None else None,
    }
