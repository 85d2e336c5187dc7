"""Properties of scoring and recommendations that hold for any posts."""

import math
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.mood.moods import Mood
from api.domain.mood.scoring import (
    CLASSIC,
    ActivityForm,
    ScoringConfig,
    adjusted,
    negativity,
    positivity,
    relative_weights,
)
from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Engagement, Ownership, Post
from api.domain.recommendations import CatalogueItem, FriendCandidate, recommend
from tests.support.posts import ANY_EVIDENCE, NOW, WORKED, classified, post, result_of, said

counts = st.integers(min_value=0, max_value=10**9)
seven_parts = st.tuples(*[st.integers(0, 1000)] * 7).filter(any)
engagements = st.builds(Engagement, counts, counts, counts, counts, counts, counts)
ages = st.floats(min_value=0, max_value=40 * 366)
FAST = replace(ANY_EVIDENCE, resamples=20)
FAST_CLASSIC = replace(CLASSIC, resamples=20)
configs = st.sampled_from([FAST, FAST_CLASSIC])
few = settings(max_examples=40, deadline=None)


@st.composite
def classifications(draw: st.DrawFn) -> Classification:
    parts = dict(zip(EMOTIONS, draw(seven_parts), strict=True))
    total = sum(parts.values())
    return said(
        irony=draw(st.floats(0, 1)), **{emotion: part / total for emotion, part in parts.items()}
    )


@st.composite
def timelines(draw: st.DrawFn, oldest: float = 40 * 366) -> list[ClassifiedPost]:
    drawn = draw(
        st.lists(
            st.tuples(
                classifications(), st.floats(0, oldest), st.sampled_from(Ownership), engagements
            ),
            min_size=1,
            max_size=5,
        )
    )
    return [
        ClassifiedPost(
            post(str(number), days_old=age, ownership=ownership, engagement=engagement), answer
        )
        for number, (answer, age, ownership, engagement) in enumerate(drawn)
    ]


def weights(config: ScoringConfig, *posts: Post) -> list[float]:
    return relative_weights([classified(each) for each in posts], NOW, config)


@given(classifications())
def test_the_irony_shift_keeps_probabilities_and_never_makes_a_post_lighter(
    answer: Classification,
) -> None:
    shifted = adjusted(answer, WORKED)

    assert sum(shifted.values()) == pytest.approx(1)
    assert all(0 <= probability <= 1 + 1e-12 for probability in shifted.values())
    assert shifted["neutral"] == answer.scores["neutral"]
    assert positivity(shifted, WORKED) <= positivity(answer.scores, WORKED) + 1e-12
    assert negativity(shifted, WORKED) >= negativity(answer.scores, WORKED) - 1e-12


@few
@given(timelines(), st.one_of(st.just(0.0), st.floats(min_value=0, max_value=80 * 366)))
def test_scores_are_finite_and_sum_to_one_even_for_archives_of_decades_ago(
    posts: list[ClassifiedPost], days_later: float
) -> None:
    as_of = NOW + timedelta(days=days_later)
    scores = result_of(posts, FAST, as_of=as_of, now=as_of).scores

    assert scores is not None
    assert all(math.isfinite(score) and score >= 0 for score in scores.values())
    assert sum(scores.values()) == pytest.approx(1)


@few
@given(timelines(), st.randoms(use_true_random=False), configs)
def test_the_order_of_posts_does_not_matter(
    posts: list[ClassifiedPost], shuffler: random.Random, config: ScoringConfig
) -> None:
    shuffled = list(posts)
    shuffler.shuffle(shuffled)

    assert result_of(shuffled, config) == result_of(posts, config)


@few
@given(timelines(), classifications(), ages)
def test_a_post_without_weight_changes_nothing(
    posts: list[ClassifiedPost], answer: Classification, age: float
) -> None:
    unseen = ClassifiedPost(post("unseen", days_old=age), answer)

    without, extended = result_of(posts, FAST_CLASSIC), result_of([unseen, *posts], FAST_CLASSIC)

    assert extended.mood == without.mood
    assert extended.scores == without.scores
    assert extended.confidence == without.confidence
    assert extended.effective_sample_size == without.effective_sample_size
    assert extended.moved_most == without.moved_most


@given(engagements, st.sampled_from(Ownership), ages, ages, configs)
def test_an_older_post_never_weighs_more(
    engagement: Engagement, ownership: Ownership, one: float, other: float, config: ScoringConfig
) -> None:
    newer = post(days_old=min(one, other), ownership=ownership, engagement=engagement)
    older = post(days_old=max(one, other), ownership=ownership, engagement=engagement)

    newer_weight, older_weight = weights(config, newer, older)

    assert older_weight <= newer_weight


