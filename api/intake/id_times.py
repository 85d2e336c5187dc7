"""Read the time that is part of the id of a post: on X (a snowflake) and on Bluesky (a TID)."""

import re
from datetime import UTC, datetime, timedelta

from api.intake.times import CLOCK_TOLERANCE, EARLIEST

_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
# X counted its ids up to some 3 * 10^10 until November 2010; this is an hour of that day.
_FIRST_SNOWFLAKE = 10**14
_TID = re.compile(r"[2-7a-j][2-7a-z]{12}")
_TID_DIGITS = {digit: value for value, digit in enumerate("234567abcdefghijklmnopqrstuvwxyz")}


def time_in_snowflake(post_id: str, now: datetime | None = None) -> datetime | None:
    """Return the time that is part of a post's id on X (November 2010 and later), else None.

    None also where the time is more than a day after now.
    """
    if not (post_id.isascii() and post_id.isdigit() and len(post_id) <= 19):
        return None
    number = int(post_id)
    if not _FIRST_SNOWFLAKE <= number < 2**63:
        return None
    milliseconds = (number >> 22) + _SNOWFLAKE_EPOCH_MS
    return _plausible(timedelta(milliseconds=milliseconds), now)


def time_in_tid(record_key: str, now: datetime | None = None) -> datetime | None:
    """Return the time that is part of the key of a record on Bluesky (a TID), else None.

    None also where the time lies before 1990 or more than a day after now.
    """
    if not _TID.fullmatch(record_key):
        return None
    number = 0
    for digit in record_key:
        number = number << 5 | _TID_DIGITS[digit]
    return _plausible(timedelta(microseconds=number >> 10), now)


def _plausible(since_1970: timedelta, now: datetime | None) -> datetime | None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + since_1970
    if moment < EARLIEST or (now is not None and moment > now + CLOCK_TOLERANCE):
        return None
    return moment
