"""Correction of STS: source identities, which a trust policy may demand."""

import contextvars
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.iam import EVALUATOR
from local.emulator.patching import wrap

SERVICE = "ministack.services.sts"
NAMING = "sts:SetSourceIdentity"

_named: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("named", default=("", ""))
"""The source identity of the request, and the role that it is to be for."""


def a_source_identity_is_a_right_of_both_sides() -> None:
    """Stock: `SourceIdentity` is read nowhere, so a trust policy that demands one denies everybody, and nobody needs
    the right to name one. Here: trust policies see `sts:SourceIdentity`, and who names one needs
    `sts:SetSourceIdentity` by the role's trust and by its own policy."""

    def remembering(read: Callable[..., Any]) -> Callable[..., Any]:
        def session_policies(params: Mapping[str, Any], *rest: Any, **named: Any) -> Any:  # noqa: ANN401
            _named.set((_one(params, "SourceIdentity"), _one(params, "RoleArn")))
            return read(params, *rest, **named)

        return session_policies

    def by_the_caller(identify: Callable[..., Any]) -> Callable[..., Any]:
        def caller_identity(headers: Any, query_params: Any = None) -> Any:  # noqa: ANN401
            from ministack.core import iam_evaluator
            from ministack.core.responses import get_region

            caller = identify(headers, query_params)
            name, role = _named.get()
            if not name or not isinstance(caller, dict):
                return caller
            key = caller["accessKey"]
            if iam_evaluator.enforce(key, NAMING, "sts", get_region(), role) is None:
                return caller
            told = f"User: {caller['userArn']} is not authorized to perform: {NAMING} on resource: {role}"
            return iam_evaluator.CredentialResolutionError("AccessDenied", told)

        return caller_identity

    def by_the_role(judge: Callable[..., bool]) -> Callable[..., bool]:
        def evaluate_trust_policy(trust: Any, caller: str, context: Any = None) -> bool:  # noqa: ANN401
            name, _ = _named.get()
            if not name or context is None or context.action != "sts:AssumeRole":
                return judge(trust, caller, context)
            seen = {**context.service_context, "sts:sourceidentity": name}
            asked = dataclasses.replace(context, service_context=seen)
            naming = dataclasses.replace(asked, action=NAMING)
            return judge(trust, caller, asked) and judge(trust, caller, naming)

        return evaluate_trust_policy

    wrap(f"{SERVICE}:_session_policies", remembering)
    wrap(f"{SERVICE}:_caller_identity", by_the_caller)
    wrap(f"{EVALUATOR}:evaluate_trust_policy", by_the_role)


def _one(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name) or ""
    return str(value[0] if isinstance(value, list) else value)
