import json
import uuid

import httpx
import pytest
from botocore.exceptions import ClientError

from local.emulator.tenants import KEPT_IDLE
from tests.emulator.conftest import ROLE, until
from tests.emulator.test_lambda_runtime import is_alive

pytestmark = pytest.mark.emulator

WHO = """
import os
def handler(event, context):
    if event == "crash": os._exit(3)
    return [context.tenant_id, os.getpid()]
"""


@pytest.fixture(scope="module")
def isolated(emulator):
    """A function of a stack whose environments are one tenant's each; its name."""
    made = emulator.stack(
        {
            "Who": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Role": ROLE,
                    "Handler": "index.handler",
                    "Code": {"ZipFile": WHO},
                    "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"},
                },
            }
        },
        {"Name": {"Ref": "Who"}},
    )
    return made["Name"]


def asked(emulator, function, tenant, event=None):
    answer = emulator.client("lambda").invoke(
        FunctionName=function, TenantId=tenant, Payload=json.dumps(event).encode()
    )
    return json.loads(answer["Payload"].read())


def refusal(emulator, function, **tenant):
    with pytest.raises(ClientError) as refused:
        emulator.one_try("lambda").invoke(FunctionName=function, **tenant)
    return refused.value.response["Error"]["Code"]


def test_a_function_of_a_stack_says_that_its_tenants_are_apart(emulator, isolated):
    configured = emulator.client("lambda").get_function_configuration(FunctionName=isolated)
    assert configured["TenancyConfig"] == {"TenantIsolationMode": "PER_TENANT"}


def test_no_process_serves_two_tenants(emulator, isolated):
    one, other = uuid.uuid4().hex, uuid.uuid4().hex
    processes = {one: set(), other: set()}
    for tenant in (one, other, one, other):
        named, process = asked(emulator, isolated, tenant)
        assert named == tenant
        processes[tenant].add(process)
    assert [len(found) for found in processes.values()] == [1, 1]
    assert processes[one].isdisjoint(processes[other])


def test_a_tenant_whose_process_crashed_gets_another_one(emulator, isolated):
    tenant, other = uuid.uuid4().hex, uuid.uuid4().hex
    first = asked(emulator, isolated, tenant)
    untouched = asked(emulator, isolated, other)
    asked(emulator, isolated, tenant, "crash")
    assert asked(emulator, isolated, tenant)[1] != first[1]
    assert asked(emulator, isolated, other) == untouched


def test_a_call_without_a_tenant_is_refused_there(emulator, isolated):
    assert refusal(emulator, isolated) == "InvalidParameterValueException"


def test_a_call_with_a_tenant_is_refused_elsewhere(emulator):
    function = emulator.python_lambda("def handler(event, context): return 1")
    assert refusal(emulator, function, TenantId="x") == "InvalidParameterValueException"


def test_a_changed_function_serves_its_tenants_anew(emulator, isolated):
    tenant = uuid.uuid4().hex
    first = asked(emulator, isolated, tenant)
    emulator.client("lambda").update_function_configuration(FunctionName=isolated, Timeout=9)
    assert asked(emulator, isolated, tenant)[1] != first[1]


def test_only_a_few_idle_tenants_keep_their_processes(emulator, isolated):
    processes = [asked(emulator, isolated, uuid.uuid4().hex)[1] for _ in range(KEPT_IDLE + 3)]
    alive = until(
        lambda: [process for process in processes if is_alive(process)],
        lambda left: len(left) <= KEPT_IDLE + 1,
        within=5,
    )
    assert processes[-1] in alive


def test_the_emulator_tells_which_process_served_whom(emulator, isolated):
    tenant = uuid.uuid4().hex
    _, process = asked(emulator, isolated, tenant)
    told = httpx.get(f"{emulator.endpoint}/_countersign/lambda/tenants").json()["served"]
    assert {"function": isolated, "tenant": tenant, "process": process} in told
