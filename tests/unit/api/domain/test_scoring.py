"""Weights, scores and presets, checked against numbers worked out by hand."""

import json
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from api.domain.mood.copies import without_copies
from api.domain.mood.scoring import (
    CLASSIC,
    DEFAULT,
    InvalidScoringError,
    RecencyForm,
    UnknownPresetError,
    activity,
    adjusted,
    age_days,
    config_of,
    negativity,
    owner,
    positivity,
    preset,
    recency,
    relative_weights,
)
from api.domain.posts import Classification, Engagement, Ownership
from tests.support.posts import NOW, WORKED, classified, emotions, post, result_of, said

ALL_KINDS = Engagement(likes=3, reposts=2, replies=4, quotes=5, bookmarks=6, impressions=700)


def test_positivity_and_negativity_are_sums_of_three_emotions_each() -> None:
    scores = emotions(joy=0.3, love=0.2, surprise=0.1, anger=0.09, fear=0.06, sadness=0.05)

    assert positivity(scores, WORKED) == pytest.approx(0.6)
    assert negativity(scores, WORKED) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("surprise_valence", "expected"),
    [(0.0, (0.3, 0.2)), (-0.5, (0.3, 0.25)), (0.5, (0.35, 0.2))],
)
def test_surprise_counts_on_the_side_of_its_valence(
    surprise_valence: float, expected: tuple[float, float]
) -> None:
    scores = emotions(joy=0.3, surprise=0.1, anger=0.2)
    config = replace(WORKED, surprise_valence=surprise_valence)

    balance = positivity(scores, config), negativity(scores, config)

    assert balance == pytest.approx(expected)


def test_irony_takes_from_surprise_only_where_it_counts_as_light() -> None:
    ironic = said(surprise=0.6, joy=0.2, sadness=0.2, irony=1.0)

    shifted = adjusted(ironic, replace(WORKED, surprise_valence=-0.5))

    # half of joy moves to sadness
    assert shifted == pytest.approx(emotions(surprise=0.6, joy=0.1, sadness=0.3))


@pytest.mark.parametrize(
    ("ownership", "expected"),
    [(Ownership.OWN, 0.75), (Ownership.SHARED, 0.25), (Ownership.LIKED, 0.25)],
)
def test_a_post_counts_three_times_as_much_when_the_user_wrote_it(
    ownership: Ownership, expected: float
) -> None:
    assert owner(post(ownership=ownership), WORKED) == expected


@pytest.mark.parametrize(("days_old", "expected"), [(1.5, 1.5), (-3, 0.0)])
def test_age_counts_in_days_and_parts_of_days_and_is_never_negative(
    days_old: float, expected: float
) -> None:
    assert age_days(post(days_old=days_old), NOW) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    # half as much after each 14 days: 2 ** (-days / 14)
    [(0, 1.0), (7, 0.70710678), (14, 0.5), (28, 0.25), (42, 0.125)],
)
def test_recency_halves_every_fourteen_days(days: float, expected: float) -> None:
    assert recency(days, WORKED) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("days", "expected"),
    # 10 / (whole days + 1): 10/1, 10/1 (0.99 is no whole day yet), 10/2, 10/2, 10/5
    [(0, 10.0), (0.99, 10.0), (1, 5.0), (1.5, 5.0), (4, 2.0)],
)
def test_classic_recency_is_ten_over_whole_days_plus_one(days: float, expected: float) -> None:
    assert recency(days, CLASSIC) == expected


@pytest.mark.parametrize(
    ("engagement", "expected"),
    # one more than the logarithm of one more than the count
    [
        (Engagement(), 1.0),
        (Engagement(likes=1), 1.69314718),  # count 1
        (Engagement(reposts=1), 2.09861229),  # count 2
        (Engagement(replies=1), 1.69314718),
        (Engagement(quotes=1), 1.69314718),
        (Engagement(bookmarks=1), 1.69314718),
        (Engagement(impressions=100), 1.69314718),  # count 100/100
        (ALL_KINDS, 4.40119738),  # 3 + 2*2 + 4 + 5 + 6 + 700/100 = 29; 1 + ln(1 + 29)
    ],
)
def test_activity_grows_with_the_logarithm_of_engagement_each_kind_times_its_factor(
    engagement: Engagement, expected: float
) -> None:
    assert activity(engagement, WORKED) == pytest.approx(expected)


def test_classic_activity_is_seven_times_likes_and_reposts() -> None:
    # 7 * (3 + 2); the other kinds do not count
    assert activity(ALL_KINDS, CLASSIC) == 35.0


def test_weight_is_the_product_of_owner_recency_and_activity() -> None:
    plain_today = classified(post("1"), joy=1.0)
    older = classified(post("2", days_old=14, engagement=Engagement(likes=1)), joy=1.0)

    # 0.75 and 0.75 * 0.5 * (1 + ln 2) = 0.375 * 1.69314718
    assert relative_weights([plain_today, older], NOW, WORKED) == pytest.approx([0.75, 0.63493019])


