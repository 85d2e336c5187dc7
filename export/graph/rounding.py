"""Weights as small integers: one scale for each output, rounded to suit real inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

WEIGHT_STEPS = 63
"""Largest integer weight: 7 bits, see export.graph.int8_quantisation."""

_DAMPING = 0.01
_BLOCK = 128
_LEAST = 1e-12

Reals = NDArray[np.floating[Any]]


def round_weights(weights: Reals, moments: Reals) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return [inputs, outputs] `weights` as integers, and the scale of each output.

    Inputs are rounded one after another, and the error of each is made up for by those
    that follow, as far as they occur together: `moments` is the [inputs, inputs] sum of
    x x' over real inputs x (GPTQ, Frantar et al., ICLR 2023).
    """
    left = weights.astype(np.float64)
    scales = np.maximum(np.abs(left).max(axis=0) / WEIGHT_STEPS, _LEAST)
    upper = _inverse_factor(moments.astype(np.float64))
    integers = np.zeros(left.shape, dtype=np.int8)
    for start in range(0, len(left), _BLOCK):
        stop = min(start + _BLOCK, len(left))
        errors = np.zeros((stop - start, left.shape[1]))
        for row in range(start, stop):
            rounded = np.clip(np.rint(left[row] / scales), -WEIGHT_STEPS, WEIGHT_STEPS)
            integers[row] = rounded.astype(np.int8)
            error = (left[row] - rounded * scales) / upper[row, row]
            left[row:stop] -= np.outer(upper[row, row:stop], error)
            errors[row - start] = error
        left[stop:] -= upper[start:stop, stop:].T @ errors
    return integers, scales.astype(np.float32)


def _inverse_factor(moments: Reals) -> Reals:
    """Return the upper Cholesky factor of the inverse of the damped moments."""
    damping = max(_DAMPING * float(np.mean(np.diag(moments))), _LEAST)
    inverse = np.linalg.inv(moments + damping * np.eye(len(moments)))
    factor: Reals = np.linalg.cholesky((inverse + inverse.T) / 2)
    return factor.T
