"""Cursors: the place at which the next page of a list begins, as opaque text for the caller."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api.errors import FieldError, InvalidRequestError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST = 2_000


def cursor_of(asked: object, values: Sequence[Any]) -> str:
    """Return the cursor of these values: texts, whole numbers, times and None.

    asked is what the list was asked for, by its repr: the cursor belongs to it.
    """
    stored = [
        [(value - _EPOCH) // _MICROSECOND] if isinstance(value, datetime) else value
        for value in (_mark(asked), *values)
    ]
    return base64.urlsafe_b64encode(json.dumps(stored).encode()).decode().rstrip("=")


def values_of(asked: object, cursor: str, kinds: Sequence[Any]) -> list[Any]:
    """Return the values of a cursor for what is asked, which must be of these kinds (types).

    Raises InvalidRequestError for a text that is no cursor, or one of another list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars="-_", validate=True) if cursor.isascii() else b""
        stored: Any = json.loads(text) if len(cursor) <= _LONGEST else None
        mark, *values = stored
        values = [
            _EPOCH + timedelta(microseconds=value[0]) if isinstance(value, list) else value
            for value in values
        ]
        if len(values) != len(kinds) or not all(map(_fits, values, kinds)):
            raise ValueError
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError, binascii.Error):
        raise _refused("is not a cursor: give next_cursor of the page before, as it is") from None
    if mark != _mark(asked):
        raise _refused("belongs to another list: repeat what the page before was asked for")
    return values


def _fits(value: object, kind: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int) and not 0 <= value < 2**63:
        return False
    return isinstance(value, kind)


def _mark(asked: object) -> str:
    return hashlib.blake2b(repr(asked).encode(errors="replace"), digest_size=6).hexdigest()


def _refused(reason: str) -> InvalidRequestError:
    return InvalidRequestError("The page cannot be found.", [FieldError("cursor", reason)])
