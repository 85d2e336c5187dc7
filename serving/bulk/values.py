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
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:  # NaN, perhaps deep within, where reading the JSON again finds it
        read = json.loads(json.dumps(value, default=_plain), parse_constant=lambda _: None)
        return json.dumps(read, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
