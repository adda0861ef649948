"""What policies allow, evaluated as IAM does, for one caller in one account."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any


def allows(
    statements: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    keys: Mapping[str, Any] | None = None,
) -> bool:
    """Whether any of these statements lets this action through; none of them denies."""
    return any(
        any(matches(action, one) for one in listed(statement["Action"]))
        and any(matches(resource, one) for one in listed(statement["Resource"]))
        and _met(statement.get("Condition", {}), keys or {})
        for statement in statements
    )


def statements_of(documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [statement for document in documents for statement in document["Statement"]]


def actions_of(documents: Iterable[Mapping[str, Any]]) -> set[str]:
    return {
        action for statement in statements_of(documents) for action in listed(statement["Action"])
    }


def matches(value: str, pattern: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _met(condition: Mapping[str, Mapping[str, Any]], keys: Mapping[str, Any]) -> bool:
    return all(wanted for wanted in _tests(condition, keys))


def _tests(condition: Mapping[str, Mapping[str, Any]], keys: Mapping[str, Any]) -> Iterator[bool]:
    for operator, wanted in condition.items():
        assert operator in ("StringEquals", "Bool"), operator
        for key, values in wanted.items():
            yield str(keys.get(key)) in [str(value) for value in listed(values)]
