"""Read the time that is part of the id of a post: on X (a snowflake) and on Bluesky (a TID)."""

import re
from datetime import UTC, datetime, timedelta

from api.domain.post_ids import snowflake_time
from api.intake.times import CLOCK_TOLERANCE, EARLIEST

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}")
_TID_DIGITS = {digit: value for value, digit in enumerate("234567abcdefghijklmnopqrstuvwxyz")}


def time_in_snowflake(post_id: str, now: datetime | None = None) -> datetime | None:
    """Return the time that is part of a post's id on X (November 2010 and later), else None.

    None also where the time is more than a day after now.
    """
    return _plausible(snowflake_time(post_id), now)


def time_in_tid(record_key: str, now: datetime | None = None) -> datetime | None:
    """Return the time that is part of the key of a record on Bluesky (a TID), else None.

    None also where the time lies before 1990 or more than a day after now.
    """
    if not _TID.fullmatch(record_key):
        return None
    number = 0
    for digit in record_key:
        number = number << 5 | _TID_DIGITS[digit]
    return _plausible(_EPOCH + timedelta(microseconds=number >> 10), now)


def _plausible(moment: datetime | None, now: datetime | None) -> datetime | None:
    if moment is None or moment < EARLIEST:
        return None
    return None if now is not None and moment > now + CLOCK_TOLERANCE else moment
