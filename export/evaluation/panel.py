"""A fixed panel of validation splits: how a model does on many kinds of text at once.

A model is chosen by the panel's mean and its worst set, not by one set. Only the labels that a set
knows compete, and texts with exactly one emotion count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.config import SetConfig
from export.data import source_of
from export.evaluation.calibration import (
    Fit,
    Judged,
    expected_calibration_error,
    judge_emotion,
)
from export.evaluation.irony_base_rate import (
    IRONY_BASE_RATE,
    as_if_half_ironic,
    base_rate_weights,
)
from export.evaluation.metrics import predictions_of
from export.training.examples import Example
from serving.schemas import Classification

EMOTION_SETS = {
    "brighter_eng": "personal narratives",
    "emoevent_en": "tweets about events",
    "covidemo": "pandemic tweets",
    "tweeteval_emotion": "tweets chosen for an emotion",
    "carer": "tweets, lower-cased",
    "empathetic": "situations, the writer's label",
    "goemotions": "forum comments",
    "dailydialog": "everyday dialogue",
    "xed_en": "film subtitles",
}
"""The sets whose macro-F1 is averaged, and the kind of their texts."""

IRONY_SETS = {
    "isarcasm": "posts, the author's label",
    "tweeteval_irony": "tweets found by a hashtag",
}
"""Sets about irony, and who said what is ironic."""

_LIGHT = ("joy", "surprise")

Classify = Callable[[Sequence[str]], Sequence[Classification]]


@dataclass(frozen=True)
class EmotionRow:
    """Figures of one set: macro-F1 of the labels present, accuracy, calibration error.

    Of its neutral texts, `neutral` is the share called neutral and `light` that called joy or
    surprise, which a mood counts as lightness; None where the set has none.
    """

    name: str
    kind: str
    texts: int
    macro_f1: float
    accuracy: float
    calibration_error: float
    neutral: float | None
    light: float | None
    judged: Judged


@dataclass(frozen=True)
class IronyRow:
    """Figures of one set about irony.

    `auc` is the share of (ironic, not ironic) pairs in which the ironic text has the higher
    probability; `f1` is that of ironic where the model's irony, read as if half of the posts were
    ironic, is at least 0.5; `calibration_error` is that of the probability itself where
    `IRONY_BASE_RATE` of the texts are ironic.
    """

    name: str
    kind: str
    texts: int
    auc: float
    f1: float
    calibration_error: float


@dataclass(frozen=True)
class Panel:
    """All rows of one model."""

    emotions: tuple[EmotionRow, ...]
    irony: tuple[IronyRow, ...]

    @property
    def mean(self) -> float:
        """Mean macro-F1; every set counts the same."""
        return sum(row.macro_f1 for row in self.emotions) / len(self.emotions)

    @property
    def worst(self) -> EmotionRow:
        """The set of the lowest macro-F1."""
        return min(self.emotions, key=lambda row: row.macro_f1)

    @property
    def calibration_error(self) -> float:
        """Calibration error over the texts of all sets together."""
        confidence = np.concatenate([row.judged.confidence for row in self.emotions])
        right = np.concatenate([row.judged.right for row in self.emotions])
        return expected_calibration_error(Judged(confidence, right))


def measure_panel(classify: Classify, data: Path, base_rate: float | None = None) -> Panel:
    """Classify the panel's texts in the folder `data`; raises DataError as the sets' readers do.

    `base_rate` is the share of ironic posts that the model's irony is calibrated for, if it is.
    """

    def results_of(name: str) -> tuple[list[Example], Sequence[Classification]]:
        examples = list(source_of(SetConfig(name=name)).read(data, "val"))
        return examples, classify([example.text for example in examples])

    return Panel(
        emotions=tuple(
            emotion_row(name, kind, *results_of(name)) for name, kind in EMOTION_SETS.items()
        ),
        irony=tuple(
            irony_row(name, kind, *results_of(name), base_rate) for name, kind in IRONY_SETS.items()
        ),
    )


def emotion_row(
    name: str, kind: str, examples: Sequence[Example], results: Sequence[Classification]
) -> EmotionRow:
    """Return the figures of one set; raises ValueError when it is empty."""
    predictions = predictions_of(examples, results)
    figures = predictions.figures()
    judged = judge_emotion((examples, results), Fit())
    said = [
        label
        for truth, label in zip(predictions.truth, predictions.predicted, strict=True)
        if truth == "neutral"
    ]
    present = [one.f1 for one in figures.classes if one.examples]
    return EmotionRow(
        name=name,
        kind=kind,
        texts=figures.examples,
        macro_f1=sum(present) / len(present),
        accuracy=figures.accuracy,
        calibration_error=expected_calibration_error(judged),
        neutral=said.count("neutral") / len(said) if said else None,
        light=sum(label in _LIGHT for label in said) / len(said) if said else None,
        judged=judged,
    )


def irony_row(
    name: str,
    kind: str,
    examples: Sequence[Example],
    results: Sequence[Classification],
    base_rate: float | None = None,
) -> IronyRow:
    """Return the figures of one set about irony; raises ValueError when it lacks either class."""
    ironic = np.array([bool(example.irony) for example in examples])
    probability = np.array([result.irony for result in results])
    figures = predictions_of(examples, as_if_half_ironic(results, base_rate)).figures()
    return IronyRow(
        name=name,
        kind=kind,
        texts=len(examples),
        auc=area_under_curve(probability, ironic),
        f1=figures.f1_of("irony"),
        calibration_error=expected_calibration_error(
            Judged(probability, ironic, base_rate_weights(ironic, IRONY_BASE_RATE))
        ),
    )


def area_under_curve(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve; equal scores count half.

    Raises ValueError when one of the classes is missing.
    """
    high, low = scores[positive], np.sort(scores[~positive])
    if not len(high) or not len(low):
        raise ValueError("both classes are needed")
    below, not_above = (np.searchsorted(low, high, side=side) for side in ("left", "right"))
    return float((below + not_above).mean() / 2 / len(low))
