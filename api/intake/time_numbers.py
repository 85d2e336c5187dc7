"""Read a number as a time: seconds since 1970 or parts of them, days of a spreadsheet, digits."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_NUMBERISH = re.compile(r"[0-9][0-9.,eE+ ]*")
_PLAIN = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_COMMA_SERIAL = re.compile(r"[0-9]{5},[0-9]{1,20}")
_GROUPED = re.compile(r"[0-9]{1,3}([,. ])[0-9]{3}(?:\1[0-9]{3}){2,5}")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,]([0-9]{1,20}))?[eE]\+?[0-9]{1,2}")
# Fewer digits after the first do not reach the seconds of any time since 2001.
_SCIENTIFIC_DIGITS = 9
_DATE_DIGITS = re.compile(
    r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?"
)

# A spreadsheet's day 0. Its days of 1990 and later, seconds, milliseconds and microseconds of these
# years and nanoseconds since 2001 are numbers of different sizes, so none is mistaken for another;
# nor are the digits of a date (20181010, 201810102019), as such an epoch time lies before 1990.
_SERIAL_EPOCH = datetime(1899, 12, 30)
_SERIALS = range(32_874, 100_000)
_FIRST_NANOSECONDS = 10**18
_EPOCH_UNITS = (
    (range(10**8, 10**11), 1),
    (range(10**11, 10**14), 10**3),
    (range(10**14, 10**17), 10**6),
    (range(_FIRST_NANOSECONDS, 10**19), 10**9),
)


class UnreadableNumberError(ValueError):
    """A number that is no time for a reason worth telling; the message is for people."""


def number_in(text: str) -> int | Decimal | None:
    """Return the number that a text is as a whole, also with grouped digits; None if it is none.

    Raises UnreadableNumberError where a spreadsheet has rounded it ("1.5392E+12").
    """
    if not _NUMBERISH.fullmatch(text):
        return None
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if _COMMA_SERIAL.fullmatch(text):
        return Decimal(text.replace(",", "."))
    if match := _GROUPED.fullmatch(text):
        return int(text.replace(match[1], ""))
    if match := _SCIENTIFIC.fullmatch(text):
        if len(match[1] or "") < _SCIENTIFIC_DIGITS:
            raise UnreadableNumberError(
                "a spreadsheet has rounded this number, and its last digits are gone; take the "
                "file as it was before the spreadsheet saved it"
            )
        return Decimal(text.replace(",", "."))
    return None


def time_of_number(number: float | Decimal) -> datetime:
    """Return the time that a number means: aware for one since 1970, else naive.

    Takes seconds, milliseconds, microseconds and nanoseconds since 1970, days since 1899-12-30 (the
    day numbers of spreadsheets), and the digits of a date without or with a clock.
    Raises ValueError, or ArithmeticError where the number is not finite.
    """
    if not 0 < number < 10**19:
        raise ValueError("no number of these years")
    whole = int(number)
    digits = str(whole)
    if len(digits) in (8, 12, 14) and whole == number and (date := _DATE_DIGITS.fullmatch(digits)):
        year, month, day, hour, minute, second = (int(part or 0) for part in date.groups())
        return datetime(year, month, day, hour, minute, second)
    if whole in _SERIALS:
        # To the millisecond, as spreadsheets do: a day's fraction holds no second exactly.
        return _SERIAL_EPOCH + timedelta(milliseconds=round(number * 86_400_000))
    if whole >= _FIRST_NANOSECONDS and whole % 1000:
        # Nothing counts posts to the nanosecond, and of a thousand ids one ends in three zeros.
        raise UnreadableNumberError("this looks like the id of a post")
    for numbers, per_second in _EPOCH_UNITS:
        if whole in numbers:
            return datetime.fromtimestamp(float(number) / per_second, UTC)
    raise ValueError("no number of these years")
