from __future__ import annotations

import math

import numpy as np
import pytest

from serving.classifier.artifact import Temperature
from serving.classifier.decoding import decode, sigmoid, softmax
from serving.classifier.tokenizer import Encoded

TEXT = Encoded((2, 3), truncated=False)


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[1e4, -1e4, 0, 0, 0, 0, 0, 1e4]], np.float32)

    (result,) = decode(logits, [TEXT], Temperature())

    assert result.label == "anger"
    assert result.scores["anger"] == pytest.approx(1.0)
    assert result.irony == pytest.approx(1.0)


def test_softmax_and_sigmoid_are_the_formulas() -> None:
    expected = [math.exp(x) / (math.exp(1) + math.exp(2)) for x in (1, 2)]

    assert softmax(np.array([1.0, 2.0])).tolist() == pytest.approx(expected)
    assert sigmoid(np.array([-3.0]))[0] == pytest.approx(1 / (1 + math.exp(3)))


def test_irony_is_divided_by_its_temperature() -> None:
    logits = np.zeros((1, 8), np.float32)
    logits[0, 7] = 3.0

    (result,) = decode(logits, [TEXT], Temperature(irony=2.0))

    assert result.irony == pytest.approx(1 / (1 + math.exp(-1.5)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_logit_that_is_not_finite_is_never_served(value: float) -> None:
    logits = np.zeros((1, 8), np.float32)
    logits[0, 3] = value

    with pytest.raises(ValueError, match="finite"):
        decode(logits, [TEXT], Temperature())


@pytest.mark.parametrize("shape", [(1, 7), (2, 8), (8,)])
def test_logits_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        decode(np.zeros(shape, np.float32), [TEXT], Temperature())
