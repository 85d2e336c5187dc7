"""Pin weights and scores with numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.domain.posts import ClassifiedPost, Engagement, Ownership
from api.domain.scoring import (
    activity,
    adjusted,
    age_days,
    emotion_scores,
    negativity,
    owner,
    positivity,
    recency,
    relative_weights,
    weight,
)
from api.domain.scoring_config import CLASSIC, DEFAULT
from tests.unit.api.domain.builders import NOW, classified, emotions, post, said


def test_positivity_is_joy_love_and_surprise() -> None:
    scores = emotions(joy=0.3, love=0.2, surprise=0.1, sadness=0.15, neutral=0.25)

    assert positivity(scores) == pytest.approx(0.6)


def test_negativity_is_anger_fear_and_sadness() -> None:
    scores = emotions(anger=0.3, fear=0.2, sadness=0.1, joy=0.15, neutral=0.25)

    assert negativity(scores) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("ownership", "expected"),
    [(Ownership.OWN, 0.75), (Ownership.SHARED, 0.25), (Ownership.LIKED, 0.25)],
)
def test_a_post_counts_three_times_as_much_when_the_user_wrote_it(
    ownership: Ownership, expected: float
) -> None:
    assert owner(post(ownership=ownership), DEFAULT) == expected


def test_age_counts_in_days_and_parts_of_days() -> None:
    assert age_days(post(days_old=1.5), NOW) == 1.5


def test_age_is_never_negative() -> None:
    assert age_days(post(days_old=-3), NOW) == 0.0


@pytest.mark.parametrize(
    ("days", "expected"),
    # half as much after each 14 days: 2 ** (-days / 14)
    [(0, 1.0), (7, 0.70710678), (14, 0.5), (28, 0.25), (42, 0.125)],
)
def test_recency_halves_every_fourteen_days(days: float, expected: float) -> None:
    assert recency(days, DEFAULT) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("days", "expected"),
    # 10 / (whole days + 1): 10/1, 10/1 (0.99 is no whole day yet), 10/2, 10/2, 10/5
    [(0, 10.0), (0.99, 10.0), (1, 5.0), (1.5, 5.0), (4, 2.0)],
)
def test_classic_recency_is_ten_over_whole_days_plus_one(days: float, expected: float) -> None:
    assert recency(days, CLASSIC) == expected


def test_activity_is_one_without_engagement() -> None:
    assert activity(Engagement(), DEFAULT) == 1.0


def test_activity_grows_with_the_logarithm_of_all_engagement() -> None:
    engagement = Engagement(likes=3, reposts=2, replies=4, quotes=5, bookmarks=6, impressions=700)

    # 3 + 2*2 + 4 + 5 + 6 + 700/100 = 29;  1 + ln(1 + 29) = 1 + 3.40119738
    assert activity(engagement, DEFAULT) == pytest.approx(4.40119738)


@pytest.mark.parametrize(
    ("engagement", "expected"),
    # one more than the logarithm of one more than the count
    [
        (Engagement(likes=1), 1.69314718),  # count 1
        (Engagement(reposts=1), 2.09861229),  # count 2
        (Engagement(replies=1), 1.69314718),
        (Engagement(quotes=1), 1.69314718),
        (Engagement(bookmarks=1), 1.69314718),
        (Engagement(impressions=100), 1.69314718),  # count 100/100
    ],
)
def test_each_kind_of_engagement_has_its_own_coefficient(
    engagement: Engagement, expected: float
) -> None:
    assert activity(engagement, DEFAULT) == pytest.approx(expected)


def test_classic_activity_is_seven_times_likes_and_reposts() -> None:
    engagement = Engagement(likes=3, reposts=2, replies=4, quotes=5, bookmarks=6, impressions=700)

    # 7 * (3 + 2); the other kinds do not count
    assert activity(engagement, CLASSIC) == 35.0


def test_weight_is_the_product_of_owner_recency_and_activity() -> None:
    one = post(days_old=14, engagement=Engagement(likes=1))

    # 0.75 * 0.5 * (1 + ln 2) = 0.375 * 1.69314718
    assert weight(one, NOW, DEFAULT) == pytest.approx(0.63493019)


def test_classic_weight_is_the_product_of_the_original_factors() -> None:
    one = post(days_old=1.2, ownership=Ownership.SHARED, engagement=Engagement(likes=2, reposts=1))

    # 0.25 * 10/(1 + 1) * 7*(2 + 1) = 0.25 * 5 * 21
    assert weight(one, NOW, CLASSIC) == pytest.approx(26.25)


def test_irony_moves_half_its_probability_of_what_is_positive_to_what_is_negative() -> None:
    ironic = said(joy=0.4, love=0.1, surprise=0.1, anger=0.2, sadness=0.1, neutral=0.1, irony=0.8)

    shifted = adjusted(ironic, DEFAULT)

    # share 0.5 * 0.8 = 0.4 of positivity 0.6 moves: 0.24; anger : sadness = 2 : 1
    assert shifted == pytest.approx(
        {
            "joy": 0.24,  # 0.4 * 0.6
            "love": 0.06,  # 0.1 * 0.6
            "surprise": 0.06,
            "anger": 0.36,  # 0.2 + 0.24 * 2/3
            "fear": 0.0,
            "sadness": 0.18,  # 0.1 + 0.24 * 1/3
            "neutral": 0.1,
        }
    )


def test_a_post_without_irony_stays_as_it_is() -> None:
    plain = said(joy=0.5, sadness=0.2, neutral=0.3, irony=0.0)

    assert adjusted(plain, DEFAULT) == plain.scores


def test_irony_splits_evenly_where_nothing_negative_gives_a_proportion() -> None:
    ironic = said(joy=0.9, neutral=0.1, irony=1.0)

    # 0.5 * 1.0 * 0.9 = 0.45 moves, 0.15 to each of the three
    assert adjusted(ironic, DEFAULT) == pytest.approx(
        emotions(joy=0.45, anger=0.15, fear=0.15, sadness=0.15, neutral=0.1)
    )


def test_scores_are_the_weighted_mean_of_the_emotions() -> None:
    new_own = classified(post("1"), joy=1.0)
    old_own = classified(post("2", days_old=14), sadness=1.0)
    new_shared = classified(post("3", ownership=Ownership.SHARED), neutral=1.0)

    scores = emotion_scores([new_own, old_own, new_shared], NOW, DEFAULT)

    # weights 0.75, 0.75 * 0.5 = 0.375, 0.25: sum 1.375
    assert scores == pytest.approx(
        emotions(joy=0.75 / 1.375, sadness=0.375 / 1.375, neutral=0.25 / 1.375)
    )


def test_scores_take_emotions_after_the_irony_shift() -> None:
    ironic = ClassifiedPost(post("1"), said(joy=0.8, sadness=0.2, irony=1.0))
    plain = ClassifiedPost(post("2"), said(joy=0.8, sadness=0.2))

    scores = emotion_scores([ironic, plain], NOW, DEFAULT)

    # the ironic post becomes joy 0.4, sadness 0.6; the mean with 0.8, 0.2 is 0.6, 0.4
    assert scores == pytest.approx(emotions(joy=0.6, sadness=0.4))


def test_classic_scores_follow_the_original_weights() -> None:
    today = classified(post("1", engagement=Engagement(likes=1)), joy=1.0)
    older = classified(post("2", days_old=4, engagement=Engagement(reposts=3)), anger=1.0)

    scores = emotion_scores([today, older], NOW, CLASSIC)

    # 0.75 * 10 * 7 = 52.5 and 0.75 * 2 * 21 = 31.5: sum 84
    assert scores == pytest.approx(emotions(joy=52.5 / 84, anger=31.5 / 84))


def test_there_are_no_scores_without_posts() -> None:
    assert emotion_scores([], NOW, DEFAULT) is None


def test_there_are_no_classic_scores_where_nobody_liked_or_reposted() -> None:
    unseen = classified(post(engagement=Engagement(replies=9, impressions=10_000)), joy=1.0)

    assert emotion_scores([unseen], NOW, CLASSIC) is None


def test_an_archive_that_ends_a_century_ago_keeps_its_scores() -> None:
    newest = classified(post("1", days_old=36_500), joy=1.0)
    older = classified(post("2", days_old=36_514), sadness=1.0)

    scores = emotion_scores([newest, older], NOW, DEFAULT)

    # 2 ** (-36500 / 14) is below every float; relative to the newest the weights are 1 and 1/2
    assert weight(newest.post, NOW, DEFAULT) == 0.0
    assert scores == pytest.approx(emotions(joy=2 / 3, sadness=1 / 3))


def test_a_post_without_weight_does_not_set_the_age_from_which_others_count() -> None:
    only_engaged_posts = replace(DEFAULT, activity_base=0.0)
    unseen_today = classified(post("1"), joy=1.0)
    seen_long_ago = classified(
        post("2", days_old=36_500, engagement=Engagement(likes=1)), anger=1.0
    )

    scores = emotion_scores([unseen_today, seen_long_ago], NOW, only_engaged_posts)

    assert scores == emotions(anger=1.0)


def test_relative_weights_keep_the_ratios_of_the_formula() -> None:
    items = [
        classified(post("1", days_old=3, engagement=Engagement(likes=4)), joy=1.0),
        classified(post("2", days_old=20, ownership=Ownership.LIKED), joy=1.0),
    ]

    first, second = relative_weights(items, NOW, DEFAULT)

    plain = [weight(item.post, NOW, DEFAULT) for item in items]
    assert first / second == pytest.approx(plain[0] / plain[1])


def test_classic_weights_are_not_shifted() -> None:
    items = [
        classified(post("1", days_old=3, engagement=Engagement(likes=4)), joy=1.0),
        classified(post("2", days_old=9, engagement=Engagement(likes=1)), joy=1.0),
    ]

    weights = relative_weights(items, NOW, CLASSIC)

    assert weights == [weight(item.post, NOW, CLASSIC) for item in items]


def test_scores_do_not_depend_on_when_an_archive_is_read() -> None:
    items = [
        classified(post("1", days_old=3), joy=1.0),
        classified(post("2", days_old=20), anger=1.0),
    ]

    later = emotion_scores(items, NOW + timedelta(days=400), DEFAULT)

    assert later == pytest.approx(emotion_scores(items, NOW, DEFAULT))