@given(
    engagements,
    st.sampled_from(["likes", "reposts", "replies", "quotes", "bookmarks", "impressions"]),
    counts,
    ages,
    configs,
)
def test_a_less_active_post_never_weighs_more(
    engagement: Engagement, kind: str, more: int, age: float, config: ScoringConfig
) -> None:
    raised = replace(engagement, **{kind: getattr(engagement, kind) + more})

    quiet = post(days_old=age, engagement=engagement)

    quiet_weight, busy_weight = weights(config, quiet, replace(quiet, engagement=raised))

    assert quiet_weight <= busy_weight


@given(engagements, st.sampled_from([Ownership.SHARED, Ownership.LIKED]), ages, configs)
def test_a_post_that_is_not_the_users_own_never_weighs_more(
    engagement: Engagement, ownership: Ownership, age: float, config: ScoringConfig
) -> None:
    own = post(days_old=age, engagement=engagement)

    own_weight, taken_weight = weights(config, own, replace(own, ownership=ownership))

    assert taken_weight <= own_weight


@few
@given(timelines(oldest=60))
def test_confidence_is_a_share_and_repeatable(posts: list[ClassifiedPost]) -> None:
    first, second = result_of(posts, FAST), result_of(posts, FAST)

    assert first.confidence is not None
    assert 0 <= first.confidence <= 1
    assert second.confidence == first.confidence


FITTED = replace(
    FAST,
    confidence_reading_error=0.2,
    confidence_offset=-0.5,
    confidence_slope=0.6,
    confidence_log_posts=0.5,
    confidence_feeling_power=0.4,
)


@few
@given(timelines(oldest=60), st.floats(0.5, 1), st.integers(1, 3), st.floats(0, 60))
def test_a_neutral_post_never_raises_the_confidence_in_a_feeling(
    posts: list[ClassifiedPost], neutral: float, count: int, age: float
) -> None:
    added = [
        classified(post(f"n{n}", days_old=age), neutral=neutral, joy=(1 - neutral) * 0.9)
        for n in range(count)
    ]

    before, after = result_of(posts, FITTED), result_of([*posts, *added], FITTED)

    if after.mood is before.mood:
        assert before.confidence is not None
        assert after.confidence is not None
        assert after.confidence <= before.confidence + 1e-9


@few
@given(timelines(oldest=60), st.integers(0, 4))
def test_splitting_the_weight_of_a_post_over_copies_changes_nothing(
    posts: list[ClassifiedPost], place: int
) -> None:
    linear = replace(FITTED, activity_form=ActivityForm.LINEAR, activity_base=0.0)
    posts = [
        replace(each, post=replace(each.post, engagement=Engagement(likes=6))) for each in posts
    ]
    whole = posts[place % len(posts)]
    copies = [
        replace(whole, post=replace(whole.post, post_id=name, engagement=Engagement(likes=likes)))
        for name, likes in (("0a", 1), ("zz", 5))
    ]

    one = result_of(posts, linear)
    split = result_of([*(each for each in posts if each is not whole), *copies], linear)

    assert (split.mood, split.why, split.feeling_posts) == (one.mood, one.why, one.feeling_posts)
    assert split.scores == pytest.approx(one.scores)
    assert split.confidence == pytest.approx(one.confidence)
    assert split.effective_sample_size == pytest.approx(one.effective_sample_size)
    assert [each.post.text for each in split.moved_most] == [
        each.post.text for each in one.moved_most
    ]
    assert [each.contribution for each in split.moved_most] == pytest.approx(
        [each.contribution for each in one.moved_most]
    )


@few
@given(timelines())
def test_contributions_never_exceed_the_weight_behind_them(posts: list[ClassifiedPost]) -> None:
    moved = result_of(posts, FAST).moved_most

    assert all(abs(each.contribution) <= each.weight_share + 1e-12 for each in moved)
    assert sum(each.weight_share for each in moved) <= 1 + 1e-12


user_ids = st.sampled_from(["ada", "bob", "cyd", "dan", "eve", "nasa"])


@given(
    st.sampled_from(Mood),
    user_ids,
    st.lists(st.tuples(user_ids, st.sampled_from(Mood), st.integers(1, 28))),
    st.dates(date(2020, 1, 1), date(2030, 12, 31)),
)
def test_recommendations_never_hold_the_user_and_stay_the_same_all_day(
    mood: Mood, user_id: str, drawn: list[tuple[str, Mood, int]], day: date
) -> None:
    items = [CatalogueItem(each.value, "account", "NASA", "about") for each in Mood]
    candidates = [
        FriendCandidate(name, name.upper(), of.value, datetime(2024, 1, at, tzinfo=UTC), ())
        for name, of, at in drawn
    ]

    first, second = (
        recommend(mood, items, candidates, [], user_id=user_id, day=day) for _ in range(2)
    )

    assert first == second
    named = [*first.big_accounts, *first.friends]
    assert user_id not in [item.name.lower() for item in named]


def test_a_single_post_is_the_whole_result() -> None:
    only = classified(post("1"), joy=0.5, neutral=0.5)

    (moved,) = result_of([only]).moved_most

    assert (moved.weight_share, moved.contribution) == (1.0, 0.5)
