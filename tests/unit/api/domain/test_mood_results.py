"""Check what a result carries."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.domain.moods import SUMMARIES, Mood
from api.domain.posts import ClassifiedPost, Engagement, Ownership
from api.domain.results import InvalidAsOfError, MoodResult, mood_result, resolve_as_of
from api.domain.scoring_config import CLASSIC, DEFAULT, ScoringConfig
from tests.unit.api.domain.builders import NOW, classified, emotions, post, said


def result_of(
    *posts: ClassifiedPost,
    as_of: datetime = NOW,
    now: datetime = NOW,
    config: ScoringConfig = DEFAULT,
) -> MoodResult:
    return mood_result(posts, as_of=as_of, now=now, config=config, model="tiny@1")


def test_a_result_tells_the_mood_and_the_scores_behind_it() -> None:
    result = result_of(
        classified(post("1"), joy=1.0),
        classified(post("2", days_old=14), sadness=1.0),
    )

    # weights 0.75 and 0.375: joy 2/3, sadness 1/3, and 2/3 >= 1.5 * 1/3
    assert result.mood is Mood.CHEERFUL
    assert result.scores == pytest.approx(emotions(joy=2 / 3, sadness=1 / 3))
    assert result.positivity == pytest.approx(2 / 3)
    assert result.negativity == pytest.approx(1 / 3)
    # weights 1 and 0.5: 1.5 squared over 1 + 0.25
    assert result.effective_sample_size == pytest.approx(1.8)
    assert result.summary == SUMMARIES[Mood.CHEERFUL]
    assert result.reason is None


def test_the_same_posts_tell_another_mood_under_the_classic_scoring() -> None:
    liked_lament = classified(post("1", days_old=0.5, engagement=Engagement(likes=10)), sadness=1.0)
    quiet_joy = [classified(post(f"j{n}", days_old=0.5), joy=1.0) for n in range(9)]

    default = result_of(liked_lament, *quiet_joy)
    classic = result_of(liked_lament, *quiet_joy, config=CLASSIC)

    # default: sadness 1 + ln 11 = 3.4 against 9 joys of 1; classic: only the liked post weighs
    assert (default.mood, classic.mood) == (Mood.CHEERFUL, Mood.DEPRESSED)


def test_without_posts_there_is_no_mood_but_a_reason() -> None:
    result = result_of()

    assert result.mood is None
    assert result.scores is None
    assert result.summary is None
    assert result.confidence is None
    assert result.effective_sample_size == 0.0
    assert result.reason == "There are no posts to go by."


def test_where_no_post_weighs_anything_there_is_no_mood_and_the_scoring_is_named() -> None:
    result = result_of(classified(joy=1.0), config=CLASSIC)

    assert result.mood is None
    assert result.confidence is None
    assert result.moved_most == ()
    assert result.reason is not None
    assert 'Under the "classic" scoring none of these posts weighs anything' in result.reason


def test_where_all_posts_are_later_than_asked_the_reason_says_so() -> None:
    result = result_of(classified(joy=1.0), as_of=NOW - timedelta(days=1))

    assert result.mood is None
    assert result.reason == ("All posts are later than 2024-04-30 12:00 UTC, the time asked about.")


def test_posts_later_than_an_explicit_time_do_not_count() -> None:
    before = classified(post("1", days_old=10), joy=1.0)
    after = classified(post("2", days_old=2), sadness=1.0)

    result = result_of(before, after, as_of=NOW - timedelta(days=5))

    assert result.mood is Mood.CHEERFUL
    assert result.posts.total == 1
    assert result.newest_post_at == before.post.created_at


def test_a_post_of_exactly_the_time_asked_about_counts() -> None:
    result = result_of(classified(post("1", days_old=5), joy=1.0), as_of=NOW - timedelta(days=5))

    assert result.posts.total == 1


def test_a_post_from_a_clock_ahead_of_ours_counts_as_of_now_with_age_zero() -> None:
    ahead = classified(post("1", days_old=-1), sadness=1.0)
    current = classified(post("2"), joy=1.0)

    result = result_of(ahead, current)

    assert result.scores == pytest.approx(emotions(joy=0.5, sadness=0.5))


def test_posts_are_counted_by_ownership() -> None:
    result = result_of(
        classified(post("1"), joy=1.0),
        classified(post("2"), joy=1.0),
        classified(post("3", ownership=Ownership.SHARED), joy=1.0),
        classified(post("4", ownership=Ownership.LIKED), joy=1.0),
    )

    assert result.posts.to_dict() == {"total": 4, "own": 2, "shared": 1, "liked": 1}


def test_a_result_names_its_newest_and_oldest_post_times() -> None:
    result = result_of(
        classified(post("1", days_old=30), joy=1.0),
        classified(post("2", days_old=400), joy=1.0),
        classified(post("3", days_old=2), joy=1.0),
    )

    assert result.newest_post_at == NOW - timedelta(days=2)
    assert result.oldest_post_at == NOW - timedelta(days=400)


@pytest.mark.parametrize(("days_old", "stale"), [(60, False), (60.01, True)])
def test_a_result_is_stale_once_its_newest_post_is_more_than_sixty_days_old(
    days_old: float, stale: bool
) -> None:
    item = classified(post(days_old=days_old), joy=1.0)

    result = result_of(item, as_of=item.post.created_at)

    assert result.stale is stale
    assert (result.stale_note is not None) is stale


def test_a_stale_result_says_how_old_it_is() -> None:
    result = result_of(classified(post(days_old=90), joy=1.0))

    assert result.stale_note == (
        "The newest post counted is 90 days old: this tells how the posts felt then, not how "
        "they feel now."
    )


def test_the_share_of_truncated_posts_is_told() -> None:
    cut = ClassifiedPost(post("1"), replace(said(joy=1.0), truncated=True))
    whole = [classified(post(str(n)), joy=1.0) for n in (2, 3, 4)]

    assert result_of(cut, *whole).truncated_share == 0.25


def test_the_share_that_is_not_english_is_over_posts_of_known_language() -> None:
    result = result_of(
        classified(post("1", language="en"), joy=1.0),
        classified(post("2", language="en-GB"), joy=1.0),
        classified(post("3", language="de"), joy=1.0),
        classified(post("4", language="und"), joy=1.0),
        classified(post("5", language=None), joy=1.0),
    )

    assert result.not_english_share == pytest.approx(1 / 3)
    assert result.language_known == 3


def test_where_no_language_is_known_no_share_is_told() -> None:
    result = result_of(classified(joy=1.0))

    assert result.not_english_share is None
    assert result.language_known == 0


def test_a_result_is_made_of_json_values() -> None:
    items = [
        classified(post("1", language="en"), joy=1.0),
        classified(post("2", days_old=80, ownership=Ownership.SHARED), sadness=1.0),
    ]

    values = result_of(*items).to_dict()

    assert json.loads(json.dumps(values)) == values
    assert type(values["mood"]) is str
    assert values["as_of"] == "2024-05-01T12:00:00+00:00"
    assert values["model"] == "tiny@1"
    assert values["happiest"]["text"] == "text of 1"
    assert values["moved_most"][0]["post_id"] == "1"


def test_a_result_without_mood_is_made_of_json_values_too() -> None:
    values = result_of().to_dict()

    assert json.loads(json.dumps(values)) == values


def test_a_result_stores_the_values_in_force() -> None:
    own_rules = replace(DEFAULT, name="study", half_life_days=3.0)

    values = result_of(classified(joy=1.0), config=own_rules).to_dict()

    assert values["scoring"] == own_rules.to_dict()


def test_as_of_now_is_now() -> None:
    assert resolve_as_of("now", [classified(post(days_old=9), joy=1.0)], NOW) == NOW


def test_as_of_newest_is_the_time_of_the_newest_post() -> None:
    items = [classified(post(str(days), days_old=days), joy=1.0) for days in (9, 4, 7)]

    assert resolve_as_of("newest", items, NOW) == NOW - timedelta(days=4)


def test_as_of_newest_without_posts_is_now() -> None:
    assert resolve_as_of("newest", [], NOW) == NOW


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        ("2020-02-29T12:30:00Z", datetime(2020, 2, 29, 12, 30, tzinfo=UTC)),
        ("2020-02-29T12:30:00+02:00", datetime(2020, 2, 29, 10, 30, tzinfo=UTC)),
        ("2020-02-29T12:30:00", datetime(2020, 2, 29, 12, 30, tzinfo=UTC)),
        ("2020-02-29", datetime(2020, 2, 29, tzinfo=UTC)),
    ],
)
def test_as_of_may_be_an_iso_time_with_or_without_zone(as_of: str, expected: datetime) -> None:
    moment = resolve_as_of(as_of, [], NOW)

    assert moment == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "as_of", ["", "yesterday", "NOW", "2023-02-29", "0001-01-01T00:00:00+02:00", "1714564800"]
)
def test_anything_else_as_of_is_refused_in_plain_words(as_of: str) -> None:
    with pytest.raises(InvalidAsOfError, match='as_of is "now", "newest" or a time such as'):
        resolve_as_of(as_of, [], NOW)
