"""Corrections of Lambda's tenant isolation: an environment that has served one tenant serves no other."""

import contextvars
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from local.emulator.cloudformation import HANDLERS
from local.emulator.lambda_runtime import RUNTIME, SERVICE
from local.emulator.patching import resolve, wrap

FUNCTION = "AWS::Lambda::Function"
HEADER = "Lambda-Runtime-Aws-Tenant-Id"
BEFORE_IT = "Lambda-Runtime-Aws-Request-Id"
KEPT_IDLE = 4
"""So many idle environments of tenants stay warm; stock would keep one for each tenant for ever."""
_MARK = "~"

_tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="")
_served: list[dict[str, Any]] = []


def served() -> list[dict[str, Any]]:
    """Which process has served which tenant of which function, oldest first."""
    return list(_served)


def functions_of_a_stack_keep_their_tenancy() -> None:
    """Stock: CloudFormation drops `TenancyConfig`. Here: the function has it, as when the API made it."""
    from ministack.services import lambda_svc

    function = resolve(HANDLERS)[FUNCTION]
    create = function["create"]

    def create_with_tenancy(logical_id: str, properties: dict[str, Any], stack: str) -> Any:  # noqa: ANN401
        made = create(logical_id, properties, stack)
        if "TenancyConfig" in properties:
            config = lambda_svc._functions[made[0]]["config"]
            config["TenancyConfig"] = properties["TenancyConfig"]
        return made

    function["create"] = create_with_tenancy


def a_tenants_environment_serves_no_other() -> None:
    """Stock: `X-Amz-Tenant-Id` is ignored, and any warm process serves anybody. Here: a function with
    `TenancyConfig` needs one and another may not have one, each tenant has processes of its own, and the
    handler's context names the tenant."""
    wrap(f"{SERVICE}:_invoke", _for_a_tenant)
    wrap(f"{RUNTIME}:_worker_key", lambda key: lambda *named: key(*named) + _suffix())
    wrap(f"{SERVICE}:acquire_worker", _remembered)
    wrap(f"{SERVICE}:invalidate_worker", _of_each_tenant)
    wrap(f"{RUNTIME}:ProvidedWorker._build_handler_class", _with_the_tenants_name)


def _for_a_tenant(invoke: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def invoke_for_tenant(
        name: str, event: object, headers: dict[str, str], *more: Any, **named: Any
    ) -> Any:  # noqa: ANN401
        from ministack.core.responses import error_response_json
        from ministack.services import lambda_svc

        tenant = headers.get("x-amz-tenant-id", "")
        function = lambda_svc._functions.get(name)
        if function is not None and bool(tenant) != ("TenancyConfig" in function["config"]):
            refused = (
                "The invoked function is not enabled with tenancy configuration. "
                "Remove the tenant ID from your request and try again."
                if tenant
                else "The invoked function is enabled with tenancy configuration. "
                "Add a valid tenant ID in your request and try again."
            )
            return error_response_json("InvalidParameterValueException", refused, 400)
        present = _tenant.set(tenant)
        try:
            return await invoke(name, event, headers, *more, **named)
        finally:
            _tenant.reset(present)

    return invoke_for_tenant


def _suffix() -> str:
    """What tells the workers of the present tenant from those of others; without a colon, as keys are split there."""
    tenant = _tenant.get()
    return _MARK + hashlib.sha256(tenant.encode()).hexdigest() if tenant else ""


def _remembered(acquire: Callable[..., Any]) -> Callable[..., Any]:
    def acquire_for_tenant(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        worker, reason = acquire(*arguments, **named)
        if worker is not None and _tenant.get():
            worker.tenant = _tenant.get()
            _end_the_longest_idle()
        return worker, reason

    return acquire_for_tenant


def _end_the_longest_idle() -> None:
    from ministack.core import lambda_runtime

    with lambda_runtime._lock:
        idle = sorted(_idle(lambda_runtime._workers), key=lambda found: -found[1].last_used)
        doomed = idle[KEPT_IDLE:]
        for key, worker in doomed:
            lambda_runtime._workers[key].remove(worker)
    lambda_runtime.kill_workers([worker for _, worker in doomed])


def _idle(pools: dict[str, list[Any]]) -> Iterator[tuple[str, Any]]:
    for key, workers in pools.items():
        if _MARK in key:
            yield from ((key, worker) for worker in workers if not worker.in_use)


def _of_each_tenant(invalidate: Callable[..., None]) -> Callable[..., None]:
    """During a call, of the caller's tenant alone."""

    def invalidate_worker(function: str, qualifier: str | None = None, **named: Any) -> None:
        from ministack.core import lambda_runtime

        qualifiers = {qualifier and qualifier + _suffix()}
        if qualifier and not _tenant.get():
            known = [key.rpartition(":")[2] for key in list(lambda_runtime._workers)]
            qualifiers |= {one for one in known if one.startswith(qualifier + _MARK)}
        for one in qualifiers:
            invalidate(function, qualifier=one, **named)

    return invalidate_worker


def _with_the_tenants_name(build: Callable[..., type]) -> Callable[..., type]:
    def handler_class(worker: Any, *arguments: Any) -> type:  # noqa: ANN401
        stock: Any = build(worker, *arguments)

        class Named(stock):  # type: ignore[misc]
            def send_header(self, keyword: str, value: str) -> None:
                super().send_header(keyword, value)
                tenant = getattr(worker, "tenant", "")
                if keyword == BEFORE_IT and tenant:
                    super().send_header(HEADER, tenant)
                    _served.append(
                        {
                            "function": worker.func_name,
                            "tenant": tenant,
                            "process": worker._proc.pid,
                        }
                    )

        return Named

    return handler_class
