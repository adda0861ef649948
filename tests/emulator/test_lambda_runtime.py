import os
import time
import uuid

import pytest

from local.programs import plain_environment
from tests.emulator.conftest import until

pytestmark = pytest.mark.emulator

ECHO = "def handler(event, context): return event"


def test_an_exception_of_a_python_lambda_keeps_its_name_and_its_trace(emulator):
    function = emulator.python_lambda(
        """
        class StockRanOut(Exception): pass
        def handler(event, context): raise StockRanOut("no more")
        """
    )
    answer = emulator.invoke(function)
    assert answer["errorType"] == "StockRanOut"
    assert answer["errorMessage"] == "no more"
    assert "handler" in "".join(answer["stackTrace"])


def test_a_lambda_that_raised_is_still_warm(emulator):
    function = emulator.python_lambda(
        """
        import os
        def handler(event, context):
            if event == "raise": raise ValueError
            return os.getpid()
        """
    )
    first = emulator.invoke(function)
    emulator.invoke(function, "raise")
    assert emulator.invoke(function) == first


def test_a_state_machine_catches_a_lambdas_exception_by_its_name(emulator):
    function = emulator.python_lambda(
        """
        class StockRanOut(Exception): pass
        def handler(event, context): raise StockRanOut("no more")
        """
    )
    catch = [{"ErrorEquals": ["StockRanOut"], "Next": "State1", "Output": "caught"}]
    task = {"Type": "Task", "Resource": function, "Catch": catch, "End": True}
    ended = emulator.end_of(emulator.start(task, {"Type": "Pass", "End": True}))
    assert (ended["status"], ended["output"]) == ("SUCCEEDED", '"caught"')


def test_a_lambda_sees_the_function_and_nothing_of_the_emulators_environment(emulator):
    function = emulator.python_lambda(
        """
        import os
        def handler(event, context): return dict(os.environ)
        """
    )
    seen = emulator.invoke(function)
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == function.rpartition(":")[2]
    assert seen["AWS_ENDPOINT_URL"] == emulator.endpoint
    assert seen["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"
    assert seen["HOME"] != os.environ.get("HOME")
    assert not {"AUTH", "GATEWAY_PORT", "BIND_HOST", "LAMBDA_ACCOUNT_CONCURRENCY"} & set(seen)


def test_programs_get_nothing_of_the_developers_accounts(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("OPENAI_API_KEY", "not to be seen")
    assert not {"AWS_PROFILE", "OPENAI_API_KEY"} & set(plain_environment())


def test_every_line_of_a_call_is_in_its_own_log(emulator):
    function = emulator.python_lambda(
        """
        def handler(event, context):
            for number in range(1500): print(event, number)
            print(event, end=" ends")
        """
    )
    names = [uuid.uuid4().hex for _ in range(5)]
    for name in names:
        emulator.invoke(function, name)
    events = emulator.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{function.rpartition(':')[2]}", limit=10_000
    )["events"]
    text = "".join(event["message"] for event in events)
    calls = text.split("START RequestId")[1:]
    assert len(calls) == len(names)
    for name, call in zip(names, calls, strict=True):
        assert f"{name} 1499" in call
        assert f"{name} ends" in call
        assert "end of invocation" not in call


def test_a_process_that_hangs_while_it_begins_is_told_without_waiting_for_a_call_s_log(emulator):
    function = emulator.python_lambda(
        """
        import time
        print("begun")
        time.sleep(300)
        def handler(event, context): return event
        """
    )
    emulator.client("lambda").update_function_configuration(FunctionName=function, Timeout=1)
    began = time.monotonic()
    assert emulator.invoke(function)["errorMessage"].endswith("begun")
    assert time.monotonic() - began < 30


def quickest(call):
    """Seconds of the quickest of 15 calls: whatever else this machine does, one of them is left alone."""
    took = []
    for _ in range(15):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return min(took)


def test_a_warm_call_costs_a_few_milliseconds_more_than_a_look_at_its_configuration(emulator):
    function = emulator.python_lambda(ECHO)
    emulator.invoke(function)
    describe = emulator.client("lambda").get_function_configuration
    called = quickest(lambda: emulator.invoke(function))
    described = quickest(lambda: describe(FunctionName=function))
    assert called < described + 0.035


def test_a_lambda_in_the_middle_of_its_work_ends_with_the_emulator(tmp_path):
    from local.emulator_process import EmulatorProcess
    from tests.emulator.conftest import Laboratory

    own = Laboratory(EmulatorProcess.start(tmp_path / "own"))
    note = tmp_path / "pid"
    function = own.python_lambda(
        f"""
        import os, time
        def handler(event, context):
            with open({str(note)!r}, "w") as note: note.write(str(os.getpid()))
            time.sleep(60)
        """,
        timeout=90,
    )
    own.client("lambda").invoke(FunctionName=function, InvocationType="Event")
    until(note.exists, bool, within=10)
    worker = int(until(note.read_text, bool, within=5))
    os.kill(own.process.pid, 9)
    until(lambda: is_alive(worker), lambda alive: not alive, within=5)
    own.process.stop()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
