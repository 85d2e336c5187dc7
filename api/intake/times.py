"""Read the time of a post in every form that exports write, and refuse what could mean two times.

A date such as 05/02/2023 is never guessed: order_shown_by says what one value tells of its file,
the reader of the file decides once, and time_of takes the order decided.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from api.domain.imports import DateOrder
from api.intake.time_numbers import UnreadableNumberError, number_in, time_of_number
from api.intake.time_zones import UnknownZoneError, offset_of, zone_of

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""The oldest time taken: posts from before X may go back this far, errors further."""

CLOCK_TOLERANCE = timedelta(days=1)
"""How far after now a post's time may be: clocks disagree, and a time may lack its zone."""

_LONGEST = 100
_FORMS = (
    "use ISO 8601 (2024-05-31T18:20:00Z), X's form (Wed Oct 10 20:19:24 +0000 2018), "
    "a date such as 31 May 2024 18:20, or seconds since 1970"
)

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {
    written: number
    for number, name in enumerate(_MONTH_NAMES, start=1)
    for written in (name, name[:3])
} | {"sept": 9}

_ISO_SEPARATORS = frozenset({"T", " ", ""})
_ISO_CLOCK = re.compile(
    r"[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-9]{2})?)?"
)
_X_FORM = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Za-z]{3}) ([0-9]{1,2}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-][0-9]{4}) ([0-9]{4})"
)

# Marks of writing direction, which some browsers put into dates, go; signs become "-" and "·".
_TIDIED: dict[int, str | None] = {
    **dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), 0xFEFF)),
    0x2212: "-",
    0x2022: "·",
}
_CJK_DATE = re.compile(r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일]")
_WEEKDAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?(?:, ?| )", re.IGNORECASE
)
_HALF = r"(?: ?([AaPp])(?:[Mm]|\. ?[Mm]\.)(?![A-Za-z]))?"
_CLOCK_FIRST = re.compile(
    rf"([0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?{_HALF})"
    r"(?:((?: [A-Za-z]{1,5}| ?[+-][0-9]{2}:?[0-9]{2})?) ?[·,|] ?| - | on | )(.+)"
)
_YEAR_LAST = re.compile(
    r"([A-Za-z]{3,9}\.? [0-9]{1,2}),? ([0-9]{1,2}:[0-9]{2}.*) ([0-9]{4})(?: ([+-][0-9]{4}))?"
)
_COMPACT_ISO = re.compile(r"([0-9]{8}T[0-9]{4}(?:[0-9]{2}(?:[.,][0-9]{1,9})?)?) ?(.*)")

_YEAR_FIRST = re.compile(r"([0-9]{4})(-|/|\. ?)([0-9]{1,2})\2([0-9]{1,2})(?![0-9])\.?")
_NUMERIC = re.compile(
    r"([0-9]{1,2})(-|/|\. ?)([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])\.?(?=[Tt ,:·|@]|$)"
)
_NUMERIC_WITHIN = re.compile(r"(?<![0-9])[0-9]{1,2}[-/.]")
_WORD = r"([^\W\d_]{3,12})\.?"
# Two digits before a colon are an hour: "Oct 10, 20:19" has no year.
_YEAR = r"([0-9]{4}(?![0-9])|'?[0-9]{2}(?![0-9:.h]))"
_DAY_MONTH_NAME = re.compile(
    rf"([0-9]{{1,2}})(?:st|nd|rd|th|\.)?(?: of)?[ /-]?{_WORD},?[ /-]?{_YEAR}"
)
_MONTH_NAME_DAY = re.compile(
    rf"{_WORD}[ /-]?([0-9]{{1,2}})(?:st|nd|rd|th)?(?: (?=[0-9]{{4}})|, ?|[/-]){_YEAR}"
)
_YEAR_MONTH_NAME = re.compile(rf"([0-9]{{4}})[ /-]{_WORD}[ /-]([0-9]{{1,2}})(?![0-9])")
_BEFORE_CLOCK = re.compile(r"[Tt]|:|,? (?:(?:at|[@·|-]) )?| ?[·|@] ?|,")
_CLOCK = re.compile(
    r"([0-9]{1,2})(?:([:.h])([0-9]{2})(?:\2([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?" + _HALF + r"(.*)"
)
_DAY_FRACTION = re.compile(r"0?[.,][0-9]{3,20}")


class UnreadableTimeError(ValueError):
    """A value that is not the time of a post; the message is for the person who sent it."""


