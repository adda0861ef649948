"""Watches rooms at work: who was invoked how often, what each asked of AWS, and what DynamoDB took for it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import botocore.client
import pytest

from benchmarks.cost.dynamodb_units import Item, Units, read_units, write_units
from functions.shared.observe import logger

Read = Callable[[str, Mapping[str, Any]], Item | None]
"""An item as it is stored now, by table and key."""
WRITES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}
NOBODY = "-"


@dataclass
class Recorder:
    """Counts, by room."""

    invocations: Counter[str] = field(default_factory=Counter)
    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By room, service and operation."""
    units: dict[str, Units] = field(default_factory=dict)
    """By table."""
    over_http: int = 0
    """How many of the invocations came through the gateway."""
    room: str = NOBODY

    touched: set[tuple[str, str]] = field(default_factory=set)
    """Each room with each table it read or wrote."""
    log: StringIO = field(default_factory=StringIO)
    """What the rooms logged, figures included."""

    def took(self, table: str, units: Units) -> None:
        self.touched.add((self.room, table))
        self.units[table] = self.units.get(table, Units()) + units

    @property
    def logged_bytes(self) -> int:
        """To the next hundred."""
        return -(-len(self.log.getvalue().encode()) // 100) * 100

    def figures(self) -> set[tuple[str, ...]]:
        """The custom metrics written: a name with its dimensions is one."""
        return {
            (metric["Name"], *(str(line[name]) for name in dimensions))
            for line in map(json.loads, filter(None, self.log.getvalue().splitlines()))
            for block in line.get("_aws", {}).get("CloudWatchMetrics", [])
            for dimensions in block["Dimensions"]
            for metric in block["Metrics"]
        }

    def all_units(self) -> Units:
        return sum(self.units.values(), Units())

    def count(self, service: str, operation: str = "") -> int:
        return sum(
            number
            for (_, of, name), number in self.requests.items()
            if of == service and operation in ("", name)
        )

    def of_room(self, room: str) -> dict[str, int]:
        """How often a room asked each service."""
        found: Counter[str] = Counter()
        for (who, service, _), number in self.requests.items():
            if who == room:
                found[service] += number
        return dict(found)

    def invoked(self, room: str, handler: Callable[..., Any]) -> Callable[..., Any]:
        """The handler, counted, and what it asks under the room's name."""

        def counted(event: Any, context: Any) -> Any:
            self.invocations[room] += 1
            self.over_http += "routeKey" in event
            outer, self.room = self.room, room
            try:
                return handler(event, context)
            finally:
                self.room = outer

        return counted

    @contextmanager
    def watching(self, tables: Mapping[str, Mapping[str, Any]], read: Read) -> Iterator[None]:
        """Every request of botocore's clients until the end; `tables` are their descriptions."""
        ask = botocore.client.BaseClient._make_api_call

        def asked(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            if self.room == NOBODY:
                return ask(client, operation, parameters)
            self.requests[self.room, service, operation] += 1
            if service != "dynamodb":
                return ask(client, operation, parameters)
            written = list(_written(operation, parameters))
            before = [read(table, key(tables[table], item)) for table, item in written]
            answer = ask(client, operation, parameters)
            for table, units in _reads(operation, parameters, answer):
                self.took(table, units)
            for (table, item), old in zip(written, before, strict=True):
                written_units = write_units(
                    old,
                    read(table, key(tables[table], item)),
                    indexes=tables[table].get("GlobalSecondaryIndexes", []),
                    in_transaction=operation == "TransactWriteItems",
                )
                self.took(table, written_units)
            return answer

        with pytest.MonkeyPatch.context() as patch, self._listening():
            patch.setattr(botocore.client.BaseClient, "_make_api_call", asked)
            yield

    @contextmanager
    def _listening(self) -> Iterator[None]:
        logger.clear_state()
        [handler] = logger.handlers
        before = handler.setStream(self.log)
        try:
            with redirect_stdout(self.log):
                yield
        finally:
            handler.setStream(before)


def key(table: Mapping[str, Any], item: Item) -> dict[str, Any]:
    """The key of an item, or of a request that names it."""
    return {one["AttributeName"]: item[one["AttributeName"]] for one in table["KeySchema"]}


def _reads(
    operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]
) -> Iterator[tuple[str, Units]]:
    """What a request reads, table by table."""
    if operation in ("GetItem", "Query"):
        is_consistent = parameters.get("ConsistentRead", False)
        yield parameters["TableName"], read_units(answer, is_consistent=is_consistent)
    if operation == "BatchGetItem":
        for table, asked in parameters["RequestItems"].items():
            for item in answer["Responses"][table]:
                is_consistent = asked.get("ConsistentRead", False)
                yield table, read_units({"Item": item}, is_consistent=is_consistent)


def _written(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, Item]]:
    """The table and the key of each item that a request writes or checks for a write."""
    if operation in WRITES:
        yield parameters["TableName"], parameters[WRITES[operation]]
    for part in parameters.get("TransactItems", []):
        [(_, one)] = part.items()
        yield one["TableName"], one.get("Item") or one["Key"]
