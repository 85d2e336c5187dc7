"""Calibration errors, measured on texts that the temperature was not fitted on."""

from __future__ import annotations

import pytest

from export.evaluation.calibration import Fit, Results, fit_emotion
from export.evaluation.cross_fit import calibrate, judge_emotion, judge_irony
from export.labels import EMOTIONS
from export.training.examples import Example
from serving.schemas import Classification

KNOWN = ("anger", "joy")
RIGHT = Example("", ("joy",), KNOWN)
WRONG = Example("", ("anger",), KNOWN)


def says(joy: float, anger: float | None = None, irony: float = 0.5) -> Classification:
    rest = 1 - joy if anger is None else anger
    scores = dict.fromkeys(EMOTIONS, 0.0) | {"joy": joy, "anger": rest}
    scores["neutral"] = 1 - joy - rest
    return Classification(label="joy", scores=scores, irony=irony, tokens=3, truncated=False)


def emotions(right: int, wrong: int, joy: float = 0.9) -> Results:
    return [RIGHT] * right + [WRONG] * wrong, [says(joy)] * (right + wrong)


def test_a_text_is_measured_with_the_temperature_that_was_fitted_without_it() -> None:
    found = calibrate({"two": emotions(right=1, wrong=1)}).emotion.sets["two"].judged

    # Fitted on the right text alone the model becomes surer (0.5), on the wrong one less (3).
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


def test_a_model_that_is_too_sure_has_less_error_with_its_temperature() -> None:
    found = calibrate({"set": emotions(right=3_000, wrong=1_000)}).emotion.sets["set"]

    assert found.before == pytest.approx(0.15)
    assert found.error < 0.03


def test_the_mean_counts_every_set_the_same() -> None:
    sets = {"big": emotions(right=300, wrong=100), "small": emotions(right=4, wrong=4)}

    found = calibrate(sets).emotion

    assert found.mean_error == pytest.approx(
        (found.sets["big"].error + found.sets["small"].error) / 2
    )


def test_the_pooled_error_counts_every_text_the_same() -> None:
    surer, less_sure = emotions(right=4_000, wrong=0, joy=0.8), emotions(2_400, 1_600, 0.8)

    found = calibrate({"surer": surer, "less": less_sure}).emotion

    # Right as often as all texts together say, and in neither set.
    assert found.pooled_error == pytest.approx(0.0, abs=0.03)
    assert min(one.error for one in found.sets.values()) > 0.15


def test_only_the_labels_that_a_set_knows_have_a_say() -> None:
    one = judge_emotion(([RIGHT], [says(joy=0.3, anger=0.1)]), Fit())

    assert one.confidence.tolist() == pytest.approx([0.75])
    assert one.right.tolist() == [True]


def test_irony_is_judged_by_its_probability_even_when_that_is_low() -> None:
    examples = [Example("", irony=True), Example("", irony=False), RIGHT]

    found = judge_irony((examples, [says(0.5, irony=0.2)] * 3), Fit(2.0))

    assert found.confidence.tolist() == pytest.approx([1 / 3, 1 / 3])
    assert found.right.tolist() == [True, False]


def test_sets_that_tell_nothing_of_irony_leave_it_as_it_is() -> None:
    found = calibrate({"set": emotions(right=3, wrong=1)}).irony

    assert found.sets == {}
    assert (found.fit.temperature, found.mean_error) == (1.0, 0.0)


def test_a_set_of_a_single_text_can_be_measured() -> None:
    found = calibrate({"one": emotions(right=1, wrong=0, joy=0.8)}).emotion

    assert found.sets["one"].error == pytest.approx(0.2)
