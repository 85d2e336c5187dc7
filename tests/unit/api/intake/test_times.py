"""How the time of a post is read."""

from datetime import UTC, datetime

import pytest

from api.intake.times import UnreadableTimeError, time_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-05-31T18:20:00Z", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("2024-05-31T20:20:00+02:00", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("2024-05-31 18:20:00 +0000", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("2024-05-31 18:20:00 UTC", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("2024-05-31T18:20", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        (" 2024-05-31 ", datetime(2024, 5, 31, tzinfo=UTC)),
        ("Fri May 31 20:20:00 +0200 2024", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("5/31/24 18:20", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("5/31/2024 18:20:05", datetime(2024, 5, 31, 18, 20, 5, tzinfo=UTC)),
        ("5/31/24 6:20 PM", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("5/31/24 12:05 am", datetime(2024, 5, 31, 0, 5, tzinfo=UTC)),
        ("5/31/24", datetime(2024, 5, 31, tzinfo=UTC)),
        (1717179600, datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        ("1717179600", datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
        (1717179600.5, datetime(2024, 5, 31, 18, 20, 0, 500_000, tzinfo=UTC)),
        (1717179600000, datetime(2024, 5, 31, 18, 20, tzinfo=UTC)),
    ],
)
def test_every_form_of_a_time_is_read_as_utc(written: object, meant: datetime) -> None:
    assert time_of(written, NOW) == meant
    assert time_of(written, NOW).tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "", "soon", "31/5/24 18:20", "5/31/24 25:00", "5/31/24 0:20 PM", "2024-13-01",
        "Fri Mai 31 20:20:00 +0200 2024", "Fri May 31 20:20:00 +0260 20240", "24-05-31",
        "٥/٣١/٢٤", "\ud83d", "1" * 5000, True, None, [2024], float("nan"), float("inf"), 10**400,
        "0001-01-01T00:00:00+14:00",
    ],
    ids=lambda written: str(written)[:20].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_what_is_not_a_time_is_rejected(written: object) -> None:
    with pytest.raises(UnreadableTimeError, match="is not a time") as raised:
        time_of(written, NOW)

    assert str(raised.value).isascii()


@pytest.mark.parametrize(("written", "year"), [("1/2/26 3:04", 2026), ("1/2/99 3:04", 1999)])
def test_two_digits_mean_this_year_or_one_before(written: str, year: int) -> None:
    assert time_of(written, NOW).year == year


@pytest.mark.parametrize(("written", "reason"), [("1/2/27 3:04", "1927"), ("12/31/26", "future")])
def test_two_digits_never_mean_a_year_to_come_nor_a_date_ahead_another_century(
    written: str, reason: str
) -> None:
    with pytest.raises(UnreadableTimeError, match=reason):
        time_of(written, NOW)