def test_relative_weights_keep_the_ratios_of_the_formula() -> None:
    items = [
        classified(post("1", days_old=3, engagement=Engagement(likes=4)), joy=1.0),
        classified(post("2", days_old=20, ownership=Ownership.LIKED), joy=1.0),
    ]

    first, second = relative_weights(items, NOW, WORKED)

    # 0.75 * 2 ** (-3 / 14) * (1 + ln 5) over 0.25 * 2 ** (-20 / 14)
    assert first / second == pytest.approx(3 * 2 ** (17 / 14) * 2.60943791)


def test_classic_weights_are_the_product_of_the_original_factors_without_a_shift() -> None:
    one = post(days_old=1.2, ownership=Ownership.SHARED, engagement=Engagement(likes=2, reposts=1))
    two = post("2", days_old=9, engagement=Engagement(likes=1))

    weights = relative_weights([classified(one), classified(two)], NOW, CLASSIC)

    # 0.25 * 10/(1 + 1) * 7*(2 + 1) = 0.25 * 5 * 21 and 0.75 * 10/(9 + 1) * 7*1
    assert weights == [26.25, 5.25]


@pytest.mark.parametrize(
    ("ironic", "expected"),
    [
        (
            # share 0.5 * 0.8 = 0.4 of positivity 0.6 moves: 0.24; anger : sadness = 2 : 1
            said(joy=0.4, love=0.1, surprise=0.1, anger=0.2, sadness=0.1, neutral=0.1, irony=0.8),
            emotions(joy=0.24, love=0.06, surprise=0.06, anger=0.36, sadness=0.18, neutral=0.1),
        ),
        (
            # 0.5 * 1.0 * 0.9 = 0.45 moves, 0.15 to each of the three
            said(joy=0.9, neutral=0.1, irony=1.0),
            emotions(joy=0.45, anger=0.15, fear=0.15, sadness=0.15, neutral=0.1),
        ),
    ],
    ids=["in proportion", "evenly if none is negative"],
)
def test_irony_moves_half_its_probability_of_what_is_positive_to_what_is_negative(
    ironic: Classification, expected: dict[str, float]
) -> None:
    assert adjusted(ironic, WORKED) == pytest.approx(expected)


def test_a_post_without_irony_keeps_its_probabilities() -> None:
    plain = said(joy=0.5, sadness=0.2, neutral=0.3, irony=0.0)

    assert adjusted(plain, WORKED) == plain.scores


def test_scores_are_the_weighted_mean_of_the_emotions() -> None:
    new_own = classified(post("1"), joy=1.0)
    old_own = classified(post("2", days_old=14), sadness=1.0)
    new_shared = classified(post("3", ownership=Ownership.SHARED), neutral=1.0)

    scores = result_of([new_own, old_own, new_shared]).scores

    # weights 0.75, 0.75 * 0.5 = 0.375, 0.25: sum 1.375
    assert scores == pytest.approx(
        emotions(joy=0.75 / 1.375, sadness=0.375 / 1.375, neutral=0.25 / 1.375)
    )


def test_scores_take_emotions_after_the_irony_shift() -> None:
    ironic = classified(post("1"), joy=0.8, sadness=0.2, irony=1.0)
    plain = classified(post("2"), joy=0.8, sadness=0.2)

    # the ironic post becomes joy 0.4, sadness 0.6; the mean with 0.8, 0.2 is 0.6, 0.4
    assert result_of([ironic, plain]).scores == pytest.approx(emotions(joy=0.6, sadness=0.4))


def test_classic_scores_follow_the_original_weights() -> None:
    today = classified(post("1", engagement=Engagement(likes=1)), joy=1.0)
    older = classified(post("2", days_old=4, engagement=Engagement(reposts=3)), anger=1.0)

    scores = result_of([today, older], CLASSIC).scores

    # 0.75 * 10 * 7 = 52.5 and 0.75 * 2 * 21 = 31.5: sum 84
    assert scores == pytest.approx(emotions(joy=52.5 / 84, anger=31.5 / 84))


def test_an_archive_that_ends_a_century_ago_keeps_its_scores() -> None:
    newest = classified(post("1", days_old=36_500), joy=1.0)
    older = classified(post("2", days_old=36_514), sadness=1.0)

    scores = result_of([newest, older]).scores

    # 2 ** (-36500 / 14) is below every float; relative to the newest the weights are 1 and 1/2
    assert recency(36_500, WORKED) == 0.0
    assert scores == pytest.approx(emotions(joy=2 / 3, sadness=1 / 3))


