"""Turn times and texts into what any store can keep, and back.

Times are whole microseconds since 1970 in UTC: that is what Python's datetime resolves, so a time
comes back equal to what went in, and integers compare and index as they are.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

LARGEST = 2**63 - 1
"""The largest count that stores keep: 64 bits, signed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stored_time(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(stored: int) -> datetime:
    """Return the UTC time that stored_time was given."""
    return _EPOCH + timedelta(microseconds=stored)


def optional_stored_time(at: datetime | None) -> int | None:
    """Return the time as it is stored, or None."""
    return None if at is None else stored_time(at)


def optional_time_of(stored: int | None) -> datetime | None:
    """Return the UTC time, or None."""
    return None if stored is None else time_of(stored)


def stored_text(text: str) -> str:
    """Return text that UTF-8 can hold: the lone half of a surrogate pair becomes U+FFFD.

    Archives hold such halves where an emoji was cut in two.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def stored_json(value: Any) -> str:
    """Return JSON values as text."""
    return json.dumps(value, separators=(",", ":"))
