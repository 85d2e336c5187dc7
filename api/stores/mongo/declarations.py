"""Be the words that `schema` declares collections in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel

Keys = tuple[tuple[str, int], ...]

TEXT = {"bsonType": "string"}
WHOLE = {"bsonType": ["int", "long"]}
NUMBER = {"bsonType": ["double", "int", "long"]}
TRUTH = {"bsonType": "bool"}
DATE = {"bsonType": "date"}
BINARY = {"bsonType": "binData"}
TEXTS = {"bsonType": "array", "items": TEXT}
ANY = {"bsonType": ["object", "objectId", "string"]}


def or_null(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Return the type that is this one or null."""
    types = kind["bsonType"]
    return {**kind, "bsonType": [*([types] if isinstance(types, str) else types), "null"]}


def document(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the form of a document with the required fields and no others than these."""
    return {
        "bsonType": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Index:
    """Declare one index; kept_as names the setting of Retention after which documents expire."""

    name: str
    keys: Keys
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    kept_as: str | None = None

    def model(self, seconds: int | None) -> IndexModel:
        """Return what the driver makes of it."""
        options: dict[str, Any] = {"name": self.name, "unique": self.unique}
        if self.partial is not None:
            options["partialFilterExpression"] = self.partial
        if seconds is not None:
            options["expireAfterSeconds"] = seconds
        return IndexModel(list(self.keys), **options)


@dataclass(frozen=True, slots=True)
class Collection:
    """Declare one collection."""

    name: str
    validator: Mapping[str, Any]
    indexes: tuple[Index, ...] = ()
