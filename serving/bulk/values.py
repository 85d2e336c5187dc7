"""Values of a row as other formats write them."""

import json
from typing import Any


def as_cell(value: Any) -> str:
    """Return a value as a cell of CSV: nothing for null, JSON for what is no text or number."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return as_json(value)


def as_json(value: Any) -> str:
    """Return a value as JSON, of what JSON has no form for (a date, say) its text.

    NaN and infinities, which JSON does not have, become null.
    """
    if isinstance(value, float) and not -float("inf") < value < float("inf"):
        return "null"
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:  # NaN within an object or array
        return json.dumps(str(value), ensure_ascii=False)
