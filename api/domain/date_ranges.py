"""A range of days in a person's time zone, as the moments in UTC between which it lies."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


class InvalidDateRangeError(ValueError):
    """A range that cannot be; field is the part at fault: "timezone", "first" or "last"."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class DateRange:
    """The days from first to last, both included, of one time zone; None is no limit.

    A day lasts from its midnight to the next by the clocks of the zone: 23 or 25 hours where they
    are changed.
    """

    zone: ZoneInfo
    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise InvalidDateRangeError(
                "last", f"the last day, {self.last}, comes before the first, {self.first}"
            )

    @property
    def start(self) -> datetime | None:
        """Return the first moment, in UTC."""
        return None if self.first is None else start_of_day(self.first, self.zone)

    @property
    def end(self) -> datetime | None:
        """Return the moment after the last, in UTC: the range lies before it."""
        if self.last is None or self.last == date.max:
            return None
        return start_of_day(self.last + timedelta(days=1), self.zone)

    def day_of(self, moment: datetime) -> date:
        """Return the day on which an aware time falls in the zone."""
        return moment.astimezone(self.zone).date()

    def __contains__(self, moment: datetime) -> bool:
        start, end = self.start, self.end
        return (start is None or moment >= start) and (end is None or moment < end)


def date_range(
    first: date | None = None, last: date | None = None, timezone: str = "UTC"
) -> DateRange:
    """Return the range of days in the zone of an IANA name, such as Europe/Berlin.

    Raises InvalidDateRangeError for another name, or a last day before the first.
    """
    if timezone not in _names():
        raise InvalidDateRangeError(
            "timezone", "is no time zone: give the name of one, such as Europe/Berlin or UTC"
        )
    return DateRange(ZoneInfo(timezone), first, last)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day in a zone, in UTC, or the nearest that has a date."""
    try:
        # Of a midnight that the clocks show twice, this is the first; of one that they leap over,
        # it is the leap.
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return (datetime.min if day.year == date.min.year else datetime.max).replace(tzinfo=UTC)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
