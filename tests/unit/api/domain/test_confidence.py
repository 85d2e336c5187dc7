"""Effective sample size and confidence, checked against numbers worked out by hand."""

import math
from dataclasses import replace

import pytest

from api.domain.mood.confidence import Evidence, calibrated, effective_sample_size, evidence
from api.domain.mood.scoring import CLASSIC, DEFAULT, ScoringConfig
from tests.support.posts import WORKED, emotions

JOY = emotions(joy=1.0)
SADNESS = emotions(sadness=1.0)

FOUR_SIGMA = 4 * math.sqrt(0.25 / 500)
"""How far a share of 500 resamples may stray from its probability: 0.09."""


def agreement(
    probabilities: list[dict[str, float]], weights: list[float], config: ScoringConfig = WORKED
) -> float:
    with_feeling = [each["neutral"] < max(each.values()) for each in probabilities]
    found = evidence(probabilities, weights, with_feeling, config)
    assert found is not None
    return found.agreement


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1.0, 1.0, 1.0, 1.0], 4.0),  # 4^2 / 4
        ([3.0, 1.0], 1.6),  # 4^2 / (9 + 1)
        ([5.0], 1.0),
        ([2.0, 2.0, 0.0], 2.0),
        ([], 0.0),
        ([0.0, 0.0], 0.0),
        ([1e300, 1e300], 2.0),  # squares would overflow
        ([1e-300, 1e-300], 2.0),  # squares would vanish
    ],
)
def test_effective_sample_size_is_the_square_of_the_sum_over_the_sum_of_squares(
    weights: list[float], expected: float
) -> None:
    assert effective_sample_size(weights) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("probabilities", "weights"),
    [
        ([JOY] * 30, [1.0] * 30),
        ([emotions(joy=0.6, sadness=0.4)] * 30, [0.3] * 30),  # on the boundary of two moods
        ([SADNESS], [0.2]),
        ([SADNESS, JOY, JOY, SADNESS], [0.0, 1.0, 1.0, 0.0]),  # without weight, never drawn
    ],
)
def test_posts_that_all_say_the_same_are_certain(
    probabilities: list[dict[str, float]], weights: list[float]
) -> None:
    assert agreement(probabilities, weights) == 1.0


def test_there_is_no_evidence_without_weight() -> None:
    assert evidence([JOY, SADNESS], [0.0, 0.0], [True, True], WORKED) is None


def test_agreement_is_the_probability_that_a_resample_is_on_the_same_side() -> None:
    probabilities = [JOY] * 55 + [SADNESS] * 45

    sure = agreement(probabilities, [1.0] * 100)

    # A resample is light with 50 joys or more among 100 draws, as a tie is not heavy.
    expected = sum(math.comb(100, k) * 0.55**k * 0.45 ** (100 - k) for k in range(50, 101))
    assert sure == pytest.approx(expected, abs=FOUR_SIGMA)


@pytest.mark.parametrize(
    "probabilities",
    [
        [emotions(anger=1.0), emotions(sadness=1.0), emotions(fear=1.0)] * 5,  # Stressed by a tie
        [emotions(joy=0.6, sadness=0.4), emotions(joy=0.61, sadness=0.39)] * 5,  # barely Cheerful
    ],
)
def test_which_mood_of_a_side_it_is_is_not_what_confidence_is_about(
    probabilities: list[dict[str, float]],
) -> None:
    assert agreement(probabilities, [1.0] * len(probabilities)) == 1.0


def test_resamples_are_of_the_effective_size_not_of_the_number_of_posts() -> None:
    heavy, light = 1.0, 2.0**-20
    probabilities = [JOY, JOY, JOY, SADNESS, SADNESS] + [JOY] * 400
    weights = [heavy] * 5 + [light] * 400

    sure = agreement(probabilities, weights)

    # The effective size is 5, so 5 draws: light with 3 joys or more.
    # 10 * 0.6^3 * 0.4^2 + 5 * 0.6^4 * 0.4 + 0.6^5 = 0.683; with 405 draws it would be 1.
    assert sure == pytest.approx(0.683, abs=FOUR_SIGMA)


def test_posts_are_drawn_in_proportion_to_weight() -> None:
    probabilities = [JOY, emotions(sadness=0.8, neutral=0.2)]

    sure = agreement(probabilities, [2.0, 1.0])

    # Effective size 9/5 = 1.8, so 2 draws. Only two sadnesses are heavy:
    # 1 - (1/3)^2 = 0.889; drawn evenly it would be 0.75.
    assert sure == pytest.approx(8 / 9, abs=FOUR_SIGMA)


def test_a_draw_limit_keeps_the_confidence_of_the_whole_sample() -> None:
    probabilities = [JOY] * 1_030 + [SADNESS] * 970

    limited = agreement(probabilities, [1.0] * 2_000, replace(WORKED, draw_limit=200))

    # Light from a share of 0.5 joys on. The mean is 0.515 and a share among 2,000 draws spreads by
    # sqrt(0.515 * 0.485 / 2000) = 0.01118, so 0.5 is 1.342 spreads below: probability 0.910.
    # Taken from 200 draws without shrinking it would be 0.69.
    assert limited == pytest.approx(0.910, abs=0.06)


def test_the_seed_decides_the_resamples() -> None:
    probabilities, weights = [JOY] * 55 + [SADNESS] * 45, [1.0] * 100

    by_seed = {agreement(probabilities, weights, replace(WORKED, seed=seed)) for seed in range(10)}

    assert len(by_seed) > 1


