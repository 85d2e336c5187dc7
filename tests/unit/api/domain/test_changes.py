"""What changed a mood since the analysis before: which posts, in words and as ids."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.domain.mood.changes import EarlierMood
from api.domain.mood.moods import Mood
from api.domain.mood.results import MoodResult, mood_result
from api.domain.mood.scoring import ScoringConfig
from api.domain.posts import ClassifiedPost
from tests.support.posts import NOW, WORKED, classified, post

JOYS = [classified(post(f"joy{n}", days_old=20 + n), joy=1.0) for n in range(4)]
SORROWS = [classified(post(f"sad{n}", days_old=1 + n), sadness=1.0) for n in range(4)]
OLD_SORROWS = [classified(post(f"old{n}", days_old=21.5 + n), sadness=1.0) for n in range(9)]
THEN = NOW - timedelta(days=10)


def first(posts: list[ClassifiedPost], config: ScoringConfig = WORKED) -> MoodResult:
    return mood_result(posts, as_of=THEN, now=THEN, config=config, model="m@1")


def second(
    before: MoodResult, posts: list[ClassifiedPost], *new: ClassifiedPost, model: str = "m@1"
) -> MoodResult:
    return mood_result(
        [*posts, *new],
        as_of=NOW,
        now=NOW,
        config=WORKED,
        model=model,
        earlier=EarlierMood("a1", before.to_dict()),
        new_ids={item.post.post_id for item in new},
    )


def test_new_posts_that_turned_a_mood_are_named() -> None:
    change = second(first(JOYS), JOYS, *SORROWS).changed_by

    assert change is not None
    assert (change.analysis_id, change.mood) == ("a1", Mood.CHEERFUL)
    assert [each.post.post_id for each in change.posts[:4]] == ["sad0", "sad1", "sad2", "sad3"]
    assert all(each.new and each.effect < 0 for each in change.posts[:4])
    assert change.words == (
        "Since the analysis of 21 April 2024 your posts have gone from bright to heavy, mostly by 4"
        ' new posts, above all "text of sad0" and "text of sad1".'
    )


def test_posts_imported_late_with_old_times_are_new_too() -> None:
    change = second(first(JOYS), JOYS, *OLD_SORROWS).changed_by

    assert change is not None
    assert {each.post.post_id for each in change.posts if each.new} <= {
        each.post.post_id for each in OLD_SORROWS
    }
    assert "from bright to heavy" in change.words


def test_the_change_of_the_balance_is_the_sum_of_what_all_posts_moved() -> None:
    many = replace(WORKED, moved_most_count=100)
    before = first(JOYS, many)

    after = mood_result(
        [*JOYS, *SORROWS],
        as_of=NOW,
        now=NOW,
        config=many,
        model="m@1",
        earlier=EarlierMood("a1", before.to_dict()),
    )

    assert after.changed_by is not None
    assert after.positivity is not None
    assert after.negativity is not None
    change = after.positivity - after.negativity - 1.0  # nothing but joy before
    assert sum(each.effect for each in after.changed_by.posts) == pytest.approx(change)
    assert after.changed_by.balance_change == pytest.approx(change)


def test_without_new_posts_nothing_is_said_to_have_changed() -> None:
    assert second(first(JOYS), JOYS).changed_by is None


def test_moods_of_another_model_or_scoring_are_not_compared() -> None:
    elsewhere = first(JOYS, replace(WORKED, name="ours"))

    assert second(first(JOYS), JOYS, *SORROWS, model="m@2").changed_by is None
    assert second(elsewhere, JOYS, *SORROWS).changed_by is None


def test_nothing_is_claimed_if_it_is_unknown_which_posts_the_earlier_mood_had() -> None:
    before = first([*JOYS, *OLD_SORROWS[:2]])  # two posts that are gone by now

    assert second(before, JOYS, *SORROWS).changed_by is None


def test_a_result_without_a_mood_is_no_start_of_a_change() -> None:
    assert second(first(JOYS[:1]), JOYS[:1], *SORROWS).changed_by is None