class AmbiguousDateError(UnreadableTimeError):
    """A date with two readings, such as 05/02/2023, in a file whose order is not known."""


class _OutOfRangeError(ValueError):
    """A time that no post has; the message follows on the value."""


def time_of(value: object, now: datetime, order: DateOrder | None = None) -> datetime:
    """Return the time that a source wrote, as an aware UTC time; without a zone it is UTC.

    Takes ISO 8601, X's form, RFC 2822, JavaScript's and Unix's date, dates in figures or with an
    English month, with a 12- or 24-hour clock and a zone; seconds, milliseconds, microseconds and
    nanoseconds since 1970; and the day numbers of spreadsheets (of the 1900 system). A year of two
    digits is the latest such year that is not after now's: in 2024, 23 is 2023 and 25 is 1925.

    order is how the file writes 05/02/2023. Without it, dates with slashes or dashes that have two
    readings raise AmbiguousDateError; dates with dots are read day first, as in all countries that
    write dots. Raises UnreadableTimeError for all else, and for times before 1990 or more than a
    day after now.
    """
    try:
        return _in_range(_parsed(value, now, order), now)
    except (ValueError, ArithmeticError, OSError) as exc:
        raise _refusal(exc, _shown(value)) from exc


def time_of_parts(
    date: object, clock: object, zone: object, now: datetime, order: DateOrder | None = None
) -> datetime:
    """Return the time that separate columns for date, time of day and zone give, as time_of does.

    clock and zone may be missing (None or blank); a zone is an offset (+0100), an abbreviation or a
    name such as Europe/Berlin. Raises UnreadableTimeError also where two of the three contradict.
    """
    if _is_missing(date):
        raise UnreadableTimeError("the date is missing")
    try:
        moment = _parsed(date, now, order)
        if not _is_missing(clock):
            if moment.tzinfo is not None or moment.time() != time():
                raise UnreadableTimeError(
                    f"{_shown(date)} has a time of day already, beside {_shown(clock)}"
                )
            moment = datetime.combine(moment, _clock_of(clock))
        if not _is_missing(zone):
            if isinstance(zone, str) and len(zone) > _LONGEST:
                raise ValueError("too long for a zone")
            zoned = moment.replace(tzinfo=zone_of(zone.strip() if isinstance(zone, str) else "?"))
            if moment.tzinfo is not None and moment.utcoffset() != zoned.utcoffset():
                raise UnreadableTimeError(
                    f"{_shown(date if _is_missing(clock) else clock)} names another zone than "
                    f"{_shown(zone)} beside it"
                )
            moment = zoned
        return _in_range(moment, now)
    except (ValueError, ArithmeticError, OSError) as exc:
        parts = (part for part in (date, clock, zone) if not _is_missing(part))
        raise _refusal(exc, " with ".join(map(_shown, parts))) from exc


def order_shown_by(value: object) -> DateOrder | Literal["either"] | None:
    """Return what one value says about the order of its file's dates.

    A DateOrder where only one reading exists (31/12/2023), "either" where the value needs an order
    to be read (05/02/2023), None where it shows and needs none (2023-02-05, 10/10/2018, and
    05.02.2023, as dots put the day first unless the rest of the file says otherwise).
    """
    if not isinstance(value, str) or (value[4:5] == "-" and value[:4].isdigit()):
        return None
    match = _NUMERIC.match(value)
    if match is None:
        if len(value) > _LONGEST or not _NUMERIC_WITHIN.search(value):
            return None
        match = _NUMERIC.match(_arranged(value))
    return _order_in(match) if match else None


def _in_range(moment: datetime, now: datetime) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elif moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    if moment < EARLIEST:
        raise _OutOfRangeError(
            f"is {moment:%Y-%m-%d %H:%M} (UTC), which lies before {EARLIEST:%Y}, before any post"
        )
    if moment > now + CLOCK_TOLERANCE:
        raise _OutOfRangeError(f"is {moment:%Y-%m-%d %H:%M} (UTC), which lies in the future")
    return moment


def _refusal(error: Exception, shown: str) -> UnreadableTimeError:
    if isinstance(error, UnreadableTimeError):
        return error
    if isinstance(error, _OutOfRangeError):
        return UnreadableTimeError(f"{shown} {error}")
    told = isinstance(error, UnknownZoneError | UnreadableNumberError)
    return UnreadableTimeError(f"{shown} is not a time: {error if told else _FORMS}")


