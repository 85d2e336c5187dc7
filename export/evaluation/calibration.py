"""Temperature scaling, and the calibration error that it leaves (Guo et al., ICML 2017).

A temperature divides the logits; it never changes a label. It is fitted from the model's own
probabilities, because softmax(log p / T) equals softmax(logits / T). The expected calibration
error (ECE) is measured by cross-fitting: each text under a temperature fitted without it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from export.evaluation.irony_base_rate import base_rate_weights
from export.labels import EMOTIONS
from export.training.examples import Example
from serving.schemas import Classification

BINS = 15
"""Bins of equal width between the confidences 0 and 1."""

_TEMPERATURES = np.round(np.arange(0.5, 3.001, 0.01), 2)
_STEPS = 30
_RIDGE = 1e-3
_TINY = 1e-12
_CHANCE_DRAWS = 200
_SEED = 17

Reals = NDArray[np.float64]
Results = tuple[Sequence[Example], Sequence[Classification]]
"""Examples of one set, and a model's classification of each."""
Rows = tuple[Reals, NDArray[np.int64]]
"""Log-probabilities [examples, classes], and the column of each right class."""


@dataclass(frozen=True)
class Fit:
    """A temperature, and the mean negative log-likelihood (nats) without and with it.

    `bias` is added to the logit of irony before the temperature divides it.
    """

    temperature: float = 1.0
    bias: float = 0.0
    before: float = 0.0
    after: float = 0.0


@dataclass(frozen=True)
class Judged:
    """Confidence (0 to 1) of each prediction, and whether it was right.

    `weights`, of mean 1, say how often each counts; without them all count once.
    """

    confidence: Reals
    right: NDArray[np.bool_]
    weights: Reals | None = None

    @property
    def mean_confidence(self) -> float:
        """Mean confidence of the predictions."""
        return float(np.average(self.confidence, weights=self.weights))

    @property
    def share_right(self) -> float:
        """Share of the predictions that was right; of irony, the share that is ironic."""
        return float(np.average(self.right, weights=self.weights))


@dataclass(frozen=True)
class Bin:
    """Predictions of one bin, counted from 0: number, mean confidence, share that was right."""

    index: int
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class SetError:
    """Expected calibration error of one set, and what to compare it with.

    `before` is the error at a temperature of 1, `by_chance` that of a perfectly calibrated
    model on as many texts. `judged` has every text of the set, each under the temperature
    that was fitted without it.
    """

    error: float
    before: float
    by_chance: float
    judged: Judged


@dataclass(frozen=True)
class HeadCalibration:
    """The fit to ship, on all texts, and the errors measured by cross-fitting.

    `halves` are the fits that each half of the texts was measured with.
    """

    fit: Fit
    halves: tuple[Fit, Fit]
    sets: Mapping[str, SetError]

    @property
    def mean_error(self) -> float:
        """Mean error over the sets; 0 without any."""
        errors = [one.error for one in self.sets.values()]
        return sum(errors) / len(errors) if errors else 0.0

    @property
    def pooled_error(self) -> float:
        """Error over the texts of all sets together; 0 without any."""
        judged = [one.judged for one in self.sets.values()]
        return expected_calibration_error(_joined(judged)) if judged else 0.0


@dataclass(frozen=True)
class Calibration:
    """Temperatures and calibration errors of the emotions and of irony."""

    emotion: HeadCalibration
    irony: HeadCalibration


def calibrate(
    sets: Mapping[str, Results],
    irony_base_rate: float | None = None,
    authors: Collection[str] = (),
) -> Calibration:
    """Fit both temperatures on all texts of `sets` and measure the errors that are left.

    A temperature measured on the texts it was fitted on looks better than it is. So each set
    is split into two halves (seeded), and each text is judged under the temperature fitted on
    the other half of every set.

    With an `irony_base_rate`, irony is fitted (with a bias too) and measured where such a share
    of the posts is ironic, and fitted only on the sets `authors`, whose posts were labelled by
    those who wrote them.
    """
    fit, judge = fit_irony, judge_irony
    if irony_base_rate is not None:
        fit = partial(fit_irony, base_rate=irony_base_rate)
        judge = partial(judge_irony, base_rate=irony_base_rate)
    return Calibration(
        emotion=_cross_fit(sets, fit_emotion, judge_emotion),
        irony=_cross_fit(sets, fit, judge, authors or sets),
    )


