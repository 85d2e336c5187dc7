"""How the time of a post is read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.domain.imports import DateOrder
from api.intake.id_times import time_in_snowflake, time_in_tid
from api.intake.times import (
    AmbiguousDateError,
    UnreadableTimeError,
    order_shown_by,
    time_of,
    time_of_parts,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY_FIRST, MONTH_FIRST = DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST
EVENING = datetime(2024, 5, 31, 18, 20, tzinfo=UTC)
MIDNIGHT = datetime(2024, 5, 31, tzinfo=UTC)


def at(second: float) -> datetime:
    return EVENING + timedelta(seconds=second)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # ISO 8601 and what databases and languages write that is nearly it.
        ("2024-05-31T18:20:00Z", EVENING),
        ("2024-05-31t18:20:00z", EVENING),
        ("2024-05-31T20:20:00+02:00", EVENING),
        ("2024-05-31T20:20:00+0200", EVENING),
        ("2024-05-31 18:20:00+00", EVENING),
        ("2024-05-31 18:20:00 +0000", EVENING),
        ("2024-05-31 13:20:00 -05:00", EVENING),
        ("2024-05-31 13:20:00 −0500", EVENING),
        ("2024-05-31 18:20:00 UTC", EVENING),
        ("2024-05-31 18:20:00 GMT", EVENING),
        ("2024-05-31 18:20:00 +0000 UTC", EVENING),
        ("2024-05-31 20:20:00 +0200 CEST", EVENING),
        ("2024-05-31T18:20:00+00:00Z", EVENING),
        ("2024-05-31T20:20:00+02:00[Europe/Berlin]", EVENING),
        ("2024-05-31 20:20 Europe/Berlin", EVENING),
        ("2024-05-31T18:20", EVENING),
        ("2024-05-31 06:20:00.000000 PM +0000", EVENING),
        ("2024-05-31 14:20 America/New_York", EVENING),
        ("2024-05-31T18:20:05.5Z", at(5.5)),
        ("2024-05-31 18:20:05,250", at(5.25)),
        ("2024-05-31T18:20:05.123456789Z", at(5.123456)),
        ("20240531T182005Z", at(5)),
        ("20240531T202005+0200", at(5)),
        ("2024-W22-5", MIDNIGHT),
        (" 2024-05-31 ", MIDNIGHT),
        ("'2024-05-31 18:20", EVENING),
        ("2024-05-31 18.20.05", at(5)),
        ("2024-05-31 6:20 PM", EVENING),
        ("2024/05/31 18:20", EVENING),
        ("2024/5/31", MIDNIGHT),
        ("2024.05.31 18:20", EVENING),
        ("2024. 5. 31. 18:20", EVENING),
        ("2024年5月31日 18:20", EVENING),
        ("2024년 5월 31일", MIDNIGHT),
        # X's form and its relatives.
        ("Fri May 31 20:20:00 +0200 2024", EVENING),
        ("Fri May 31 11:20:00 PDT 2024", EVENING),
        ("Fri May 31 18:20:00 2024", EVENING),
        ("Fri May 31 20:20:00 2024 +0200", EVENING),
        ("Fri May 31 2024 20:20:00 GMT+0200 (Central European Summer Time)", EVENING),
        ("Fri, 31 May 2024 20:20:00 +0200", EVENING),
        ("31 May 24 18:20 GMT", EVENING),
        ("Fri, 31 May 2024 20:20:00 +0200 (CEST)", EVENING),
        # A month by name.
        ("May 31, 2024 at 06:20PM", EVENING),
        ("May 31, 2024 · 6:20 PM UTC", EVENING),
        ("6:20 PM · May 31, 2024", EVENING),
        ("18:20 · 31 May 2024", EVENING),
        ("8:20 PM CEST · May 31, 2024", EVENING),
        ("6:20 p.m. · Fri, May 31, 2024", EVENING),
        ("May 31, 2024, 6:20\u202fPM", EVENING),
        ("Friday, May 31, 2024 6:20 p. m.", EVENING),
        ("May 31st, 2024 6 pm", EVENING - timedelta(minutes=20)),
        ("31st of May 2024", MIDNIGHT),
        ("31. May 2024", MIDNIGHT),
        ("31-May-24", MIDNIGHT),
        ("31-MAY-2024 18:20:05.250", at(5.25)),
        ("May-31-2024", MIDNIGHT),
        ("May 31, '24", MIDNIGHT),
        ("2024 May 31 18:20", EVENING),
        ("31/May/2024:18:20:05 +0000", at(5)),
        # Days that can be read in one order only, or in both alike.
        ("5/31/24 18:20", EVENING),
        ("5/31/2024 18:20:05", at(5)),
        ("5/31/24 6:20 PM", EVENING),
        ("5/31/24 12:05 am", MIDNIGHT + timedelta(minutes=5)),
        ("5/31/2024, 6:20:05\u202fPM", at(5)),
        ("\u200e31\u200e/\u200e05\u200e/\u200e2024 \u200f18:20", EVENING),
        ("5/31/24", MIDNIGHT),
        ("31/05/2024 18:20", EVENING),
        ("31-05-2024 18:20", EVENING),
        ("31/05/2024 18h20", EVENING),
        ("18:20 31/05/2024", EVENING),
        ("Fri 31/05/2024", MIDNIGHT),
        ("31.05.2024 18:20", EVENING),
        ("31. 5. 2024", MIDNIGHT),
        ("31.5.24 18:20", EVENING),
        ("5/5/2024", datetime(2024, 5, 5, tzinfo=UTC)),
        ("05.02.2023", datetime(2023, 2, 5, tzinfo=UTC)),
        # Numbers.
        (1717179600, EVENING),
        ("1717179600", EVENING),
        (1717179600.5, at(0.5)),
        ("1717179600.5", at(0.5)),
        (Decimal("1717179600.25"), at(0.25)),
        (1717179600000, EVENING),
        ("1717179600000000", EVENING),
        ("1717179600000000000", EVENING),
        ("1,717,179,600", EVENING),
        ("1.717179605E+09", at(5)),
        ("1,717179605000E+12", at(5)),
        (45443.763888889, EVENING),
        ("45443.763888889", EVENING),
        ("45443,763888889", EVENING),
        ("45443", MIDNIGHT),
        (20240531, MIDNIGHT),
        ("202405311820", EVENING),
        ("20240531182005", at(5)),
    ],
)  # fmt: skip
def test_every_form_of_a_time_is_read_as_utc(written: object, meant: datetime) -> None:
    assert time_of(written, NOW) == meant
    assert time_of(written, NOW).tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "", "soon", "yesterday", "3h", "10", "2018", "May 2024", "May 31", "May 31, 18:20",
        "5/31/24 25:00", "5/31/24 0:20 PM", "5/31/24 13:20 PM", "2024-13-01", "2024-02-30",
        "31/5/24 18", "31/5/24 18:60", "2024-05-31x18:20", "2024-05-31 1820 hours",
        "0000-00-00 00:00:00", "30/02/2024", "2024/31/05", "32.5.2024", "13/13/2024",
        "Fri May 31 20:20:00 +0260 20240", "2024-05-31T18:20:00+23:00", "٥/٣١/٢٤", "\ud83d",
        "1" * 5000, "99", "636747887640000000", True, None, [2024], -1, float("nan"),
        float("inf"), 10**400, Decimal("NaN"), Decimal("1E+999999999"), "0001-01-01T00:00:00+14:00",
    ],
    ids=lambda written: str(written)[:20].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_what_is_not_a_time_is_rejected(written: object) -> None:
    with pytest.raises(UnreadableTimeError, match="is not a time") as raised:
        time_of(written, NOW)

    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("2024-05-31 18:20 nonsense", "zone 'nonsense' is not known"),
        ("2024-05-31 18:20:00 +0200 banana", "not known"),
        ("2024-05-31 18:20:00 +0200 UTC", "not known"),
        ("2024-05-31T18:20:00+02:00 UTC", "not known"),
        ("31 May 2024 18:20 XYZ", "zone 'XYZ' is not known"),
        ("31 May 2024 18:20 Europe/Nowhere", "not known"),
        ("31 May 2024 18:20 ../../etc/passwd", "not known"),
        ("31 May 2024 18:20 IST", "India, Ireland and Israel"),
        ("31 May 2024 18:20 +1500", "no offset"),
        ("10. Oktober 2018", "month 'Oktober' is not read"),
        ("10 août 2018 20:19", "month 'août' is not read"),
        ("Fri Mai 31 20:20:00 +0200 2024", "month 'Mai' is not read"),
        ("1.53920E+12", "rounded"),
        ("1.5392E+09", "rounded"),
        ("1050000000000000001", "id of a post"),
        ("1/31/1989", "before 1990"),
        ("31 May 2027", "future"),
        ("60000", "'60000' is 2064-.*future"),
        ("2024-05-31 18:20 下午", "zone '下午' is not known"),
    ],
)
def test_the_reason_for_a_refusal_is_named(written: str, reason: str) -> None:
    with pytest.raises(UnreadableTimeError, match=reason):
        time_of(written, NOW)


@pytest.mark.parametrize(
    ("abbreviation", "hours"),
    [("UTC", 0), ("gmt", 0), ("Z", 0), ("WEST", 1), ("BST", 1), ("CET", 1), ("CEST", 2),
     ("EET", 2), ("MSK", 3), ("JST", 9), ("ACST", 9.5), ("AEDT", 11), ("EST", -5), ("EDT", -4),
     ("CST", -6), ("MDT", -6), ("PST", -8), ("PDT", -7), ("UTC+2", 2), ("GMT-05:00", -5),
     ("+2", 2), ("(CET)", 1)],
)  # fmt: skip
def test_a_zone_that_means_one_offset_is_read(abbreviation: str, hours: float) -> None:
    assert time_of(f"31 May 2024 18:20 {abbreviation}", NOW) == EVENING - timedelta(hours=hours)


def test_a_named_zone_has_its_summer_time() -> None:
    assert time_of("31 Jan 2024 18:20 Europe/Berlin", NOW).hour == 17
    assert time_of("31 Jul 2024 18:20 Europe/Berlin", NOW).hour == 16


@pytest.mark.parametrize("written", ["1/2/26 3:04", "2-Jan-26", "2 Jan 26", "2.1.26"])
def test_two_digits_mean_this_year_or_one_before(written: str) -> None:
    assert time_of(written, NOW, MONTH_FIRST).year == 2026
    assert time_of(written.replace("26", "99"), NOW, MONTH_FIRST).year == 1999


@pytest.mark.parametrize(("written", "reason"), [("1/2/27 3:04", "1927"), ("12/31/26", "future")])
def test_two_digits_never_mean_a_year_to_come_nor_a_date_ahead_another_century(
    written: str, reason: str
) -> None:
    with pytest.raises(UnreadableTimeError, match=reason):
        time_of(written, NOW, MONTH_FIRST)


@pytest.mark.parametrize(
    "written",
    ["05/02/2023", "5/2/23 20:19", "05-02-2023 8:19 PM", "Sun, 05/02/2023", "20:19 05/02/2023"],
)
def test_a_date_of_two_readings_is_read_in_the_order_of_its_file_only(written: str) -> None:
    assert order_shown_by(written) == "either"
    assert time_of(written, NOW, DAY_FIRST).date().isoformat() == "2023-02-05"
    assert time_of(written, NOW, MONTH_FIRST).date().isoformat() == "2023-05-02"
    with pytest.raises(AmbiguousDateError, match=r"2023-02-05 or 2023-05-02.*date_order"):
        time_of(written, NOW)


@pytest.mark.parametrize(
    ("value", "order"),
    [
        ("31/12/2023", DAY_FIRST), ("25-03-2023 09:00", DAY_FIRST), ("31.12.2023", DAY_FIRST),
        ("29/2/24", DAY_FIRST), ("20:19 · 25/3/2023", DAY_FIRST), ("'25/3/2023", DAY_FIRST),
        ("12/31/2023", MONTH_FIRST), ("3/25/23 8:19 PM", MONTH_FIRST), ("12.31.2023", MONTH_FIRST),
        ("05/02/2023", "either"), ("05-2-2023", "either"), ("1/2/99", "either"),
        # The year may be first.
        ("25-12-23", "either"), ("10-10-18", "either"), ("18. 10. 25.", "either"),
        # In need of no order.
        ("10/10/2018", None), ("05.02.2023", None), ("2023-02-05", None), ("2023/02/05", None),
        ("2018-10-10 13.11.12", None), ("5 Feb 2023", None), ("Feb 5, 2023", None),
        ("Wed Oct 10 20:19:24 +0000 2018", None), ("1717179600", None),
        # No dates at all.
        ("", None), ("32/13/2023", None), ("31/12/20.4", None), ("a 31/12/2023 b", None),
        ("1/2", None), (None, None), (45443, None), ("31/12/2023 " * 1000, DAY_FIRST),
    ],
)  # fmt: skip
def test_one_value_shows_the_order_of_its_file_or_not(value: object, order: object) -> None:
    assert order_shown_by(value) == order


def test_dotted_dates_follow_the_order_that_their_file_shows() -> None:
    assert time_of("05.02.2023", NOW).month == 2
    assert time_of("05.02.2023", NOW, MONTH_FIRST).month == 5


def test_a_date_that_the_order_of_its_file_rules_out_is_rejected() -> None:
    assert time_of("31/12/2023", NOW).day == 31
    with pytest.raises(UnreadableTimeError, match=r"order of this file \(month first\)"):
        time_of("31/12/2023", NOW, MONTH_FIRST)
    with pytest.raises(UnreadableTimeError, match=r"order of this file \(day first\)"):
        time_of("12/31/2023", NOW, DAY_FIRST)


def test_a_short_year_that_may_be_first_needs_an_order() -> None:
    assert time_of("25-12-23", NOW, DAY_FIRST) == datetime(2023, 12, 25, tzinfo=UTC)
    with pytest.raises(AmbiguousDateError, match="year first or last"):
        time_of("25-12-23", NOW)


@pytest.mark.parametrize(
    ("date", "clock", "zone", "meant"),
    [
        ("2024-05-31", "19:20:00", "+0100", EVENING),
        ("2024-05-31", "6:20 pm", None, EVENING),
        ("2024-05-31", " 18:20 ", "", EVENING),
        ("5/31/2024", "20:20", "Europe/Berlin", EVENING),
        ("May 31, 2024", "20:20", "CEST", EVENING),
        ("2024-05-31", "20:20+02:00", None, EVENING),
        ("2024-05-31", "20:20 CEST", "+0200", EVENING),
        ("2024-05-31 00:00:00", "18:20:05.5", None, at(5.5)),
        ("2024-05-31 20:20", None, "+02:00", EVENING),
        ("2024-05-31", None, None, MIDNIGHT),
        ("45443", "0.763888889", None, EVENING),
        (45443, 0.763888889, None, EVENING),
        (1717179600, None, None, EVENING),
    ],
)
def test_date_clock_and_zone_may_stand_apart(
    date: object, clock: object, zone: object, meant: datetime
) -> None:
    assert time_of_parts(date, clock, zone, NOW) == meant
    assert time_of_parts(date, clock, zone, NOW).tzinfo is UTC


@pytest.mark.parametrize(
    ("date", "clock", "zone", "reason"),
    [
        (None, "18:20", None, "the date is missing"),
        ("2024-05-31", "noon", None, "is not a time"),
        ("2024-05-31", "18:61", None, "is not a time"),
        ("2024-05-31", True, None, "is not a time"),
        ("2024-05-31", float("nan"), None, "is not a time"),
        ("2024-05-31", "18:20", "XYZ", "zone 'XYZ' is not known"),
        ("2024-05-31", "18:20", 100, "not known"),
        ("2024-05-31 10:00", "18:20", None, "a time of day already"),
        ("2024-05-31", "18:20 CET", "+0200", "another zone"),
        ("1717179600", "18:20", None, "a time of day already"),
        ("2027-05-31", "18:20", None, "future"),
    ],
)  # fmt: skip
def test_parts_that_are_wrong_or_contradict_are_rejected(
    date: object, clock: object, zone: object, reason: str
) -> None:
    with pytest.raises(UnreadableTimeError, match=reason):
        time_of_parts(date, clock, zone, NOW)


def test_the_order_holds_for_a_date_apart() -> None:
    assert time_of_parts("05/02/2023", "9:00", None, NOW, DAY_FIRST).month == 2
    with pytest.raises(AmbiguousDateError):
        time_of_parts("05/02/2023", "9:00", None, NOW)


def test_the_id_of_a_post_on_x_holds_its_time() -> None:
    found = time_in_snowflake("1050000000000000001")

    assert found == datetime(2018, 10, 10, 12, 28, 2, 713_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "post_id",
    ["", "20", "29700859246", "9" * 19, "9" * 5000, "1.05E+18", "-1050000000000000001", "١" * 18,
     "105000000000000000x"],
)  # fmt: skip
def test_other_ids_hold_none(post_id: str) -> None:
    assert time_in_snowflake(post_id) is None


def test_an_id_of_the_future_holds_no_time() -> None:
    assert time_in_snowflake("9000000000000000000", NOW) is None
    assert time_in_tid("bzzzzzzzzzzz2", NOW) is None


def test_the_key_of_a_record_on_bluesky_holds_its_time() -> None:
    assert time_in_tid("3jzfcijpj2z2a", NOW) == datetime(2023, 6, 30, 15, 3, 1, 887_007, tzinfo=UTC)


@pytest.mark.parametrize("key", ["", "self", "2222222222222", "zzzzzzzzzzzzz", "3JZFCIJPJ2Z2A"])
def test_other_keys_hold_none(key: str) -> None:
    assert time_in_tid(key) is None


MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2026, 2, 28), timezones=st.just(UTC))
OFFSETS = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timedelta(minutes=15 * quarters))

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LONG_MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _names(moment: datetime) -> dict[str, str | int]:
    """Names and numbers without the machine's language and padding, which strftime depends on."""
    offset = moment.strftime("%z") or "+0000"
    return {
        "weekday": _DAYS[moment.weekday()], "mon": _MONTHS[moment.month - 1],
        "month": _LONG_MONTHS[moment.month - 1], "d": moment.day, "m": moment.month,
        "y": moment.year, "yy": moment.year % 100, "H": moment.hour, "M": moment.minute,
        "S": moment.second, "us": moment.microsecond, "h": moment.hour % 12 or 12,
        "half": "PM" if moment.hour >= 12 else "AM", "z": offset,
        "zz": f"{offset[:3]}:{offset[3:]}",
    }  # fmt: skip


