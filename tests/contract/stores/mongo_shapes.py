"""Queries recorded from the driver's commands, and whether a declared index serves them.

By MongoDB's documented rules (equality, sort, range; prefixes; partial indexes), not by what a
server's explain says: the stand-in plans by rules of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo.database import Database
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from api.stores.mongo.schema import Index

Filter = Mapping[str, Any]
Documents = Database[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shape:
    """One query: its collection, filter and order."""

    collection: str
    filter: Filter
    sort: tuple[tuple[str, int], ...] = ()


@dataclass
class Recorder(CommandListener):
    """Records the shape of every query that the driver sends."""

    shapes: list[Shape] = field(default_factory=list)

    def started(self, event: CommandStartedEvent) -> None:
        self.shapes += shapes_of(event.command_name, event.command)

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


def shapes_of(name: str, command: Mapping[str, Any]) -> Iterator[Shape]:
    where = command.get(name)
    if name == "find":
        yield Shape(where, command["filter"], tuple(command.get("sort", {}).items()))
    elif name == "findAndModify":
        yield Shape(where, command["query"], tuple(command.get("sort", {}).items()))
    elif name in ("update", "delete"):
        for one in command["updates" if name == "update" else "deletes"]:
            yield Shape(where, one["q"])
    elif name == "aggregate":
        first, second = command["pipeline"][:2]
        yield Shape(where, first["$match"], tuple(second.get("$sort", {}).items()))


def branches(shape: Shape) -> Iterator[Shape]:
    """Yield the queries that a query with $or stands for; each may have an index of its own.

    https://www.mongodb.com/docs/manual/reference/operator/query/or/#-or-clauses-and-indexes
    """
    rest = {name: test for name, test in shape.filter.items() if name != "$or"}
    for one in shape.filter.get("$or", ({},)):
        yield Shape(shape.collection, {**rest, **one}, shape.sort)


def serves(index: Index, shape: Shape) -> bool:
    """Return whether the index finds the documents of a query, in its order, and few others."""
    if not all(_implied(shape.filter, *condition) for condition in (index.partial or {}).items()):
        return False
    equal = {name for name, test in shape.filter.items() if set(test) <= {"$eq", "$in"}}
    if index.unique and {name for name, _ in index.keys} <= equal:
        return True  # one document, whatever else is asked of it
    fields = set(shape.filter) - set(index.partial or {})
    keys = list(index.keys)
    if not fields <= {name for name, _ in keys}:
        return False  # documents would be fetched only to be left out
    while keys and keys[0][0] in equal:
        keys.pop(0)
    if shape.sort:
        wanted = list(shape.sort)
        reverse = [(name, -direction) for name, direction in wanted]
        return keys[: len(wanted)] in (wanted, reverse)
    found_by = len(index.keys) - len(keys)
    return found_by > 0 or (bool(keys) and keys[0][0] in shape.filter)


def _implied(query: Filter, name: str, condition: object) -> bool:
    test = query.get(name, {})
    if condition == {"$exists": True}:
        return bool(test) and test not in ({"$eq": None}, {"$exists": False})
    return bool(test == {"$eq": condition})


def by_id(shape: Shape) -> bool:
    return set(shape.filter.get("_id", {})) == {"$eq"}
