"""Convert times, texts, hashtags and JSON to stored values, and back.

Times are whole microseconds since 1970 in UTC: that is the resolution of Python's datetime, so a
time is read back equal to what was stored, and integers compare and index without conversion.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

LARGEST = 2**63 - 1
"""The largest count that stores accept: 64 bits, signed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stored_time(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(stored: int) -> datetime:
    """Return the UTC time of stored microseconds."""
    return _EPOCH + timedelta(microseconds=stored)


def optional_stored_time(at: datetime | None) -> int | None:
    """Return an aware time as microseconds since 1970 in UTC, or None."""
    return None if at is None else stored_time(at)


def optional_time_of(stored: int | None) -> datetime | None:
    """Return the UTC time of stored microseconds, or None."""
    return None if stored is None else time_of(stored)


def stored_text(text: str) -> str:
    """Return text that UTF-8 can encode: a lone surrogate becomes U+FFFD.

    Archives contain lone surrogates if an emoji was cut in two.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def stored_hashtags(hashtags: Iterable[str]) -> list[str]:
    """Return hashtags as stored text, each once, in their order."""
    return list(dict.fromkeys(map(stored_text, hashtags)))


def stored_json(value: Any) -> str:
    """Return JSON values as text."""
    return json.dumps(value, separators=(",", ":"))
