"""All fits, comparisons and the decision in one pass: what a report says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from api.domain.mood.scoring import ScoringConfig
from export.coefficients.agreement import following
from export.coefficients.decision import (
    Borders,
    Compared,
    HalfLife,
    Interval,
    compared_borders,
    compared_following,
    compared_half_lives,
    compared_weights,
    error_interval,
    held_out_confidence,
    kept,
)
from export.coefficients.evidence import EvidenceRow, evidence_rows, least_feeling_posts
from export.coefficients.fitting import fitted_weights, moments
from export.coefficients.ironic_posts import IronyRow
from export.coefficients.rated_windows import Flags, RatedWindows, Reals, balance
from export.coefficients.sampled_moods import (
    SampledMoods,
    calibration_error,
    fitted_confidence,
    sample_moods,
)
from export.errors import DataError

Subsets = Sequence[tuple[str, int, Sequence[Compared]]]
"""Kind of text, number of occasions, and weights compared on them."""


@dataclass(frozen=True)
class ConfidenceRow:
    """Calibration error of moods given at one evidence floor, before and after calibration."""

    name: str
    before: float
    calibrated: float
    interval: Interval


@dataclass(frozen=True)
class Findings:
    """Everything that a report says; source, texts and people describe the ratings."""

    source: str
    model: str
    people: int
    occasions: int
    undefined: int
    weights: Sequence[Compared]
    subsets: Sequence[tuple[str, int, Sequence[Compared]]]
    irony: Sequence[IronyRow]
    half_lives: Sequence[HalfLife]
    half_life: Compared
    borders: Borders
    borders_at_median: tuple[float, Borders]
    evidence: Sequence[EvidenceRow]
    confidence: Sequence[ConfidenceRow]
    samples: SampledMoods
    given: Flags
    calibrated: Reals
    before_fit: ScoringConfig
    recommended: ScoringConfig
    fitted: ScoringConfig


def findings(
    windows: RatedWindows,
    source: str,
    model: str,
    subsets: Subsets = (),
    irony: Sequence[IronyRow] = (),
    name: str = "fitted",
) -> Findings:
    """Fit, judge and decide; `name` is that of the recommended constants.

    Raises DataError where nobody has enough posts with a feeling in them to be given a mood.
    """
    weights = compared_weights(windows)
    half_lives, half_life = compared_half_lives(windows)
    borders = compared_borders(windows)
    _, arousal = windows.own(windows.before_fit.half_life_days)
    median = float(np.median(arousal))
    decided = replace(kept(windows, weights, half_life, borders), name=name)
    samples = sample_moods(windows, decided)
    evidence = evidence_rows(samples)
    floor = least_feeling_posts(evidence)
    most = int(samples.with_feeling.max())
    if floor > most:  # No number of posts tells more than a guess: the ratings decide no floor.
        floor = decided.least_feeling_posts
    if max(1, floor) > most:
        raise DataError(
            f"{source}: nobody has {max(1, floor)} posts with a feeling in them, so that no mood "
            "can be judged. Ask again when there are more posts"
        )
    decided = replace(decided, least_feeling_posts=floor)
    given = samples.with_feeling >= floor
    calibrated = held_out_confidence(samples, given, decided, windows.people)
    everything = np.ones(len(given), dtype=bool)
    without_floor = held_out_confidence(samples, everything, decided, windows.people)
    rows = [
        ConfidenceRow(
            title,
            calibration_error(samples.agreement_of_all[part], right[part], samples.weight[part]),
            calibration_error(confidence[part], right[part], samples.weight[part]),
            error_interval(samples, part, confidence, right, windows.people),
        )
        for title, part, confidence, right in (
            ("sides, own window", given, calibrated, samples.right),
            ("sides, whole person", given, calibrated, samples.right_of_person),
            ("sides, own window, without a floor", everything, without_floor, samples.right),
            (
                "sides, whole person, without a floor",
                everything,
                without_floor,
                samples.right_of_person,
            ),
            ("four moods, own window", given, calibrated, samples.right_of_four),
        )
    ]
    at = moments(windows)
    within = following(
        at.person, balance(at.emotions(at.before_fit), at.before_fit), at.valence
    ).within
    return Findings(
        source=source,
        model=model,
        people=windows.people,
        occasions=len(windows.person),
        undefined=int(np.isnan(within).sum()),
        weights=weights,
        subsets=subsets,
        irony=irony,
        half_lives=half_lives,
        half_life=half_life,
        borders=borders,
        borders_at_median=(median, compared_borders(windows, median)),
        evidence=evidence,
        confidence=rows,
        samples=samples,
        given=given,
        calibrated=calibrated,
        before_fit=windows.before_fit,
        recommended=fitted_confidence(samples, given, decided),
        fitted=fitted_weights(windows),
    )


def compared_on(windows: RatedWindows) -> list[Compared]:
    """Return the composites of today's weights and of the weights without irony or surprise."""
    at = moments(windows)
    configs = {
        "before": at.before_fit,
        "irony 0": replace(at.before_fit, irony_share=0.0),
        "surprise 0, irony 0": replace(at.before_fit, irony_share=0.0, surprise_valence=0.0),
    }
    return compared_following(
        {
            name: following(at.person, balance(at.emotions(config), config), at.valence)
            for name, config in configs.items()
        }
    )
