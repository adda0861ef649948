"""The API against its own description: requests well formed and not, and every answer is one that is described."""

import gzip
import json
from collections.abc import Mapping

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from functions.pages.description import FILE
from functions.shared.identifiers import new_id
from tests.support.account import ORIGIN
from tests.support.backend import compose_rooms
from tests.support.exhaustive import one_of
from tests.support.fake_model import text
from tests.support.notebook_room import ran
from tests.support.notebooks import cell, png, shows
from tests.support.served import gateway_of

SCHEMA = schemathesis.openapi.from_dict(json.loads(FILE.read_text()))
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
EXAMPLES = 25
TOKENS = ("alice", "bob", "carol", "carol", "nobody", "")


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def api(patch, one_account, agents_file):
    """A gateway, and what exists behind it by its name in a request: something waits, something was said."""
    one_account.empty()
    backend = compose_rooms(patch, one_account, agents_file)
    gateway = gateway_of(patch, backend, agents_file)
    approval_id = backend.ask(by="alice")
    backend.open(approval_id)
    approval = backend.approval(approval_id)
    patch.setattr(backend.model, "answer", lambda *_, **__: text("Which instance type?"))
    ran(backend, approval.conversation_id, cell("call_1", outputs=[shows(png())]))
    return gateway, {
        "approval_id": [approval_id, new_id()],
        "conversation_id": [approval.conversation_id, new_id()],
        "digest": [approval.digest, "0" * 64],
        "name": ["base.css", "chat.js", "chat.html", "sales.csv"],
        "call_id": ["call_1", "call_2"],
        "number": [1, 2],
        "Origin": [ORIGIN, "https://elsewhere.example.com"],
    }


@pytest.mark.parametrize(
    "mode", one_of([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]), ids=str
)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_server_error(api, name, mode):
    gateway, known = api
    operation = OPERATIONS[name]
    cases = operation.as_strategy(generation_mode=mode)

    @seed(20261121)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, token=st.sampled_from(TOKENS), data=st.data())
    def check(case, token, data):
        for part in (case.path_parameters, case.headers, case.body):
            for named in set(part or {}) & set(known) if isinstance(part, Mapping) else ():
                if data.draw(st.integers(0, 3)):
                    part[named] = data.draw(st.sampled_from(known[named]))
        case.validate_response(sent(gateway, case, token), checks=CHECKS)

    try:
        check()
    except Unsatisfiable:
        assert not operation.body
        pytest.skip("this operation takes nothing that could be malformed")


def sent(gateway, case, token):
    """The case through the gateway, as a response that schemathesis can judge."""
    given = case.as_transport_kwargs(base_url=ORIGIN)
    given.pop("allow_redirects", None)
    prepared = requests.Request(
        **{name: given.get(name) for name in ("method", "url", "params", "json", "data", "files")},
        headers={**(given.get("headers") or {})},
        cookies=given.get("cookies"),
    ).prepare()
    body = prepared.body or b""
    answer = gateway.send(
        prepared.method,
        prepared.path_url,
        headers=dict(prepared.headers),
        body=body if isinstance(body, bytes) else body.encode(),
        token=token,
    )
    headers = {header: [value] for header, value in answer.headers.items()}
    content = answer.content or answer.text.encode()
    if headers.pop("content-encoding", None) == ["gzip"]:
        content = gzip.decompress(content)
    return Response(
        status_code=int(answer.status),
        headers=headers,
        content=content,
        request=prepared,
        elapsed=0.0,
        verify=True,
    )