DATES = [
    "{y}-{m:02}-{d:02}", "{y}/{m}/{d}", "{y}.{m:02}.{d:02}", "{y}年{m}月{d}日", "{d}.{m}.{y}",
    "{d} {mon} {y}", "{d}-{mon}-{yy:02}", "{mon} {d}, {y}", "{month} {d}, {y}", "{d} {month} {y}",
    "{weekday}, {d} {mon} {y}", "{weekday} {mon} {d:02} {y}", "{y} {mon} {d}",
]  # fmt: skip
CLOCKS = [
    "{H:02}:{M:02}:{S:02}.{us:06}", "{H}:{M:02}:{S:02},{us:06}", "{h}:{M:02}:{S:02}.{us:06} {half}",
    "{h:02}:{M:02}:{S:02}.{us:06}\u202f{half}",
]  # fmt: skip
BETWEEN = [" ", ", ", " at ", " · "]
ZONES = [" {z}", "{zz}", " GMT{z}", " UTC{zz} (Some Standard Time)"]


@given(
    MOMENTS, OFFSETS, st.sampled_from(DATES), st.sampled_from(BETWEEN), st.sampled_from(CLOCKS),
    st.sampled_from(ZONES),
)  # fmt: skip
def test_what_is_written_in_any_form_is_read_back(
    moment: datetime, offset: timedelta, date: str, between: str, clock: str, zone: str
) -> None:
    local = moment.astimezone(timezone(offset))
    written = f"{date}{between}{clock}{zone}".format(**_names(local))

    assert time_of(written, NOW) == moment
    assert order_shown_by(written) in (None, DAY_FIRST)