def _shown(value: object) -> str:
    if isinstance(value, str):
        cut = value[:_LONGEST]
        return f"'{''.join(each if each.isprintable() else ascii(each)[1:-1] for each in cut)}'"
    if isinstance(value, int | float) and not isinstance(value, bool) and -1e20 < value < 1e20:
        return f"the number {value}"
    return "a value that is no text"


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _parsed(value: object, now: datetime, order: DateOrder | None) -> datetime:
    """Return the time written, naive where no zone is named.

    The first forms are those of nearly every value, and tried first for speed only.
    """
    if not isinstance(value, str):
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValueError("neither text nor a number")
        return time_of_number(value)
    text = value.strip()
    if len(text) > _LONGEST:
        raise ValueError("too long for a time")
    if text[4:5] == "-" and text[10:11] in _ISO_SEPARATORS:
        try:
            return _from_iso(text)
        except ValueError:
            pass  # Of another form, or wrong: what follows finds out which.
    elif match := _X_FORM.fullmatch(text):
        month, day, hour, minute, second, offset, year = match.groups()
        return datetime(
            int(year), _month(month), int(day), int(hour), int(minute), int(second),
            tzinfo=offset_of(offset),
        )  # fmt: skip
    elif text.isascii():
        if text.isdecimal():
            return time_of_number(int(text))
        if match := _NUMERIC.match(text):
            return _with_clock(_numeric_date(match, now, order), text[match.end() :])
    text = _arranged(text)
    if (number := number_in(text)) is not None:
        return time_of_number(number)
    if match := _COMPACT_ISO.fullmatch(text):
        moment, zone = datetime.fromisoformat(match[1]), match[2]
        return moment.replace(tzinfo=zone_of(zone)) if zone else moment
    date, end = _date_at_start(text, now, order)
    return _with_clock(date, text[end:])


def _from_iso(text: str) -> datetime:
    plain = text.removesuffix(" UTC").removesuffix(" GMT")
    zone_removed = len(plain) < len(text)
    if plain[-6:-5] == " " and plain[-5] in "+-":
        plain = plain[:-6] + plain[-5:]
    # fromisoformat alone passes over what stands between a fraction of six digits and the zone.
    if len(plain) > 10 and not _ISO_CLOCK.fullmatch(plain, 11):
        raise ValueError("not of ISO 8601")
    moment = datetime.fromisoformat(plain)
    if zone_removed and moment.tzinfo not in (None, UTC):
        raise ValueError("two zones")
    return moment


def _arranged(text: str) -> str:
    """Return the text tidied up, without weekday, its parts in the order date, clock, zone."""
    if not text.isascii():
        text = _CJK_DATE.sub(r"\1-\2-\3 ", text.translate(_TIDIED)).replace(" ,", ",")
    # Without the mark that tells a spreadsheet that this is text.
    text = " ".join(text.split()).removeprefix("'")
    if text[:1].isalpha():
        text = _without_weekday(text)
        if match := _YEAR_LAST.fullmatch(text):
            date, clock, year, zone = match.groups(default="")
            return f"{date} {year} {clock} {zone}".rstrip()
    elif match := _CLOCK_FIRST.fullmatch(text):
        clock, _, zone, date = match.groups(default="")
        return f"{_without_weekday(date)} {clock}{zone}"
    return text


def _without_weekday(text: str) -> str:
    return text[match.end() :] if (match := _WEEKDAY.match(text)) else text


def _date_at_start(text: str, now: datetime, order: DateOrder | None) -> tuple[datetime, int]:
    """Return the day that the text begins with, and where what follows it begins."""
    if match := _NUMERIC.match(text):
        return _numeric_date(match, now, order), match.end()
    if match := _YEAR_FIRST.match(text):
        date = int(match[1]), int(match[3]), int(match[4])
    elif match := _DAY_MONTH_NAME.match(text):
        date = _year(match[3], now), _month(match[2]), int(match[1])
    elif match := _MONTH_NAME_DAY.match(text):
        date = _year(match[3], now), _month(match[1]), int(match[2])
    elif match := _YEAR_MONTH_NAME.match(text):
        date = int(match[1]), _month(match[2]), int(match[3])
    else:
        raise ValueError("no date")
    return datetime(*date), match.end()


def _month(name: str) -> int:
    number = _MONTHS.get(name.lower())
    if number is None:
        raise UnreadableTimeError(
            f"the month {_shown(name)} is not read: write it in English or as a number"
        )
    return number


