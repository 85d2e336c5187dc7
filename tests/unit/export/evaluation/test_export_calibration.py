"""Temperatures, expected calibration errors, and both measured by cross-fitting."""

import math

import numpy as np
import pytest

from export.evaluation.calibration import (
    Fit,
    Judged,
    Results,
    bins_of,
    calibrate,
    error_by_chance,
    expected_calibration_error,
    fit_emotion,
    fit_irony,
    judge_emotion,
    judge_irony,
)
from export.training.examples import Example
from tests.support.export.classifications import scored

KNOWN = ("anger", "joy")
RIGHT = Example("", ("joy",), KNOWN)
WRONG = Example("", ("anger",), KNOWN)


def emotions(right: int, wrong: int, joy: float = 0.9) -> Results:
    classified = scored(joy=joy, anger=1 - joy)
    return [RIGHT] * right + [WRONG] * wrong, [classified] * (right + wrong)


def judged(*answers: tuple[float, bool]) -> Judged:
    return Judged(
        np.array([confidence for confidence, _ in answers], dtype=np.float64),
        np.array([right for _, right in answers], dtype=np.bool_),
    )


def test_an_overconfident_model_gets_a_temperature_above_one() -> None:
    fit = fit_emotion([emotions(right=3, wrong=1, joy=0.9)])

    assert fit.temperature == pytest.approx(math.log(9) / math.log(3), abs=0.01)
    assert fit.after < fit.before


def test_a_calibrated_model_keeps_its_probabilities() -> None:
    fit = fit_emotion([emotions(right=3, wrong=1, joy=0.75)])

    assert fit.temperature == pytest.approx(1.0)


def test_irony_gets_the_temperature_that_makes_its_probabilities_come_true() -> None:
    ironic, sincere = Example("", irony=True), Example("", irony=False)
    often = ([ironic] * 6 + [sincere] * 2, [scored(joy=1, irony=0.9)] * 8)
    seldom = ([ironic] * 1 + [sincere] * 3, [scored(joy=1, irony=0.1)] * 4)

    fit = fit_irony([often, seldom])

    # Odds of 9 were predicted, and of 3 observed, on both sides.
    assert fit.temperature == pytest.approx(math.log(9) / math.log(3), abs=0.01)
    assert fit.after < fit.before


def ironies(ironic: int, sincere: int, irony: float) -> Results:
    examples = [Example("", irony=True)] * ironic + [Example("", irony=False)] * sincere
    return examples, [scored(joy=1, irony=irony)] * (ironic + sincere)


def test_at_a_base_rate_irony_gets_a_bias_too() -> None:
    # Nothing tells the posts apart, and half of them are ironic: elsewhere, one in eight is.
    found = calibrate({"posts": ironies(100, 100, irony=0.5)}, irony_base_rate=1 / 8)

    fit = found.irony.fit
    assert fit.bias / fit.temperature == pytest.approx(math.log(1 / 7), abs=0.05)
    assert found.irony.sets["posts"].error < 0.05
    assert found.irony.sets["posts"].before == pytest.approx(3 / 8, abs=0.01)


def test_at_a_base_rate_irony_is_fitted_only_where_the_authors_said_so() -> None:
    sets = {"authors": ironies(50, 350, irony=1 / 8), "others": ironies(200, 0, irony=0.01)}

    found = calibrate(sets, irony_base_rate=1 / 8, authors=["authors"])

    assert found.irony.fit.bias == pytest.approx(0.0, abs=0.11)
    assert list(found.irony.sets) == ["authors", "others"]


def test_bins_and_their_errors_count_each_prediction_by_its_weight() -> None:
    half = Judged(np.array([0.25, 0.25]), np.array([True, False]), np.array([0.5, 1.5]))

    (only,) = bins_of(half)
    assert (only.count, only.accuracy) == (2, pytest.approx(0.25))
    assert expected_calibration_error(half) == pytest.approx(0.0)


def test_without_examples_nothing_is_changed() -> None:
    assert fit_emotion([]).temperature == 1.0
    assert fit_irony([emotions(right=1, wrong=0)]) == Fit()


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        # As often right as the confidence.
        ([*[(0.75, True)] * 3, (0.75, False)], 0.0),
        # Six predictions, a third of them right, at 0.9, and two right ones at 0.5.
        ([*[(0.9, True)] * 2, *[(0.9, False)] * 4, *[(0.5, True)] * 2], (3.4 + 1) / 8),
        # Errors within one bin cancel, those of two bins do not.
        ([(0.61, True), (0.65, False)], 0.13),
        ([(0.61, True), (0.75, False)], (0.39 + 0.75) / 2),
    ],
)
def test_the_error_is_the_mean_distance_of_the_bins_weighted_by_size(
    answers: list[tuple[float, bool]], error: float
) -> None:
    assert expected_calibration_error(judged(*answers)) == pytest.approx(error)


