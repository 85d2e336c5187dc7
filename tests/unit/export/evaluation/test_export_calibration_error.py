"""Expected calibration error, against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from export.evaluation.calibration_error import Judged, bins_of, error_by_chance, expected_error


def judged(*answers: tuple[float, bool]) -> Judged:
    return Judged(
        np.array([confidence for confidence, _ in answers], dtype=np.float64),
        np.array([right for _, right in answers], dtype=np.bool_),
    )


def test_confidence_that_comes_true_as_often_as_it_says_has_no_error() -> None:
    assert expected_error(judged(*[(0.75, True)] * 3, (0.75, False))) == pytest.approx(0.0)


def test_the_error_is_the_mean_distance_of_the_bins_by_their_answers() -> None:
    answers = judged(*[(0.9, True)] * 2, *[(0.9, False)] * 4, (0.5, True), (0.5, True))

    # Six answers of which a third came true at 0.9, and two that both came true at 0.5.
    assert expected_error(answers) == pytest.approx((6 * (0.9 - 1 / 3) + 2 * 0.5) / 8)


def test_errors_of_one_bin_cancel_and_those_of_two_do_not() -> None:
    together = judged((0.61, True), (0.65, False))
    apart = judged((0.61, True), (0.75, False))

    assert expected_error(together) == pytest.approx(0.13)
    assert expected_error(apart) == pytest.approx((0.39 + 0.75) / 2)


def test_a_bin_holds_its_upper_edge_and_the_ends_belong_to_the_first_and_the_last() -> None:
    found = bins_of(judged((0.0, False), (1 / 15, True), (1 / 15 + 1e-6, True), (1.0, True)))

    assert [(one.index, one.count) for one in found] == [(0, 2), (1, 1), (14, 1)]
    assert found[0].accuracy == 0.5
    assert found[0].confidence == pytest.approx(1 / 30)


def test_by_chance_the_error_is_that_of_tossing_coins() -> None:
    coins = judged(*[(0.5, True)] * 100)

    expected = math.sqrt(0.25 / 100) * math.sqrt(2 / math.pi)

    assert error_by_chance(coins) == pytest.approx(expected, rel=0.15)


def test_by_chance_the_error_does_not_depend_on_what_came_true() -> None:
    sure_and_wrong = judged(*[(1.0, False)] * 10)

    assert error_by_chance(sure_and_wrong) == 0.0


def test_without_answers_there_is_no_error_to_tell() -> None:
    with pytest.raises(ValueError, match="no answers"):
        expected_error(judged())
