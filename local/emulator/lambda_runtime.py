"""Corrections of how Lambdas run: real runtime client, clean environment, whole logs, no
needless waits."""

import hashlib
import io
import os
import queue
import socketserver
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local.emulator.lambda_worker import END_OF_LOG
from local.emulator.patching import wrap

SERVICE = "ministack.services.lambda_svc"
RUNTIME = "ministack.core.lambda_runtime"

_WORKER = Path(__file__).with_name("lambda_worker.py")
_BOOTSTRAP = '#!/bin/sh\nexec "$LAMBDA_PYTHON" -P "$LAMBDA_WORKER" "$_HANDLER"\n'
_OF_THE_MACHINE = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_OF_THE_WORKER = ("LAMBDA_TASK_ROOT", "LAMBDA_PYTHON", "LAMBDA_WORKER")
_LOG_WAIT_SECONDS = 0.25
_MARK_WAIT_SECONDS = 30.0
_layers: dict[str, str] = {}


def _is_python(config: Mapping[str, Any]) -> bool:
    return str(config.get("Runtime", "python")).startswith("python")


def python_lambdas_run_on_the_runtime_client() -> None:
    """Stock: every Python error is `Runtime.HandlerError` without a trace and kills the worker,
    so that no Retry or Catch of a state machine matches an exception's name. Here: awslambdaric
    over the Runtime API that ministack already has for `provided` runtimes."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    def with_bootstrap(unpack: Callable[[bytes], str]) -> Callable[[bytes], str]:
        def code_directory(code_zip: bytes) -> str:
            directory = unpack(code_zip)
            bootstrap = Path(directory) / "bootstrap"
            if not bootstrap.exists():
                fresh = bootstrap.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}")
                fresh.write_text(_BOOTSTRAP)
                fresh.chmod(0o755)
                fresh.replace(bootstrap)
            return directory

        return code_directory

    def with_python(pick: Callable[[dict[str, Any]], type]) -> Callable[[dict[str, Any]], type]:
        return lambda config: lambda_runtime.ProvidedWorker if _is_python(config) else pick(config)

    def on_runtime_client(execute: Callable[..., Any]) -> Callable[..., Any]:
        def execute_warm(function: dict[str, Any], event: object, request_id: str) -> Any:  # noqa: ANN401
            if _is_python(function.get("config") or function):
                return lambda_svc._execute_function_provided_warm(function, event, request_id)
            return execute(function, event, request_id)

        return execute_warm

    wrap(f"{SERVICE}:_provided_runtime_code_dir", with_bootstrap)
    wrap(f"{RUNTIME}:_worker_class_for", with_python)
    wrap(f"{SERVICE}:_execute_function_warm", on_runtime_client)
    wrap(f"{SERVICE}:_provided_worker_env", _with_runtime_variables)


def _with_runtime_variables(build: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    def worker_environment(config: dict[str, Any], code: str, port: int) -> dict[str, str]:
        environment = build(config, code, port)
        if not _is_python(config):
            return environment
        logs = config.get("LoggingConfig") or {}
        name = config.get("FunctionName", "")
        return environment | {
            "LAMBDA_PYTHON": sys.executable,
            "LAMBDA_WORKER": str(_WORKER),
            "PYTHONPATH": os.pathsep.join([code, *_layer_directories(config)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime', '')}",
            "AWS_LAMBDA_LOG_GROUP_NAME": logs.get("LogGroup") or f"/aws/lambda/{name}",
            "AWS_LAMBDA_LOG_FORMAT": logs.get("LogFormat", "Text"),
        }

    return worker_environment


def _layer_directories(config: Mapping[str, Any]) -> list[str]:
    from ministack.services import lambda_svc

    directories = []
    for reference in config.get("Layers") or []:
        content = lambda_svc._resolve_layer_zip(reference)
        if not content:
            continue
        digest = hashlib.sha256(content).hexdigest()
        if digest not in _layers:
            directory = tempfile.mkdtemp(prefix="layer-")
            zipfile.ZipFile(io.BytesIO(content)).extractall(directory)  # noqa: S202
            _layers[digest] = directory
        directories.append(str(Path(_layers[digest]) / "python"))
    return directories


def lambdas_see_only_their_own_environment() -> None:
    """Stock: a Lambda inherits the developer's whole shell, credentials files and keys included.
    Here: what the function's configuration names, what Lambda itself sets, and a handful of the
    machine's variables."""

    def filtered(build: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
        def worker_environment(config: dict[str, Any], code: str, port: int) -> dict[str, str]:
            own = set((config.get("Environment") or {}).get("Variables") or {})
            kept = {
                name: value
                for name, value in build(config, code, port).items()
                if name in own
                or name in _OF_THE_MACHINE + _OF_THE_WORKER
                or name.startswith(("AWS_", "PYTHON", "_"))
            }
            kept |= {
                "HOME": tempfile.gettempdir(),
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
            if "AWS_ENDPOINT_URL" not in own:
                kept["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
            return kept

        return worker_environment

    wrap(f"{SERVICE}:_provided_worker_env", filtered)


def log_of_a_call(
    source: "queue.Queue[str]",
    mark: str | None,
    *,
    is_running: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """The lines up to `mark`. What ended, or makes no marks, has a quarter of a second to say more;
    a mark that is to come is waited for, or each later call would be one call behind."""
    lines: list[str] = []
    began = clock()
    while True:
        patience = _MARK_WAIT_SECONDS if mark and is_running() else _LOG_WAIT_SECONDS
        if (left := began + patience - clock()) <= 0:
            break
        try:
            line = source.get(timeout=min(left, _LOG_WAIT_SECONDS))
        except queue.Empty:
            continue
        text, end, call = line.partition(END_OF_LOG)
        if text or not end:
            lines.append(text)
        if end and END_OF_LOG + call == mark:
            break
    return "\n".join(lines)


def logs_are_whole_and_cost_no_wait() -> None:
    """Stock: each call waits 50 ms for log lines that may come, and a late line lands in the
    next call's log. Here: the worker marks the end of each call's log with the call's id, so that
    a call takes exactly its own lines, however late this busy machine hands them over."""

    def naming_the_call(invoke: Callable[..., Any]) -> Callable[..., Any]:
        def invoke_named(worker: Any, event: object, request_id: str, **more: Any) -> Any:  # noqa: ANN401
            worker.log_ends_with = END_OF_LOG + request_id if _is_python(worker.config) else None
            return invoke(worker, event, request_id, **more)

        return invoke_named

    def until_the_mark(_: Callable[..., str]) -> Callable[..., str]:
        def drain(worker: Any, first_line_wait: float | None = None, **_: float) -> str:  # noqa: ANN401
            # ministack names this wait only while a process begins, when no call's mark can come.
            is_of_a_call = first_line_wait is None
            return log_of_a_call(
                worker._stderr_queue,
                getattr(worker, "log_ends_with", None) if is_of_a_call else None,
                is_running=lambda: worker._proc is not None and worker._proc.poll() is None,
            )

        return drain

    def without_marks(drain: Callable[[Any], str]) -> Callable[[Any], str]:
        return lambda worker: "\n".join(
            line for line in drain(worker).split("\n") if not line.startswith(END_OF_LOG)
        )

    wrap(f"{RUNTIME}:ProvidedWorker.invoke", naming_the_call)
    wrap(f"{RUNTIME}:ProvidedWorker._drain_stderr_bounded", until_the_mark)
    wrap(f"{RUNTIME}:ProvidedWorker._drain_stderr", without_marks)


def the_runtime_api_answers_without_delay() -> None:
    """Stock: two small writes per answer meet the kernel's delayed acknowledgement, 40 ms for
    each call."""
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
