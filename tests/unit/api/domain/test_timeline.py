"""Emotions over time, by day, week or month."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from api.domain.date_ranges import DateRange, date_range
from api.domain.mood.moods import Mood
from api.domain.mood.scoring import CLASSIC, ScoringConfig
from api.domain.mood.timeline import InvalidBucketError, TimelineBucket, timeline
from api.domain.posts import ClassifiedPost, Engagement, Ownership, Post
from tests.support.posts import ANY_EVIDENCE, WORKED, emotions, result_of, said

MAY_DAY = datetime(2024, 5, 1, tzinfo=UTC)


def at(
    moment: datetime = MAY_DAY,
    *,
    ownership: Ownership = Ownership.OWN,
    likes: int = 0,
    **given: float,
) -> ClassifiedPost:
    text = f"{ownership} {likes} {given}"  # of its own, as the same text is a copy
    made = Post(moment.isoformat(), text, moment, ownership, Engagement(likes=likes))
    return ClassifiedPost(made, said(**given))


def bucket_of(
    *items: ClassifiedPost, by: str = "day", config: ScoringConfig = ANY_EVIDENCE
) -> TimelineBucket:
    (bucket,) = timeline(items, by, config)
    return bucket


@pytest.mark.parametrize(
    ("by", "moments", "expected"),
    [
        (
            "day",  # days begin at midnight UTC
            [datetime(2024, 5, 1, 23, 59, 59, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)],
            {date(2024, 5, 1): 1, date(2024, 5, 2): 1},
        ),
        (
            "day",  # a time of another zone falls on its UTC day
            [datetime(2024, 5, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))],
            {date(2024, 4, 30): 1},
        ),
        (
            "day",  # oldest first, and empty days are left out
            [datetime(year, 5, day, tzinfo=UTC) for year, day in ((2024, 9), (1984, 1), (2024, 2))],
            {date(1984, 5, 1): 1, date(2024, 5, 2): 1, date(2024, 5, 9): 1},
        ),
        (
            "week",  # weeks begin on Monday: here a Monday, a Sunday and the next Monday
            [
                datetime(2024, 4, 29, tzinfo=UTC),
                datetime(2024, 5, 5, 23, 59, tzinfo=UTC),
                datetime(2024, 5, 6, tzinfo=UTC),
            ],
            {date(2024, 4, 29): 2, date(2024, 5, 6): 1},
        ),
        # a week may begin in the year before
        ("week", [datetime(2021, 1, 1, tzinfo=UTC)], {date(2020, 12, 28): 1}),
        ("week", [], {}),
    ],
)
def test_posts_are_counted_by_the_day_or_week_of_their_time(
    by: str, moments: list[datetime], expected: dict[date, int]
) -> None:
    buckets = timeline([at(moment, joy=1.0) for moment in moments], by, WORKED)

    assert [(bucket.start, bucket.posts) for bucket in buckets] == list(expected.items())


def test_within_a_bucket_posts_weigh_by_owner_and_activity() -> None:
    bucket = bucket_of(
        at(joy=1.0),
        at(likes=1, sadness=1.0),
        at(ownership=Ownership.LIKED, neutral=1.0),
    )

    # 0.75 * 1, 0.75 * (1 + ln 2) = 1.26986, 0.25 * 1: sum 2.26986
    assert bucket.scores == pytest.approx(
        emotions(joy=0.33042, sadness=0.55944, neutral=0.11014), abs=1e-5
    )
    assert bucket.mood is Mood.DEPRESSED


@pytest.mark.parametrize("config", [ANY_EVIDENCE, replace(CLASSIC, activity_base=1.0)])
def test_a_week_is_what_an_analysis_as_of_its_end_says_of_its_posts(config: ScoringConfig) -> None:
    monday = at(datetime(2024, 4, 29, 9, tzinfo=UTC), joy=1.0)
    sunday = at(datetime(2024, 5, 5, 9, tzinfo=UTC), likes=2, sadness=1.0)
    end = datetime(2024, 5, 5, 23, 59, 59, tzinfo=UTC)

    bucket = bucket_of(monday, sunday, by="week", config=config)

    result = result_of([monday, sunday], config, as_of=end, now=end)
    assert bucket.scores == pytest.approx(result.scores)
    assert bucket.mood is result.mood


def test_a_bucket_of_too_few_posts_with_a_feeling_has_scores_but_no_mood() -> None:
    bucket = bucket_of(at(joy=1.0), config=WORKED)

    assert bucket.scores == emotions(joy=1.0)
    assert bucket.mood is None


def test_irony_shifts_the_emotions_of_a_bucket() -> None:
    bucket = bucket_of(at(joy=0.8, sadness=0.2, irony=1.0))

    assert bucket.positivity == pytest.approx(0.4)
    assert bucket.negativity == pytest.approx(0.6)


def test_a_bucket_in_which_no_post_has_a_weight_has_posts_but_no_mood() -> None:
    bucket = bucket_of(at(joy=1.0), config=CLASSIC)

    assert (bucket.posts, bucket.scores, bucket.mood) == (1, None, None)


@pytest.mark.parametrize("config", [WORKED, CLASSIC])
def test_a_bucket_consists_of_json_values(config: ScoringConfig) -> None:
    values = bucket_of(at(joy=1.0), config=config).to_dict()

    assert json.loads(json.dumps(values)) == values
    assert values["start"] == "2024-05-01"


def test_another_bucket_is_refused() -> None:
    with pytest.raises(InvalidBucketError, match='by "day", "week" or "month", not by "year"'):
        timeline([], "year", WORKED)


def test_posts_that_are_left_out_for_their_language_are_in_no_bucket() -> None:
    german = at(MAY_DAY + timedelta(days=1), sadness=1.0)
    german = replace(german, classification=replace(german.classification, language="de"))
    beside = replace(german, post=replace(german.post, created_at=MAY_DAY))
    items = [at(joy=1.0), beside, german]

    (bucket,) = timeline(items, "day", ANY_EVIDENCE)

    assert (bucket.start, bucket.posts, bucket.mood) == (date(2024, 5, 1), 1, Mood.CHEERFUL)
    assert [each.posts for each in timeline(items, "day", CLASSIC)] == [2, 1]


BERLIN = "Europe/Berlin"


def starts(items: list[ClassifiedPost], by: str, days: DateRange) -> dict[date, int]:
    return {each.start: each.posts for each in timeline(items, by, ANY_EVIDENCE, days)}


@pytest.mark.parametrize(
    ("by", "moments", "expected"),
    [
        (
            "day",  # midnight in Berlin is 22:00 UTC in summer and 23:00 in winter
            [
                datetime(2024, 3, 30, 22, 59, tzinfo=UTC),
                datetime(2024, 3, 30, 23, tzinfo=UTC),
                datetime(2024, 3, 31, 21, 59, tzinfo=UTC),
                datetime(2024, 3, 31, 22, tzinfo=UTC),
            ],
            {date(2024, 3, 30): 1, date(2024, 3, 31): 2, date(2024, 4, 1): 1},
        ),
        (
            "week",  # Monday began in Berlin while it was Sunday in UTC
            [datetime(2024, 5, 5, 21, 59, tzinfo=UTC), datetime(2024, 5, 5, 22, tzinfo=UTC)],
            {date(2024, 4, 29): 1, date(2024, 5, 6): 1},
        ),
        (
            "month",
            [
                datetime(2024, 1, 31, 22, 59, tzinfo=UTC),
                datetime(2024, 1, 31, 23, tzinfo=UTC),
                datetime(2024, 2, 29, 22, 59, tzinfo=UTC),
                datetime(2024, 12, 31, 23, tzinfo=UTC),
            ],
            {date(2024, 1, 1): 1, date(2024, 2, 1): 2, date(2025, 1, 1): 1},
        ),
    ],
)
def test_buckets_are_of_the_days_in_the_zone(
    by: str, moments: list[datetime], expected: dict[date, int]
) -> None:
    items = [at(moment, joy=1.0) for moment in moments]

    assert starts(items, by, date_range(timezone=BERLIN)) == expected


def test_a_range_leaves_out_posts_outside_of_its_days_and_keeps_the_starts_of_buckets() -> None:
    items = [at(datetime(2024, 5, day, 22, tzinfo=UTC), joy=1.0) for day in range(1, 31)]
    days = date_range(date(2024, 5, 8), date(2024, 5, 14), BERLIN)

    assert starts(items, "day", days) == {date(2024, 5, day): 1 for day in range(8, 15)}
    assert starts(items, "week", days) == {date(2024, 5, 6): 5, date(2024, 5, 13): 2}
    assert starts(items, "month", days) == {date(2024, 5, 1): 7}


def test_the_age_of_a_post_is_taken_at_the_end_of_the_bucket_in_the_zone() -> None:
    # Within the last whole day of the month in Kiritimati (UTC+14) the newer post weighs more by
    # the classic form, whose ages are whole days.
    end = datetime(2024, 5, 31, 10, tzinfo=UTC)
    old = at(end - timedelta(days=1, seconds=1), sadness=1.0, likes=7)
    new = at(end - timedelta(seconds=1), joy=1.0, likes=7)

    (bucket,) = timeline([old, new], "month", CLASSIC, date_range(timezone="Pacific/Kiritimati"))

    assert bucket.scores is not None
    assert bucket.scores["joy"] == pytest.approx(2 / 3)
