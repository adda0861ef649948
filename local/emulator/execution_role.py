"""Corrections of whose rights CloudFormation has: those of the role it is handed, or else the caller's."""

import contextvars
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.emulator.ec2.wire import flat
from local.emulator.iam import ACTIONS, EVALUATOR, Enforce
from local.emulator.patching import resolve, wrap
from local.emulator.resource_calls import Account, Call, Operation, calls

STACKS = "ministack.services.cloudformation.stacks"
HANDLERS = "ministack.services.cloudformation:_ACTION_HANDLERS"
CHANGE_SET = "ministack.services.cloudformation.changesets:_find_change_set"
SERVICE = "cloudformation.amazonaws.com"
HAND_OVER = ("CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet")
CHANGING = (*HAND_OVER, "ExecuteChangeSet")

_asked: contextvars.ContextVar[Mapping[str, str]] = contextvars.ContextVar(
    "asked_of_cloudformation"
)
_caller: contextvars.ContextVar[str] = contextvars.ContextVar(
    "caller_of_cloudformation", default=""
)
_acting: contextvars.ContextVar[Any] = contextvars.ContextVar("acting_for_a_stack", default=None)
_roles: dict[tuple[str, str, str], str] = {}
"""The role that a stack was last handed, by account, region and name."""


def a_role_is_handed_to_cloudformation_only_by_who_may_pass_it() -> None:
    """Stock: `RoleARN` is ignored. Here: it needs `iam:PassRole` for CloudFormation, and a role that is
    there and trusts CloudFormation."""

    def remembering(read: Callable[..., Any]) -> Callable[..., Any]:
        def request_tag_context(service: str, action: str, body: bytes, parameters: Any) -> Any:  # noqa: ANN401
            if service == "cloudformation":
                _asked.set(flat(parameters))
            return read(service, action, body, parameters)

        return request_tag_context

    def with_the_role(enforce: Enforce) -> Enforce:
        def check(
            access_key: str, action: str, service: str, region: str, *rest: Any, **named: Any
        ) -> Any:  # noqa: ANN401
            denied = enforce(access_key, action, service, region, *rest, **named)
            if denied or service != "cloudformation":
                return denied
            _caller.set(access_key)
            role = _asked.get({}).get("RoleARN", "")
            if not role or action.partition(":")[2] not in HAND_OVER:
                return None
            passed = {"iam:PassedToService": SERVICE}
            return enforce(access_key, "iam:PassRole", "iam", region, role, passed)

        return check

    def admitted(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def handle(parameters: Any) -> Any:  # noqa: ANN401
            role = flat(parameters).get("RoleARN", "")
            if role and not _trusts_cloudformation(role):
                from ministack.services.cloudformation.helpers import _error

                return _error("ValidationError", f"Role {role} is invalid or cannot be assumed")
            return handler(parameters)

        return handle

    wrap(f"{ACTIONS}:request_tag_context", remembering)
    wrap(f"{EVALUATOR}:enforce", with_the_role)
    handlers = resolve(HANDLERS)
    for name in HAND_OVER:
        handlers[name] = admitted(handlers[name])


def stacks_are_made_with_the_rights_of_their_role() -> None:
    """Stock: whatever a template says is made, whoever asked. Here: each resource is created, updated and
    deleted only as far as the stack's role may make the calls that this takes, and without a role as far as
    the caller may."""

    def acting_for(name: str, handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def handle(parameters: Any) -> Any:  # noqa: ANN401
            known = _acting.set(_principal(name, flat(parameters)))
            try:
                return handler(parameters)
            finally:
                _acting.reset(known)

        return handle

    handlers = resolve(HANDLERS)
    for name in CHANGING:
        handlers[name] = acting_for(name, handlers[name])
    wrap(f"{STACKS}:_provision_resource", _creating)
    wrap(f"{STACKS}:_update_resource", _updating)
    wrap(f"{STACKS}:_delete_resource", _deleting)


def _creating(provision: Callable[..., Any]) -> Callable[..., Any]:
    def create(kind: str, logical_id: str, properties: Any, stack: str) -> Any:  # noqa: ANN401
        _check(_calls("create", kind, logical_id, properties, stack))
        return provision(kind, logical_id, properties, stack)

    return create


def _updating(change: Callable[..., Any]) -> Callable[..., Any]:
    def update(
        kind: str,
        physical_id: str,
        old: Any,
        new: Any,
        stack: str,
        logical_id: Any = None,
        *more: Any,
    ) -> Any:  # noqa: ANN401
        if old != new:
            _check(_calls("update", kind, logical_id or physical_id, new, stack))
        return change(kind, physical_id, old, new, stack, logical_id, *more)

    return update


def _deleting(remove: Callable[..., Any]) -> Callable[..., Any]:
    def delete(
        kind: str, physical_id: str, properties: Any, stack: Any = None, logical_id: Any = None
    ) -> Any:  # noqa: ANN401
        _check(_calls("delete", kind, logical_id or physical_id, properties, stack or ""))
        return remove(kind, physical_id, properties, stack, logical_id)

    return delete


def _calls(
    operation: Operation, kind: str, logical_id: str, told: object, stack: str
) -> Iterator[Call]:
    from ministack.core.responses import get_account_id, get_region

    account = Account(
        id=get_account_id(), region=get_region(), tags_of=_tags_of, boundary_of=_boundary_of
    )
    return calls(operation, kind, logical_id, told, stack=stack, account=account)


def _tags_of(arn: str) -> Mapping[str, str]:
    from ministack.services.tagging import resource_tags

    return resource_tags(arn) or {}


def _boundary_of(role: str) -> str:
    from ministack.services import iam

    return str((iam._roles.get(role) or {}).get("PermissionsBoundary") or "")


def _principal(name: str, asked: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Whose rights an operation on a stack has; None for the account's root."""
    from ministack.core.iam_evaluator import AuthError, resolve_principal
    from ministack.core.responses import get_account_id, get_region

    stack = asked.get("StackName", "")
    if name == "ExecuteChangeSet":
        _, found = resolve(CHANGE_SET)(asked.get("ChangeSetName", ""), stack)
        stack = found["StackName"] if found else stack
    if stack.startswith("arn:"):
        stack = stack.split("/")[1]
    place = (get_account_id(), get_region(), stack)
    if asked.get("RoleARN"):
        _roles[place] = asked["RoleARN"]
    if place in _roles:
        return _as_role(_roles[place])
    caller = resolve_principal(_caller.get(), get_account_id())
    return None if isinstance(caller, AuthError) or caller.policies is None else caller


def _as_role(arn: str) -> Any:  # noqa: ANN401
    from ministack.core import iam_evaluator
    from ministack.services import iam

    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    return iam_evaluator.PrincipalInfo(
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/AWSCloudFormation",
        type="AssumedRole",
        account=account,
        policies=iam_evaluator._gather_role_policies(name, account),
        limits=iam_evaluator._permissions_boundary(iam._roles, name, account),
    )


def _trusts_cloudformation(arn: str) -> bool:
    from ministack.services import iam

    role = iam._roles.get_scoped(arn.split(":")[4], None, arn.rpartition("/")[2])
    trust = (role or {}).get("AssumeRolePolicyDocument") or "{}"
    return SERVICE in (trust if isinstance(trust, str) else json.dumps(trust))


def _check(needed: Iterator[Call]) -> None:
    """Raise what CloudFormation tells of a resource whose handler was refused."""
    from ministack.core.iam_evaluator import EvalContext, evaluate
    from ministack.core.responses import get_region

    acting = _acting.get()
    if acting is None:
        return
    for call in needed:
        context = EvalContext(
            principal_arn=acting.arn,
            principal_type=acting.type,
            principal_account=acting.account,
            action=call.action,
            resource_arn=call.resource,
            region=get_region(),
            service_context={key.lower(): value for key, value in call.keys.items()},
            principal_keys=acting.keys,
        )
        if evaluate(context, acting.policies, *acting.limits).decision != "Allow":
            raise PermissionError(
                f'Resource handler returned message: "User: {acting.arn} is not authorized to perform: '
                f'{call.action} on resource: {call.resource}" (HandlerErrorCode: AccessDenied)'
            )