def test_a_post_without_weight_does_not_set_the_age_from_which_others_count() -> None:
    only_engaged_posts = replace(WORKED, activity_base=0.0)
    unseen_today = classified(post("1"), joy=1.0)
    seen = classified(post("2", days_old=36_500, engagement=Engagement(likes=1)), anger=1.0)

    assert result_of([unseen_today, seen], only_engaged_posts).scores == emotions(anger=1.0)


def test_scores_do_not_depend_on_when_an_archive_is_read() -> None:
    items = [
        classified(post("1", days_old=3), joy=1.0),
        classified(post("2", days_old=20), anger=1.0),
    ]

    later = result_of(items, as_of=NOW + timedelta(days=400)).scores

    assert later == pytest.approx(result_of(items).scores)


def test_presets_are_found_by_name_and_the_default_resamples_500_times() -> None:
    assert (preset("default"), preset("classic")) == (DEFAULT, CLASSIC)
    assert DEFAULT.resamples == 500


def test_an_unknown_preset_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UnknownPresetError, match='"clasic": use "default" or "classic"'):
        preset("clasic")


def test_a_configuration_survives_json() -> None:
    stored = json.loads(json.dumps({**CLASSIC.to_dict(), "name": "ours"}))

    read = config_of(stored)

    assert read == replace(CLASSIC, name="ours")
    assert read.recency_form is RecencyForm.WHOLE_DAYS  # not merely equal: recency asks so


def test_a_configuration_may_give_only_what_differs_from_the_default() -> None:
    assert config_of({"name": "ours", "joy_valence": 1}) == replace(
        DEFAULT, name="ours", joy_valence=1.0
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "must be an object"),
        ({}, "name must be a text of your own, not default or classic"),
        ({"name": " "}, "name must be a text of your own"),
        ({"name": "default"}, "name must be a text of your own"),
        ({"name": 3}, "name must be a text, not 3"),
        ({"name": "x", "joy_valance": 1}, r"there is no joy_valance \(is it joy_valence\?\)"),
        ({"name": "x", "mood": 1}, "there is no mood"),
        ({"name": "x", "confidence_posts": 0.2}, "there is no confidence_posts"),
        ({"name": "x", "confidence_feeling": 1}, "there is no confidence_feeling "),
        ({"name": "x", "joy_valence": "1"}, "joy_valence must be a number, not '1'"),
        ({"name": "x", "joy_valence": True}, "joy_valence must be a number, not True"),
        ({"name": "x", "joy_valence": None}, "joy_valence must be a number, not None"),
        ({"name": "x", "joy_valence": -1}, "joy_valence must be a number from 0 to 10, not -1"),
        ({"name": "x", "anger_valence": 1}, "anger_valence must be a number from -10 to 0, not 1"),
        ({"name": "x", "half_life_days": 0}, "half_life_days must be greater than 0"),
        ({"name": "x", "half_life_days": 10**400}, r"a number is larger than 1e\+09"),
        ({"name": "x", "resamples": 2.5}, "resamples must be a whole number, not 2.5"),
        ({"name": "x", "recency_form": "years"}, "recency_form must be half_life or whole_days"),
        ({"name": "x", "seed": "a", "irony_share": "b"}, "seed must .*; irony_share must"),
    ],
)
def test_a_faulty_configuration_is_refused_with_the_field_and_what_is_allowed(
    values: object, says: str
) -> None:
    with pytest.raises(InvalidScoringError, match=says):
        config_of(values)


def test_the_weight_of_copies_counts_as_that_of_one_post() -> None:
    first, copy, other = post("1"), replace(post("2"), text="text of 1"), post("3")

    merged = without_copies([classified(each) for each in (first, other, copy)], [1.0, 2.0, 0.5])

    assert merged == [1.5, 2.0, 0.0]


@pytest.mark.parametrize(
    ("fields", "values", "rule"),
    [
        (
            ["own_weight", "half_life_days", "likes_factor"],
            [-1, float("nan"), float("inf")],
            "a number from 0 to 1e",
        ),
        (["resamples"], [-1, float("nan"), 100_001], "a number from 0 to 100000"),
        (["joy_valence", "love_valence", "heavy_factor"], [-0.1], "a number from 0 to 1"),
        (
            ["anger_valence", "fear_valence", "sadness_valence"],
            [0.1, -11],
            "a number from -10 to 0",
        ),
        (["surprise_valence", "confidence_offset"], [float("nan")], "a number from -1"),
        (["half_life_days", "recency_numerator", "resamples"], [0], "greater than 0"),
        (["irony_share"], [1.1], "between 0 and 1"),
    ],
)
def test_a_constant_that_leaves_a_formula_undefined_is_refused(
    fields: list[str], values: list[float], rule: str
) -> None:
    for field, value in product(fields, values):
        with pytest.raises(ValueError, match=f"{field} must be {rule}"):
            replace(WORKED, **{field: value})  # type: ignore[arg-type] # the field is a parameter