@given(MOMENTS, st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]))
def test_a_time_in_a_named_zone_is_read_back(moment: datetime, name: str) -> None:
    local = moment.astimezone(ZoneInfo(name)).replace(fold=0)

    assert time_of(f"{local:%Y-%m-%d %H:%M:%S.%f} {name}", NOW) == local.astimezone(UTC)
    assert time_of_parts(f"{local:%Y-%m-%d}", f"{local:%H:%M:%S.%f}", name, NOW) == (
        local.astimezone(UTC)
    )


@given(MOMENTS.map(lambda moment: moment.replace(microsecond=0)), OFFSETS)
def test_common_machine_forms_are_read_back(moment: datetime, offset: timedelta) -> None:
    local = moment.astimezone(timezone(offset))
    x_form = "{weekday} {mon} {d:02} {H:02}:{M:02}:{S:02} {z} {y}".format(**_names(local))

    assert time_of(x_form, NOW) == moment
    assert time_of(format_datetime(local), NOW) == moment
    assert time_of(local.isoformat(), NOW) == moment


@given(MOMENTS)
def test_numbers_are_read_back(moment: datetime) -> None:
    since_1970 = moment - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = since_1970 // timedelta(microseconds=1)
    days = (moment - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)

    assert time_of(microseconds, NOW) == moment
    assert time_of(str(microseconds // 1000), NOW) == moment.replace(
        microsecond=moment.microsecond // 1000 * 1000
    )
    assert time_of(str(microseconds // 10**6), NOW) == moment.replace(microsecond=0)
    assert abs(time_of(str(days), NOW) - moment) < timedelta(milliseconds=2)


@given(
    MOMENTS, st.sampled_from(["{d}/{m}/{y}", "{d:02}-{m:02}-{y}", "{d}/{m}/{yy:02} {H}:{M:02}"]),
    st.booleans(),
)  # fmt: skip
def test_a_date_of_two_readings_is_never_chosen_silently(
    moment: datetime, form: str, month_first: bool
) -> None:
    names = _names(moment)
    if month_first:
        names["d"], names["m"] = names["m"], names["d"]
    written, order = form.format(**names), MONTH_FIRST if month_first else DAY_FIRST
    shown = order_shown_by(written)

    assert time_of(written, NOW, order).date() == moment.date()
    if moment.day > 12:
        assert shown is order
    elif moment.day == moment.month:
        assert shown is None
    else:
        assert shown == "either"
        with pytest.raises(AmbiguousDateError):
            time_of(written, NOW)
        return
    assert time_of(written, NOW).date() == moment.date()


_PIECES = st.sampled_from([
    "5", "05", "12", "31", "2023", "24", "1717179600", "1.5E+9", "/", "-", ".", ":", ",", "·", "T",
    "at", "AM", "pm", "UTC", "+0200", "IST", "Feb", "August", "Fri", "(", ")", "[", "]", "e", "'",
    "Europe/Paris", "年", "月", "日", "\u202f", "\u200e", "\x00", "\ud800", "١", "²",
])  # fmt: skip
_ANYTHING = st.text(max_size=200) | st.lists(_PIECES, max_size=12).flatmap(
    lambda pieces: st.sampled_from(["", " "]).map(lambda between: between.join(pieces))
)


def _outcome(read: Callable[[], datetime]) -> datetime | str:
    try:
        return read()
    except UnreadableTimeError as error:
        str(error).encode()
        return type(error).__name__


@given(_ANYTHING)
@example("1" * 200)
@example("5/5/0000")
@example("31 May 2024 18:20 Europe/")
@example("0.99999999999")
def test_any_text_is_a_time_or_refused_with_a_reason(text: str) -> None:
    read = _outcome(lambda: time_of(text, NOW))

    assert (read == "AmbiguousDateError") == (order_shown_by(text) == "either") or read == (
        "UnreadableTimeError"
    )
    for order in DateOrder:
        _outcome(lambda order=order: time_of(text, NOW, order))  # type: ignore[misc]


@given(
    st.none() | _ANYTHING | st.floats() | st.integers() | st.decimals() | st.just([]),
    st.none() | _ANYTHING | st.floats() | st.integers() | st.decimals(),
    st.none() | _ANYTHING | st.floats(),
)
def test_any_parts_are_a_time_or_refused_with_a_reason(
    date: object, clock: object, zone: object
) -> None:
    _outcome(lambda: time_of(date, NOW))
    _outcome(lambda: time_of_parts(date, clock, zone, NOW))
    _outcome(lambda: time_of_parts("2024-05-31", clock, zone, NOW))
