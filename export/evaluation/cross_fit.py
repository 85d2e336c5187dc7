"""Fit temperatures, and measure what they are worth on texts they were not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from export.evaluation.calibration import (
    Fit,
    Results,
    emotion_rows,
    fit_emotion,
    fit_irony,
    irony_rows,
    scaled_emotion,
)
from export.evaluation.calibration_error import Judged, error_by_chance, expected_error

_SEED = 17

Judge = Callable[[Results, Fit], Judged]
"""Judge what a model said of the examples of a set, calibrated."""


@dataclass(frozen=True)
class SetError:
    """The expected calibration error of one set, and what to compare it with.

    `before` is the error at a temperature of 1, `by_chance` what a perfectly calibrated model
    would show on as many texts. `judged` has every text of the set, each under the
    temperature that was fitted without it.
    """

    error: float
    before: float
    by_chance: float
    judged: Judged


@dataclass(frozen=True)
class HeadCalibration:
    """The fit to ship, on all texts, and errors measured by cross-fitting.

    `halves` are the fits that each half of the texts was measured with.
    """

    fit: Fit
    halves: tuple[Fit, Fit]
    sets: Mapping[str, SetError]

    @property
    def mean_error(self) -> float:
        """Return the mean error over the sets; 0 without any."""
        errors = [one.error for one in self.sets.values()]
        return sum(errors) / len(errors) if errors else 0.0

    @property
    def pooled_error(self) -> float:
        """Return the error over the texts of all sets together; 0 without any."""
        judged = [one.judged for one in self.sets.values()]
        return expected_error(_joined(judged)) if judged else 0.0


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities of the emotions and of irony can be believed."""

    emotion: HeadCalibration
    irony: HeadCalibration


def calibrate(sets: Mapping[str, Results]) -> Calibration:
    """Fit both temperatures on all texts of `sets` and measure the errors that are left.

    A temperature that is measured on the texts it was fitted on looks better than it is. So
    each set is split in two halves (seeded), and each text judged under the temperature that
    was fitted on the half of every set that it is not in.
    """
    return Calibration(
        emotion=_cross_fit(sets, fit_emotion, judge_emotion),
        irony=_cross_fit(sets, fit_irony, judge_irony),
    )


def judge_emotion(results: Results, fit: Fit) -> Judged:
    """Judge the likeliest label among those that the set knows."""
    logs, truth = emotion_rows(*results)
    probabilities = scaled_emotion(logs, fit.temperature)
    return Judged(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def judge_irony(results: Results, fit: Fit) -> Judged:
    """Judge the probability of ironic against whether it was."""
    logits, ironic = irony_rows(*results)
    return Judged(1 / (1 + np.exp(-logits / fit.temperature)), ironic)


def _cross_fit(
    sets: Mapping[str, Results], fit: Callable[[Sequence[Results]], Fit], judge: Judge
) -> HeadCalibration:
    told = {name: results for name, results in sets.items() if len(judge(results, Fit()))}
    halves = {name: _halves(results) for name, results in told.items()}
    first = fit([second for _, second in halves.values()])
    second = fit([first for first, _ in halves.values()])
    return HeadCalibration(
        fit=fit(list(told.values())),
        halves=(first, second),
        sets={name: _measure(pair, (first, second), judge) for name, pair in halves.items()},
    )


def _measure(halves: tuple[Results, Results], fits: tuple[Fit, Fit], judge: Judge) -> SetError:
    fitted = _joined([judge(half, one) for half, one in zip(halves, fits, strict=True)])
    plain = _joined([judge(half, Fit()) for half in halves])
    return SetError(
        error=expected_error(fitted),
        before=expected_error(plain),
        by_chance=error_by_chance(fitted),
        judged=fitted,
    )


def _joined(parts: Sequence[Judged]) -> Judged:
    return Judged(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.right for part in parts]),
    )


def _halves(results: Results) -> tuple[Results, Results]:
    examples, said = results
    order = np.random.default_rng(_SEED).permutation(len(examples)).tolist()
    chosen = (order[::2], order[1::2])
    first, second = (([examples[i] for i in half], [said[i] for i in half]) for half in chosen)
    return first, second
