"""Check emotions over time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from api.domain.moods import Mood
from api.domain.posts import ClassifiedPost, Engagement, Ownership, Post
from api.domain.scoring import CLASSIC, DEFAULT, ScoringConfig
from api.domain.timeline import InvalidBucketError, timeline
from tests.support.posts import emotions, said


def at(
    moment: datetime,
    *,
    ownership: Ownership = Ownership.OWN,
    likes: int = 0,
    **given: float,
) -> ClassifiedPost:
    made = Post(
        post_id=moment.isoformat(),
        text="",
        created_at=moment,
        ownership=ownership,
        engagement=Engagement(likes=likes),
    )
    return ClassifiedPost(made, said(**given))


def test_days_begin_at_midnight_utc() -> None:
    items = [
        at(datetime(2024, 5, 1, 23, 59, 59, tzinfo=UTC), joy=1.0),
        at(datetime(2024, 5, 2, 0, 0, tzinfo=UTC), joy=1.0),
    ]

    assert [bucket.start for bucket in timeline(items, "day", DEFAULT)] == [
        date(2024, 5, 1),
        date(2024, 5, 2),
    ]


def test_a_time_of_another_zone_falls_on_its_utc_day() -> None:
    two_hours_ahead = timezone(timedelta(hours=2))
    item = at(datetime(2024, 5, 1, 0, 30, tzinfo=two_hours_ahead), joy=1.0)

    (bucket,) = timeline([item], "day", DEFAULT)

    assert bucket.start == date(2024, 4, 30)


def test_weeks_begin_on_monday() -> None:
    items = [
        at(datetime(2024, 4, 29, 0, 0, tzinfo=UTC), joy=1.0),  # Monday
        at(datetime(2024, 5, 5, 23, 59, tzinfo=UTC), joy=1.0),  # Sunday
        at(datetime(2024, 5, 6, 0, 0, tzinfo=UTC), joy=1.0),  # the next Monday
    ]

    buckets = timeline(items, "week", DEFAULT)

    assert [(bucket.start, bucket.posts) for bucket in buckets] == [
        (date(2024, 4, 29), 2),
        (date(2024, 5, 6), 1),
    ]


def test_a_week_may_begin_in_the_year_before() -> None:
    friday = at(datetime(2021, 1, 1, tzinfo=UTC), joy=1.0)

    (bucket,) = timeline([friday], "week", DEFAULT)

    assert bucket.start == date(2020, 12, 28)


def test_buckets_come_oldest_first_and_empty_ones_are_left_out() -> None:
    items = [
        at(datetime(2024, 5, 9, tzinfo=UTC), joy=1.0),
        at(datetime(1984, 5, 1, tzinfo=UTC), joy=1.0),
        at(datetime(2024, 5, 2, tzinfo=UTC), joy=1.0),
    ]

    starts = [bucket.start for bucket in timeline(items, "day", DEFAULT)]

    assert starts == [date(1984, 5, 1), date(2024, 5, 2), date(2024, 5, 9)]


def test_within_a_bucket_posts_weigh_by_owner_and_activity() -> None:
    items = [
        at(datetime(2024, 5, 1, 8, tzinfo=UTC), joy=1.0),
        at(datetime(2024, 5, 1, 9, tzinfo=UTC), likes=1, sadness=1.0),
        at(datetime(2024, 5, 1, 10, tzinfo=UTC), ownership=Ownership.LIKED, neutral=1.0),
    ]

    (bucket,) = timeline(items, "day", DEFAULT)

    # 0.75 * 1, 0.75 * (1 + ln 2) = 1.26986, 0.25 * 1: sum 2.26986
    assert bucket.scores == pytest.approx(
        emotions(joy=0.33042, sadness=0.55944, neutral=0.11014), abs=1e-5
    )
    assert bucket.mood is Mood.DEPRESSED


def test_within_a_week_the_day_does_not_matter() -> None:
    monday = at(datetime(2024, 4, 29, tzinfo=UTC), joy=1.0)
    sunday = at(datetime(2024, 5, 5, tzinfo=UTC), sadness=1.0)

    (bucket,) = timeline([monday, sunday], "week", DEFAULT)

    assert bucket.scores == pytest.approx(emotions(joy=0.5, sadness=0.5))
    assert bucket.mood is Mood.SATISFIED


def test_irony_shifts_the_emotions_of_a_bucket() -> None:
    ironic = at(datetime(2024, 5, 1, tzinfo=UTC), joy=0.8, sadness=0.2, irony=1.0)

    (bucket,) = timeline([ironic], "day", DEFAULT)

    assert bucket.positivity == pytest.approx(0.4)
    assert bucket.negativity == pytest.approx(0.6)


def test_a_bucket_in_which_nothing_weighs_has_posts_but_no_mood() -> None:
    unseen = at(datetime(2024, 5, 1, tzinfo=UTC), joy=1.0)

    (bucket,) = timeline([unseen], "day", CLASSIC)

    assert (bucket.posts, bucket.scores, bucket.mood) == (1, None, None)


def test_without_posts_there_are_no_buckets() -> None:
    assert timeline([], "week", DEFAULT) == []


@pytest.mark.parametrize("config", [DEFAULT, CLASSIC])
def test_a_bucket_is_made_of_json_values(config: ScoringConfig) -> None:
    item = at(datetime(2024, 5, 1, tzinfo=UTC), joy=1.0)

    (bucket,) = timeline([item], "day", config)

    values = bucket.to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["start"] == "2024-05-01"


def test_another_bucket_is_refused() -> None:
    with pytest.raises(InvalidBucketError, match='by "day" or by "week", not by "month"'):
        timeline([], "month", DEFAULT)