def _year(written: str, now: datetime) -> int:
    year = int(written.removeprefix("'"))
    if len(written) == 4:
        return year
    year += now.year // 100 * 100
    return year if year <= now.year else year - 100


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (28 if day <= 28 else monthrange(year, month)[1])


def _numeric_readings(match: re.Match[str]) -> tuple[bool, bool, bool]:
    """Return whether the date exists day first, month first, and with a short year first."""
    first, separator, second, last = match.groups()
    a, b, c = int(first), int(second), int(last)
    year = c if len(last) == 4 else 2000 + c
    # 18-10-25 and 18. 10. 25 are common for a day of 2018; 18/10/25 and 18.10.25 are not.
    short_year = len(last) == 2 and separator in ("-", ". ")
    return _exists(year, b, a), _exists(year, a, b), short_year and _exists(2000 + a, b, c)


def _order_in(match: re.Match[str]) -> DateOrder | Literal["either"] | None:
    day_first, month_first, year_first = _numeric_readings(match)
    if year_first and (day_first or month_first):
        return "either"
    if day_first and month_first:
        undecided = match[2] in "/-" and int(match[1]) != int(match[3])
        return "either" if undecided else None
    if day_first:
        return DateOrder.DAY_FIRST
    return DateOrder.MONTH_FIRST if month_first else None


def _numeric_date(match: re.Match[str], now: datetime, order: DateOrder | None) -> datetime:
    year = _year(match[4], now)
    if order is None:
        shown = _order_in(match)
        if shown == "either":
            raise AmbiguousDateError(_ambiguity(match, year))
        order = shown or DateOrder.DAY_FIRST
    try:
        return datetime(year, *_month_and_day(match, order))
    except ValueError:
        if not any(_numeric_readings(match)[:2]):
            raise
        raise UnreadableTimeError(
            f"{_shown(match[0])} is not a time: it is no date in the order of this file "
            f"({order.replace('_', ' ')}), only in the other"
        ) from None


def _month_and_day(match: re.Match[str], order: DateOrder) -> tuple[int, int]:
    first, second = int(match[1]), int(match[3])
    return (first, second) if order is DateOrder.MONTH_FIRST else (second, first)


def _ambiguity(match: re.Match[str], year: int) -> str:
    written = _shown(match[0])
    _, _, can_be_year_first = _numeric_readings(match)
    if can_be_year_first:
        return (
            f"{written} may have its year first or last: write the year with four digits, or say "
            "with date_order (day_first or month_first) that it is last"
        )
    readings = " or ".join(
        "{}-{:02}-{:02}".format(year, *_month_and_day(match, order)) for order in DateOrder
    )
    return (
        f"{written} may be {readings}: say which the file means with date_order (day_first or "
        "month_first)"
    )


def _with_clock(date: datetime, rest: str) -> datetime:
    """Return the date at the time of day, and in the zone, that the rest of the text names."""
    if not rest:
        return date
    before = _BEFORE_CLOCK.match(rest)
    if not before:
        raise ValueError("neither a clock nor a zone")
    rest = rest[before.end() :]
    if rest[:1].isalpha():
        return date.replace(tzinfo=zone_of(rest))
    return datetime.combine(date, _clock_of(rest))


def _clock_of(value: object) -> time:
    """Return the time of day, in the zone that follows it or naive."""
    if isinstance(value, float | Decimal) and 0 <= value < 1:
        return _clock_of_fraction(value)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError("no clock")
    text = " ".join(value.split())
    match = _CLOCK.fullmatch(text)
    if _DAY_FRACTION.fullmatch(text):
        return _clock_of_fraction(Decimal(text.replace(",", ".")))
    match = _CLOCK.fullmatch(text)
    if not match:
        raise ValueError("no clock")
    written_hour, separator, minute, second, fraction, half, zone = match.groups()
    hour = int(written_hour)
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a twelve-hour clock")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    elif not separator:
        raise ValueError("an hour alone")
    zone = zone.strip()
    return time(
        hour,
        int(minute or 0),
        int(second or 0),
        int(fraction[:6].ljust(6, "0")) if fraction else 0,
        zone_of(zone) if zone else None,
    )


def _clock_of_fraction(day: float | Decimal) -> time:
    if not 0 <= day < 1:
        raise ValueError("no part of a day")
    seconds = min(round(day * 86_400), 86_399)
    return (datetime.min + timedelta(seconds=seconds)).time()
