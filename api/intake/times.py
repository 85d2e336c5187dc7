"""Parse the time of a post in the forms that sources write it."""

import re
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""The oldest time taken: posts from before X may go back this far, errors further."""

CLOCK_TOLERANCE = timedelta(days=1)
"""How far after now a post's time may be: clocks disagree, and a time may lack its zone."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_X_FORM = re.compile(
    r"[A-Za-z]{3} ([A-Za-z]{3}) ([0-9]{1,2}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) "
    r"([+-][0-9]{2})([0-9]{2}) ([0-9]{4})"
)
_MONTH_FIRST = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})"
    r"(?:,? +([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([AaPp])[Mm])?)?"
)
_EPOCH = re.compile(r"[0-9]{9,13}(?:\.[0-9]{1,9})?")
_ZONE_APART = re.compile(r" +(?=[+-][0-9]{2}:?[0-9]{2}$)")
_LONGEST = 64
# Later than the year 5138 in seconds, so it can only mean milliseconds.
_FIRST_MILLISECONDS = 1e11

_FORMS = (
    "use ISO 8601 (2024-05-31T18:20:00Z), X's form (Wed Oct 10 20:19:24 +0000 2018), "
    "month/day/year hour:minute, or seconds since 1970"
)


class UnreadableTimeError(ValueError):
    """A value that is not the time of a post; the message is for the person who sent it."""


def time_of(value: object, now: datetime) -> datetime:
    """Return the time that a source wrote, as an aware UTC time; without a zone it is UTC.

    Takes a datetime's ISO 8601 form, X's form, month/day/year, and seconds or milliseconds since
    1970 as a number or a string of 9 to 13 digits. A year of two digits is the latest such year
    that is not after now's: in 2024, 23 is 2023 and 25 is 1925.
    Raises UnreadableTimeError, also for times before 1990 or more than a day after now.
    """
    try:
        moment = _parsed(value, now).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise UnreadableTimeError(f"{_shown(value)} is not a time: {_FORMS}") from exc
    if moment < EARLIEST:
        raise UnreadableTimeError(
            f"the time {moment:%Y-%m-%d %H:%M} lies before {EARLIEST:%Y}, before any post"
        )
    if moment > now + CLOCK_TOLERANCE:
        raise UnreadableTimeError(f"the time {moment:%Y-%m-%d %H:%M} (UTC) lies in the future")
    return moment


def _shown(value: object) -> str:
    if not isinstance(value, str):
        return "a value that is no text"
    return "'" + value[:_LONGEST].encode("ascii", "backslashreplace").decode("ascii") + "'"


def _parsed(value: object, now: datetime) -> datetime:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("neither text nor a number")
    if not isinstance(value, str):
        return _from_epoch(float(value))
    text = value.strip()
    if len(text) > _LONGEST:
        raise ValueError("too long for a time")
    if _EPOCH.fullmatch(text):
        return _from_epoch(float(text))
    if match := _X_FORM.fullmatch(text):
        return _from_x_form(match)
    if match := _MONTH_FIRST.fullmatch(text):
        return _from_month_first(match, now)
    return _from_iso(text)


def _from_epoch(seconds: float) -> datetime:
    if seconds >= _FIRST_MILLISECONDS:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def _from_x_form(match: re.Match[str]) -> datetime:
    # Not strptime: it reads the names of months in the language of the machine.
    month, day, hour, minute, second, zone_hours, zone_minutes, year = match.groups()
    date = f"{year}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}"
    return datetime.fromisoformat(f"{date}T{hour}:{minute}:{second}{zone_hours}:{zone_minutes}")


def _from_month_first(match: re.Match[str], now: datetime) -> datetime:
    month, day, year_text, hour_text, minute, second, half = match.groups()
    year = int(year_text)
    if len(year_text) == 2:
        year += now.year // 100 * 100
        if year > now.year:
            year -= 100
    hour = int(hour_text or 0)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a twelve-hour clock")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    return datetime(
        year, int(month), int(day), hour, int(minute or 0), int(second or 0), tzinfo=UTC
    )


def _from_iso(text: str) -> datetime:
    plain = _ZONE_APART.sub("", text.removesuffix(" UTC").removesuffix(" GMT"))
    moment = datetime.fromisoformat(plain)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
