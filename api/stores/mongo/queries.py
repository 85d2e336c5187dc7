"""Build filters out of values: whatever a caller sends is compared, never run.

Each value stands behind an operator of ours, so a document like {"$gt": ""} in the place of a name
is compared as a document, which no field of that name is.
"""

from __future__ import annotations

from typing import Any

ALIVE = {"erased_at": {"$eq": None}}
"""Of users: those who are not being erased."""


def equal(**values: Any) -> dict[str, Any]:
    """Return a filter of fields that equal these values; `id` stands for `_id`."""
    return {("_id" if name == "id" else name): {"$eq": value} for name, value in values.items()}
