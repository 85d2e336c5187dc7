"""Ranges of days in a person's time zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.domain.date_ranges import InvalidDateRangeError, date_range


def test_a_range_lasts_from_the_first_midnight_of_its_zone_to_the_one_after_its_last_day() -> None:
    may = date_range(date(2024, 5, 1), date(2024, 5, 31), "Europe/Berlin")

    assert may.start == datetime(2024, 4, 30, 22, tzinfo=UTC)
    assert may.end == datetime(2024, 5, 31, 22, tzinfo=UTC)
    assert may.start in may
    assert may.end not in may
    assert may.end - timedelta.resolution in may
    assert may.start - timedelta.resolution not in may


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2024, 3, 31), 23),
        ("Europe/Berlin", date(2024, 10, 27), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # it began at one o'clock
        ("America/Havana", date(2023, 11, 5), 25),  # it had two midnights
        ("Pacific/Apia", date(2011, 12, 30), 0),  # it was left out
        ("Australia/Lord_Howe", date(2024, 4, 7), 24.5),
    ],
)
def test_a_day_on_which_the_clocks_are_changed_has_its_own_length(
    zone: str, day: date, hours: float
) -> None:
    asked = date_range(day, day, zone)

    assert asked.start is not None
    assert asked.end is not None
    assert asked.end - asked.start == timedelta(hours=hours)
    if hours:
        assert asked.day_of(asked.start) == day
        assert asked.day_of(asked.end - timedelta.resolution) == day
        assert asked.day_of(asked.start - timedelta.resolution) == day - timedelta(days=1)


def test_a_range_without_limits_contains_every_time() -> None:
    always = date_range()

    assert (always.start, always.end) == (None, None)
    assert datetime.min.replace(tzinfo=UTC) in always
    assert datetime.max.replace(tzinfo=UTC) in always


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Honolulu", "UTC"])
def test_the_first_and_the_last_day_of_the_calendar_are_limits_as_well(zone: str) -> None:
    moment = datetime(2024, 5, 1, tzinfo=UTC)

    assert moment in date_range(date.min, date.max, zone)
    assert moment not in date_range(date.max, date.max, zone)
    assert moment not in date_range(date.min, date.min, zone)


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Base", "europe/berlin", "Europe", "../../etc/passwd", "/etc/localtime", "+02:00",
     "Europe/Berlin\n", "UTC\0", "\ud800", "A" * 5000],
)  # fmt: skip
def test_what_is_no_zone_is_refused_with_an_example_of_one(name: str) -> None:
    with pytest.raises(InvalidDateRangeError, match="such as Europe/Berlin") as raised:
        date_range(timezone=name)

    assert raised.value.field == "timezone"


def test_a_last_day_before_the_first_is_refused_with_both_days() -> None:
    with pytest.raises(InvalidDateRangeError, match=r"2024-04-30.*2024-05-01") as raised:
        date_range(date(2024, 5, 1), date(2024, 4, 30))

    assert raised.value.field == "last"
