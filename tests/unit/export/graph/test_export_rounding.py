"""Weights as seven-bit integers."""

from __future__ import annotations

import numpy as np

from export.graph.rounding import WEIGHT_STEPS, round_weights


def test_independent_inputs_are_rounded_to_the_nearest() -> None:
    weights = np.random.default_rng(1).normal(size=(12, 5))

    integers, scales = round_weights(weights, np.eye(12))

    assert np.abs(integers * scales - weights).max() <= scales.max() / 2 + 1e-6


def test_integers_keep_to_seven_bits_and_every_output_uses_them() -> None:
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(40, 6)) * np.array([1e-3, 1, 10, 1, 1, 1])
    inputs = rng.normal(size=(200, 40))

    integers, _ = round_weights(weights, inputs.T @ inputs)

    assert np.abs(integers).max() <= WEIGHT_STEPS
    assert (np.abs(integers).max(axis=0) >= WEIGHT_STEPS - 3).all()


def test_inputs_that_occur_together_make_up_for_each_others_errors() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(500, 8)) @ rng.normal(size=(8, 200))
    weights = rng.normal(size=(200, 16))
    scales = np.abs(weights).max(axis=0) / WEIGHT_STEPS
    nearest = np.rint(weights / scales) * scales

    integers, found = round_weights(weights, inputs.T @ inputs)

    def error(made: np.ndarray) -> float:
        return float(np.square(inputs @ (made - weights)).mean())

    assert error(integers * found) < 0.5 * error(nearest)


def test_an_output_without_weights_stays_without() -> None:
    integers, scales = round_weights(np.zeros((4, 2)), np.eye(4))

    assert not integers.any()
    assert np.isfinite(scales).all()