def test_a_bin_includes_its_upper_edge_and_the_first_one_zero() -> None:
    found = bins_of(judged((0.0, False), (1 / 15, True), (1 / 15 + 1e-6, True), (1.0, True)))

    assert [(one.index, one.count) for one in found] == [(0, 2), (1, 1), (14, 1)]
    assert found[0].accuracy == 0.5
    assert found[0].confidence == pytest.approx(1 / 30)


def test_by_chance_the_error_is_that_of_tossing_coins() -> None:
    coins = judged(*[(0.5, True)] * 100)

    expected = math.sqrt(0.25 / 100) * math.sqrt(2 / math.pi)

    assert error_by_chance(coins) == pytest.approx(expected, rel=0.15)


def test_by_chance_the_error_does_not_depend_on_which_were_right() -> None:
    assert error_by_chance(judged(*[(1.0, False)] * 10)) == 0.0


def test_without_predictions_there_is_no_error() -> None:
    with pytest.raises(ValueError, match="no predictions"):
        expected_calibration_error(judged())


def test_a_text_is_measured_with_the_temperature_that_was_fitted_without_it() -> None:
    found = calibrate({"two": emotions(right=1, wrong=1)}).emotion.sets["two"].judged

    # Fitted only on the right text the temperature is lowest (0.5), on the wrong one highest (3).
    confidence = dict(zip(found.right.tolist(), found.confidence.tolist(), strict=True))
    assert confidence[True] == pytest.approx(0.9 ** (1 / 3) / (0.9 ** (1 / 3) + 0.1 ** (1 / 3)))
    assert confidence[False] == pytest.approx(0.81 / 0.82)


def test_the_temperature_that_ships_is_fitted_on_all_texts() -> None:
    results = emotions(right=30, wrong=10)

    found = calibrate({"set": results}).emotion

    assert found.fit == fit_emotion([results])
    assert sum(half.temperature for half in found.halves) / 2 == pytest.approx(
        found.fit.temperature, abs=0.5
    )


def test_an_overconfident_model_has_less_error_with_its_temperature() -> None:
    found = calibrate({"set": emotions(right=3_000, wrong=1_000)}).emotion.sets["set"]

    assert found.before == pytest.approx(0.15)
    assert found.error < 0.03


def test_the_mean_counts_every_set_the_same() -> None:
    sets = {"big": emotions(right=300, wrong=100), "small": emotions(right=4, wrong=4)}

    found = calibrate(sets).emotion

    mean = (found.sets["big"].error + found.sets["small"].error) / 2
    assert found.mean_error == pytest.approx(mean)


@pytest.mark.slow
def test_the_pooled_error_counts_every_text_the_same() -> None:
    surer, less_sure = emotions(right=4_000, wrong=0, joy=0.8), emotions(2_400, 1_600, 0.8)

    found = calibrate({"surer": surer, "less": less_sure}).emotion

    # Over all texts as often right as the confidence, in neither set alone.
    assert found.pooled_error == pytest.approx(0.0, abs=0.03)
    assert min(one.error for one in found.sets.values()) > 0.15


def test_only_labels_that_a_set_knows_count() -> None:
    one = judge_emotion(([RIGHT], [scored(joy=0.3, anger=0.1, neutral=0.6)]), Fit())

    assert one.confidence.tolist() == pytest.approx([0.75])
    assert one.right.tolist() == [True]


def test_irony_is_judged_by_its_probability_even_when_that_is_low() -> None:
    examples = [Example("", irony=True), Example("", irony=False), RIGHT]

    found = judge_irony((examples, [scored(joy=1, irony=0.2)] * 3), Fit(2.0))

    assert found.confidence.tolist() == pytest.approx([1 / 3, 1 / 3])
    assert found.right.tolist() == [True, False]


def test_sets_without_irony_labels_leave_irony_unchanged() -> None:
    found = calibrate({"set": emotions(right=3, wrong=1)}).irony

    assert found.sets == {}
    assert (found.fit.temperature, found.mean_error) == (1.0, 0.0)


def test_a_set_of_a_single_text_can_be_measured() -> None:
    found = calibrate({"one": emotions(right=1, wrong=0, joy=0.8)}).emotion

    assert found.sets["one"].error == pytest.approx(0.2)