def test_rounding_of_many_small_weights_does_not_lean_to_one_side() -> None:
    probabilities = [*[JOY, SADNESS] * 3_855, emotions(neutral=1.0)]
    weights = [8.5] * 7_710 + [1.0]

    sure = agreement(probabilities, weights)

    # The weights add up to 65536, the slots of the table: 8.5 is rounded to 9 for every joy and to
    # 8 for every sadness. The mean is a tie (Satisfied) all the same, and half of the resamples
    # fall on its heavy side.
    assert sure == pytest.approx(0.5, abs=FOUR_SIGMA)


def test_resamples_are_read_with_an_error_that_more_posts_do_not_lessen() -> None:
    read = replace(WORKED, confidence_reading_error=0.2)
    near_tie, clear = emotions(joy=0.55, sadness=0.45), emotions(joy=0.8, sadness=0.2)

    found = [agreement([near_tie] * count, [1.0] * count, read) for count in (3, 300)]

    # All resamples have the margin 0.1, half of the error's deviation, or 0.6, three deviations.
    assert found == pytest.approx([0.6915, 0.6915], abs=1e-4)
    assert agreement([clear] * 3, [1.0] * 3, read) == pytest.approx(0.99865, abs=1e-5)


def test_the_margin_of_a_mean_without_light_or_heavy_feelings_is_a_tie() -> None:
    read = replace(WORKED, confidence_reading_error=0.2, surprise_valence=0.0)

    assert agreement([emotions(surprise=1.0)], [1.0], read) == 0.5


@pytest.mark.parametrize(
    ("probabilities", "most"),
    [
        ([emotions(joy=0.51, sadness=0.49)] * 3, 0.65),
        ([emotions(joy=0.51, sadness=0.49)] * 20, 0.65),
        ([emotions(joy=0.49, sadness=0.51)] * 20, 0.65),
        ([JOY] * 5_100 + [SADNESS] * 4_900, 0.65),
        ([JOY] * 50 + [SADNESS] * 50, 0.6),
    ],
)
def test_a_near_tie_is_never_sure_however_many_posts_and_evenly_they_divide(
    probabilities: list[dict[str, float]], most: float
) -> None:
    count = len(probabilities)

    found = evidence(probabilities, [1.0] * count, [True] * count, DEFAULT)

    assert found is not None
    assert calibrated(found, DEFAULT) < most


def test_neutral_posts_are_not_drawn_but_lower_the_share_of_posts_with_a_feeling() -> None:
    neutral = emotions(neutral=0.6, sadness=0.4)

    found = evidence([JOY, JOY, neutral, neutral], [1.0] * 4, [True, True, False, False], WORKED)

    assert found == Evidence(agreement=1.0, effective_posts=2.0, feeling_share=0.5)


def test_without_a_post_with_a_feeling_there_is_no_confidence() -> None:
    found = evidence([emotions(neutral=0.6, joy=0.4)], [1.0], [False], WORKED)

    assert found is not None
    assert calibrated(found, WORKED) == 0.0


def test_confidence_is_the_agreement_where_nothing_is_fitted() -> None:
    assert calibrated(Evidence(0.75, 3.0, 0.2), CLASSIC) == pytest.approx(0.75)
    assert calibrated(Evidence(1.0, 3.0, 0.2), CLASSIC) == pytest.approx(0.999)  # 1 - 1 / 1000


def test_calibration_is_the_stated_formula() -> None:
    fitted = replace(
        CLASSIC,
        confidence_offset=-1.0,
        confidence_slope=0.5,
        confidence_log_posts=0.25,
        confidence_feeling_power=2.0,
    )

    found = Evidence(agreement=0.8, effective_posts=math.e**2, feeling_share=0.5)
    sure = calibrated(found, fitted)

    # -1 + (0.5 + 0.25 * 2) * ln(0.8 / 0.2) * 0.5 ** 2 = -1 + ln(4) / 4
    assert sure == pytest.approx(1 / (1 + math.e / math.sqrt(2)))


@pytest.mark.parametrize("posts", [1.0, 3.0, 20.0, 5000.0])
@pytest.mark.parametrize("feeling_share", [1.0, 0.01])
def test_no_number_of_posts_makes_a_tie_sure(posts: float, feeling_share: float) -> None:
    sure = calibrated(Evidence(0.5, posts, feeling_share), DEFAULT)

    assert sure < 0.6


def test_posts_without_a_feeling_bring_confidence_down_to_that_of_a_tie() -> None:
    sure = [calibrated(Evidence(1.0, 10.0, share), DEFAULT) for share in (1.0, 0.5, 0.1, 0.0)]

    assert sure == sorted(sure, reverse=True)
    assert sure[0] > 0.9
    assert sure[2] < 0.7
    assert sure[3] == pytest.approx(calibrated(Evidence(0.5, 10.0, 1.0), DEFAULT))


def test_posts_without_a_feeling_take_nothing_from_what_speaks_against_a_mood() -> None:
    alone, among_neutral = (
        calibrated(Evidence(0.2, 10.0, share), replace(CLASSIC, confidence_feeling_power=1.0))
        for share in (1.0, 0.1)
    )

    assert among_neutral == alone


def test_more_posts_than_calibration_knows_add_no_confidence() -> None:
    fitted = replace(CLASSIC, confidence_log_posts=0.5, confidence_most_posts=20.0)

    few, most, thousands = (
        calibrated(Evidence(0.8, posts, 1.0), fitted) for posts in (5.0, 20.0, 4000.0)
    )

    assert few < most
    assert thousands == most
