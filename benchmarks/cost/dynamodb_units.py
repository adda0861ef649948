"""How many read and write units a DynamoDB request takes, from the request and the items it touches.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WRITE_BYTES = 1024
READ_BYTES = 4096
TRANSACTIONAL = 2
"""A transaction prepares and commits each of its items."""


@dataclass(frozen=True, slots=True)
class Units:
    reads: float = 0.0
    writes: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.reads + other.reads, self.writes + other.writes)


Item = Mapping[str, Any]


def size_of(item: Item | None) -> int:
    """An item's bytes as DynamoDB counts them."""
    return sum(len(name.encode()) + _size(value) for name, value in (item or {}).items())


def _size(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.lstrip("-").replace(".", "")) // 2 + 2
        case "B":
            return len(content)
        case "L":
            return 3 + sum(1 + _size(one) for one in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(one) for name, one in content.items())
        case "SS" | "NS" | "BS":
            return sum(len(one) for one in content)
        case _:
            return 1


def read_units(answer: Mapping[str, Any], *, is_consistent: bool) -> Units:
    """One GetItem or one page of a Query; nothing found takes the least there is."""
    items = answer.get("Items", [answer["Item"]] if "Item" in answer else [])
    pages = max(1, math.ceil(sum(size_of(item) for item in items) / READ_BYTES))
    return Units(reads=pages * (1.0 if is_consistent else 0.5))


def write_units(
    before: Item | None,
    after: Item | None,
    *,
    indexes: list[Mapping[str, Any]],
    in_transaction: bool,
) -> Units:
    """One item written, and what its indexes carry."""
    whole = max(1, math.ceil(max(size_of(before), size_of(after)) / WRITE_BYTES))
    carried = sum(_index_writes(index, before or {}, after or {}) for index in indexes)
    return Units(writes=whole * (TRANSACTIONAL if in_transaction else 1) + carried)


def _index_writes(index: Mapping[str, Any], before: Item, after: Item) -> int:
    keys = [key["AttributeName"] for key in index["KeySchema"]]
    old, new = _projected(index, keys, before), _projected(index, keys, after)
    if old == new:
        return 0
    units = max(1, math.ceil(max(size_of(old), size_of(new)) / WRITE_BYTES))
    moved = bool(old and new) and [old[key] for key in keys] != [new[key] for key in keys]
    return units * (2 if moved else 1)


def _projected(index: Mapping[str, Any], keys: list[str], item: Item) -> dict[str, Any]:
    """What an index holds of an item: nothing unless the item has all of its keys."""
    if any(key not in item for key in keys):
        return {}
    if index["Projection"]["ProjectionType"] == "ALL":
        return dict(item)
    kept = {*keys, "pk", "sk", *index["Projection"].get("NonKeyAttributes", [])}
    return {name: value for name, value in item.items() if name in kept}