def fit_emotion(sets: Sequence[Results]) -> Fit:
    """Fit the temperature of the emotions; every set counts the same.

    Of each example the first emotion counts, among the labels that its set knows; examples
    without emotions are skipped. Without any, the temperature is 1.
    """
    return _fit([_emotion_rows(*one) for one in sets])


def fit_irony(sets: Sequence[Results], base_rate: float | None = None) -> Fit:
    """Fit the temperature of irony over all examples labelled for it; 1 without any.

    With a `base_rate`, a bias too, on examples of which such a share counts as ironic.
    """
    rows = [_irony_rows(*one) for one in sets]
    if not rows:
        return Fit()
    logs, truth = np.concatenate([a for a, _ in rows]), np.concatenate([b for _, b in rows])
    if base_rate is None:
        return _fit([(logs, truth)])
    return _fit_line(logs[:, 0] - logs[:, 1], truth == 0, base_rate)


def judge_emotion(results: Results, fit: Fit) -> Judged:
    """Judge the likeliest label among those that the set knows."""
    logs, truth = _emotion_rows(*results)
    probabilities = np.exp(_log_softmax(logs / fit.temperature))
    return Judged(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def judge_irony(results: Results, fit: Fit, base_rate: float | None = None) -> Judged:
    """Judge the probability of irony against whether the text was ironic."""
    logs, truth = _irony_rows(*results)
    shifted = _shifted(logs, fit.bias) / fit.temperature
    weights = None if base_rate is None else base_rate_weights(truth == 0, base_rate)
    return Judged(np.exp(_log_softmax(shifted))[:, 0], truth == 0, weights)


def bins_of(judged: Judged) -> list[Bin]:
    """Return the bins that have predictions, by rising confidence."""
    columns = _columns(judged.confidence)
    bins = []
    for column in range(BINS):
        inside = columns == column
        if inside.any():
            confidence, right = judged.confidence[inside], judged.right[inside]
            counts = None if judged.weights is None else judged.weights[inside]
            means = (float(np.average(one, weights=counts)) for one in (confidence, right))
            bins.append(Bin(column, len(right), *means))
    return bins


def expected_calibration_error(judged: Judged) -> float:
    """Return the mean |accuracy - confidence| over bins, by size; ValueError if empty."""
    return float(_errors(judged.confidence, judged.right[None, :], judged.weights)[0])


def error_by_chance(judged: Judged) -> float:
    """Return the error that a perfectly calibrated model would show on as many predictions.

    The mean over 200 draws in which each prediction is right with the probability of its
    confidence: few predictions scatter, so the error of a small set is never 0.
    """
    generator = np.random.default_rng(_SEED)
    drawn = generator.random((_CHANCE_DRAWS, len(judged.right))) < judged.confidence
    return float(_errors(judged.confidence, drawn, judged.weights).mean())


def _errors(confidence: Reals, right: NDArray[np.bool_], weights: Reals | None = None) -> Reals:
    """Return the errors, [draws], of outcomes [draws, predictions] at the same confidences."""
    if not len(confidence):
        raise ValueError("no predictions to judge")
    membership = np.eye(BINS)[_columns(confidence)]
    # A bin adds |right predictions - sum of confidences| / all predictions.
    counts = 1.0 if weights is None else weights
    gaps = np.abs(((right - confidence) * counts) @ membership)
    return np.asarray(gaps.sum(axis=1) / len(confidence))


def _columns(confidence: Reals) -> NDArray[np.int64]:
    """Return the bin of each confidence; a bin includes its upper edge, the first one 0 too."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def _emotion_rows(examples: Sequence[Example], results: Sequence[Classification]) -> Rows:
    """Return the rows of the seven emotions, -inf where not known."""
    logs, truth = [], []
    for example, result in zip(examples, results, strict=True):
        if example.emotions:
            logs.append(
                [
                    np.log(max(result.scores[label], _TINY)) if label in example.known else -np.inf
                    for label in EMOTIONS
                ]
            )
            truth.append(EMOTIONS.index(example.emotions[0]))
    return np.array(logs).reshape(-1, len(EMOTIONS)), np.array(truth, dtype=np.int64)


def _irony_rows(examples: Sequence[Example], results: Sequence[Classification]) -> Rows:
    """Return the rows of ironic and not ironic, of the examples labelled for irony."""
    labelled = [
        (result.irony, example.irony)
        for example, result in zip(examples, results, strict=True)
        if example.irony is not None
    ]
    ironic = np.clip([one for one, _ in labelled], _TINY, 1 - _TINY)
    truth = np.array([0 if label else 1 for _, label in labelled], dtype=np.int64)
    return np.stack([np.log(ironic), np.log1p(-ironic)], axis=1), truth


def _fit(sets: Sequence[Rows]) -> Fit:
    """Return the candidate of least mean loss over the sets; 1 when none is better."""

    def loss(temperature: float) -> float:
        means = [
            -float(_log_softmax(logs / temperature)[np.arange(len(truth)), truth].mean())
            for logs, truth in sets
            if len(truth)
        ]
        return float(np.mean(means)) if means else 0.0

    best = min([1.0, *_TEMPERATURES.tolist()], key=loss)
    return Fit(temperature=best, before=loss(1.0), after=loss(best))


def _fit_line(logits: Reals, ironic: NDArray[np.bool_], base_rate: float) -> Fit:
    """Fit p = sigmoid((logit + bias) / temperature) where a share `base_rate` is ironic.

    Platt scaling (1999) by Newton's method; a slight pull towards no change keeps it finite where
    the logits are all the same or tell the classes apart without an error.
    """
    weights = base_rate_weights(ironic, base_rate)
    rows = np.stack([logits, np.ones_like(logits)], axis=1)
    unchanged = np.array([1.0, 0.0])
    line = unchanged
    for _ in range(_STEPS):
        chance = _sigmoid(rows @ line)
        slope = rows.T @ (weights * (chance - ironic)) / len(rows) + _RIDGE * (line - unchanged)
        spread = weights * chance * (1 - chance)
        curvature = (rows.T * spread) @ rows / len(rows) + _RIDGE * np.eye(2)
        line = line - np.clip(np.linalg.solve(curvature, slope), -1.0, 1.0)

    def loss(chosen: Reals) -> float:
        right = np.clip(_sigmoid((rows @ chosen) * np.where(ironic, 1, -1)), _TINY, 1.0)
        return -float(np.average(np.log(right), weights=weights))

    temperature = float(np.clip(np.round(1 / max(line[0], _TINY), 2), *_TEMPERATURES[[0, -1]]))
    bias = round(float(line[1]) * temperature, 2)
    fitted = np.array([1 / temperature, bias / temperature])
    return Fit(temperature, bias, before=loss(unchanged), after=loss(fitted))


def _sigmoid(values: Reals) -> Reals:
    chances: Reals = np.exp(-np.logaddexp(0.0, -values))
    return chances


def _shifted(logs: Reals, bias: float) -> Reals:
    """Return the rows of ironic and not ironic with `bias` added to the logit of irony."""
    shifted: Reals = logs + np.array([bias, 0.0])
    return shifted


def _log_softmax(logs: Reals) -> Reals:
    relative: Reals = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return relative


Judge = Callable[[Results, Fit], Judged]
FitTo = Callable[[Sequence[Results]], Fit]


def _cross_fit(
    sets: Mapping[str, Results], fit: FitTo, judge: Judge, fitted: Collection[str] | None = None
) -> HeadCalibration:
    """Fit on the sets `fitted` (by default on all) and measure all."""
    labelled = {name: results for name, results in sets.items() if len(judge(results, Fit()).right)}
    halves = {name: _halves(results) for name, results in labelled.items()}
    chosen = [name for name in labelled if fitted is None or name in fitted]
    first = fit([halves[name][1] for name in chosen])
    second = fit([halves[name][0] for name in chosen])
    return HeadCalibration(
        fit=fit([labelled[name] for name in chosen]),
        halves=(first, second),
        sets={name: _measure(pair, (first, second), judge) for name, pair in halves.items()},
    )


def _measure(halves: tuple[Results, Results], fits: tuple[Fit, Fit], judge: Judge) -> SetError:
    fitted = _joined([judge(half, one) for half, one in zip(halves, fits, strict=True)])
    plain = _joined([judge(half, Fit()) for half in halves])
    return SetError(
        error=expected_calibration_error(fitted),
        before=expected_calibration_error(plain),
        by_chance=error_by_chance(fitted),
        judged=fitted,
    )


def _joined(parts: Sequence[Judged]) -> Judged:
    weights = [part.weights for part in parts if part.weights is not None]
    return Judged(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate(weights) if weights else None,
    )


def _halves(results: Results) -> tuple[Results, Results]:
    examples, classified = results
    order = np.random.default_rng(_SEED).permutation(len(examples)).tolist()
    first, second = (
        ([examples[i] for i in half], [classified[i] for i in half])
        for half in (order[::2], order[1::2])
    )
    return first, second
