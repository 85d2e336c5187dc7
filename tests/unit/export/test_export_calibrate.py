"""Temperatures fitted to what was right."""

from __future__ import annotations

import math

import pytest

from export.calibrate import fit_emotion, fit_irony
from export.examples import Example
from export.labels import EMOTIONS
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


def test_irony_is_fitted_from_the_examples_that_tell_it() -> None:
    examples = [Example("", irony=True)] * 3 + [Example("", irony=False)]

    fit = fit_irony([(examples, [says(joy=0.5, irony=0.9)] * 4)])

    assert fit.temperature == pytest.approx(2.0)


def test_without_examples_nothing_is_changed() -> None:
    assert fit_emotion([]).temperature == 1.0
    assert fit_irony([([Example("", ("joy",), KNOWN)], [says(joy=0.5)])]).temperature == 1.0
