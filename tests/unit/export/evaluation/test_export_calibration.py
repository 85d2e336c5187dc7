"""Temperatures fitted to what was right."""

from __future__ import annotations

import math

import pytest

from export.evaluation.calibration import Fit, fit_emotion, fit_irony
from export.labels import EMOTIONS
from export.training.examples import Example
from serving.schemas import Classification


def says(joy: float, irony: float = 0.5) -> Classification:
    scores = dict.fromkeys(EMOTIONS, 0.0) | {"joy": joy, "anger": 1 - joy}
    return Classification(label="joy", scores=scores, irony=irony, tokens=3, truncated=False)


KNOWN = ("anger", "joy")


def test_a_model_that_is_too_sure_gets_a_temperature_above_one() -> None:
    examples = [Example("", ("joy",), KNOWN)] * 3 + [Example("", ("anger",), KNOWN)]

    fit = fit_emotion([(examples, [says(joy=0.9)] * 4)])

    assert fit.temperature == pytest.approx(math.log(9) / math.log(3), abs=0.01)
    assert fit.after < fit.before


def test_a_model_that_is_as_sure_as_it_is_right_keeps_its_probabilities() -> None:
    examples = [Example("", ("joy",), KNOWN)] * 3 + [Example("", ("anger",), KNOWN)]

    fit = fit_emotion([(examples, [says(joy=0.75)] * 4)])

    assert fit.temperature == pytest.approx(1.0)


def test_irony_gets_the_temperature_that_makes_its_probabilities_come_true() -> None:
    ironic, sincere = Example("", irony=True), Example("", irony=False)
    often = ([ironic] * 6 + [sincere] * 2, [says(joy=0.5, irony=0.9)] * 8)
    seldom = ([ironic] * 1 + [sincere] * 3, [says(joy=0.5, irony=0.1)] * 4)

    fit = fit_irony([often, seldom])

    # Nine times as likely as not was said, and three times came true, on both sides.
    assert fit.temperature == pytest.approx(math.log(9) / math.log(3), abs=0.01)
    assert fit.after < fit.before


def test_without_examples_nothing_is_changed() -> None:
    assert fit_emotion([]).temperature == 1.0
    assert fit_irony([([Example("", ("joy",), KNOWN)], [says(joy=0.5)])]) == Fit()
