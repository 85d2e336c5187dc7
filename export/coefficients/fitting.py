"""Fits of the constants that ratings can decide, each from the people that it is given.

Valence weights and irony share, the half-life, and the borders between the moods are fitted in that
order, each by a search that prefers today's value: what is gained must exceed what leaving it
costs. No fit looks at a person that it is not given; see api.domain.mood.scoring for the constants.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from api.domain.mood.scoring import CLASSIC, DEFAULT, ScoringConfig
from export.coefficients.agreement import (
    composite,
    confusion,
    folds_of,
    heavy,
    macro_f1,
    own_moods,
    person_shares,
)
from export.coefficients.rated_windows import (
    FELT,
    MIDDLE_AROUSAL,
    RatedWindows,
    Reals,
    balance,
    moods,
)

DECIDED = (
    "irony_share",
    *(f"{name}_valence" for name in FELT),
    "half_life_days",
    "heavy_factor",
    "anger_factor",
    "cheerful_factor",
    "least_feeling_posts",
    "confidence_offset",
    "confidence_slope",
    "confidence_log_posts",
    "confidence_feeling_power",
)
"""The constants that ratings can decide."""

UNFITTED = replace(
    DEFAULT,
    name="unfitted",
    **{name: getattr(CLASSIC, name) for name in DECIDED} | {"half_life_days": 14.0},
)
"""The default with every such constant as it was before any was fitted.

A fit starts from these whatever the default holds now, so that it comes out the same however often
the default has been fitted before.
"""

_CANDIDATES: Mapping[str, Mapping[str, float]] = {
    "before": {},
    "irony 0.25": {"irony_share": 0.25},
    "irony 0": {"irony_share": 0.0},
    "irony 1": {"irony_share": 1.0},
    "surprise 0": {"surprise_valence": 0.0},
    "surprise -0.5": {"surprise_valence": -0.5},
    "surprise 0.5, irony 0": {"surprise_valence": 0.5, "irony_share": 0.0},
    "surprise 0, irony 0": {"surprise_valence": 0.0, "irony_share": 0.0},
    "surprise -0.5, irony 0": {"surprise_valence": -0.5, "irony_share": 0.0},
}

HALF_LIVES = (0.25, 0.5, 1.0, 2.0, 3.0, 7.0, 14.0, 30.0, 90.0, 365.0)
IRONY_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
PENALTIES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 10.0)
"""Strengths of the pull towards today's valences; under the last they do not move."""

HEAVY_FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0)
CHEERFUL_FACTORS = (1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)
ANGER_FACTORS = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
COST_OF_DOUBLING = 0.01
"""What a fitted border must gain, in agreement or macro-F1, to move to half or twice today's."""

_COST_OF_DOUBLING_HALF_LIFE = 0.002
_TINY = 1e-18

Fit = Callable[[RatedWindows], ScoringConfig]


def candidates(before_fit: ScoringConfig) -> dict[str, ScoringConfig]:
    """Return simple changes of weights, which few people decide better than seven free numbers."""
    return {name: _changed(before_fit, changes) for name, changes in _CANDIDATES.items()}


def _changed(config: ScoringConfig, changes: Mapping[str, float]) -> ScoringConfig:
    given: dict[str, Any] = dict(changes)
    return replace(config, **given)


def moments(windows: RatedWindows) -> RatedWindows:
    """Return what weights are fitted on: each rated post alone, else whole windows."""
    return windows if windows.post_valence is None else windows.alone()


def chosen_candidate(windows: RatedWindows) -> ScoringConfig:
    """Return the candidate of the highest composite correlation."""
    at = moments(windows)
    return max(candidates(windows.before_fit).values(), key=lambda one: _composite_of(at, one))


def fitted_weights(windows: RatedWindows) -> ScoringConfig:
    """Return today's constants with fitted valences and irony share.

    Ridge regression of valence on the six emotions (neutral is the reference), pulled towards
    today's valences. How strongly, and the irony share, is what follows the ratings of people best
    that the regression has not seen, by 5-fold cross-validation within those given.
    """
    at = moments(windows)
    numbers, people = np.unique(at.person, return_inverse=True)
    fold = folds_of(len(numbers))[people]
    best, best_found = windows.before_fit, -np.inf
    for share in IRONY_SHARES:
        start = replace(windows.before_fit, irony_share=share)
        for penalty in PENALTIES:
            scores = np.zeros(len(fold))
            for held in range(fold.max() + 1):
                apart = at.at(fold == held)
                config = _ridge(at.at(fold != held), start, penalty)
                scores[fold == held] = balance(apart.emotions(config), config)
            found = composite(at.person, scores, at.valence)
            if found > best_found:
                best, best_found = _ridge(at, start, penalty), found
    return best


def fitted_half_life(windows: RatedWindows) -> ScoringConfig:
    """Return today's constants with the half-life that predicts ratings best.

    A rating is predicted from the person's earlier posts alone, by a line through the balance of
    feelings; the error is the mean squared one, each person counting once.
    """
    before = windows.before()
    weight = person_shares(before.person)
    errors = []
    for half_life in HALF_LIVES:
        score = balance_before(before, half_life)
        line = line_through(score, before.valence, weight)
        error = (before.valence - line(score)) ** 2 @ weight / weight.sum()
        doublings = np.log2(half_life / windows.before_fit.half_life_days)
        errors.append(error * (1 + _COST_OF_DOUBLING_HALF_LIFE * doublings**2))
    return replace(windows.before_fit, half_life_days=HALF_LIVES[int(np.argmin(errors))])


def balance_before(windows: RatedWindows, half_life: float) -> Reals:
    """Return the balance of feelings of windows at today's weights and a half-life."""
    config = replace(windows.before_fit, half_life_days=half_life)
    return balance(windows.emotions(config), config)


def line_through(across: Reals, up: Reals, weight: Reals) -> Callable[[Reals], Reals]:
    """Return the line of least weighted squares; it is level where all points are at one place."""
    share = weight / weight.sum()
    middle, height = share @ across, share @ up
    spread = share @ (across - middle) ** 2
    slope = share @ ((across - middle) * (up - height)) / spread if spread > _TINY else 0.0
    return lambda values: np.asarray(height + slope * (values - middle))


def fitted_borders(
    windows: RatedWindows, middle: float = MIDDLE_AROUSAL, *, sides: bool = True
) -> ScoringConfig:
    """Return today's constants with fitted borders between the four moods.

    heavy_factor is what agrees best with whether the person's own mean valence is below 0;
    cheerful_factor and anger_factor are then those of the highest macro-F1 of the four moods
    against the quadrants of own valence and arousal over the same window. Without `sides` the
    heavy_factor stays, so that only the mood within a side may change.
    """
    start = windows.before_fit
    emotions = windows.emotions(start)
    valence, arousal = windows.own(start.half_life_days)
    own = own_moods(valence, arousal, middle)
    weight = person_shares(windows.person)

    def agreement(config: ScoringConfig) -> float:
        agrees = heavy(moods(emotions, config)) == heavy(own)
        return float(agrees @ weight / weight.sum())

    def of_four(config: ScoringConfig) -> float:
        counted = confusion(windows.person, own, moods(emotions, config))
        return float(macro_f1(counted.sum(axis=0)))

    def best(
        config: ScoringConfig,
        name: str,
        values: tuple[float, ...],
        figure: Callable[[ScoringConfig], float],
    ) -> ScoringConfig:
        def gain(one: ScoringConfig) -> float:
            doublings = np.log2(getattr(one, name) / getattr(start, name))
            return figure(one) - COST_OF_DOUBLING * float(doublings) ** 2

        return max((_changed(config, {name: value}) for value in values), key=gain)

    config = best(start, "heavy_factor", HEAVY_FACTORS, agreement) if sides else start
    config = best(config, "cheerful_factor", CHEERFUL_FACTORS, of_four)
    return best(config, "anger_factor", ANGER_FACTORS, of_four)


def _composite_of(windows: RatedWindows, config: ScoringConfig) -> float:
    scores = balance(windows.emotions(config), config)
    return composite(windows.person, scores, windows.valence)


def _ridge(windows: RatedWindows, start: ScoringConfig, penalty: float) -> ScoringConfig:
    """Return `start` with valences by ridge regression towards its own.

    valence = level + scale * (v0 + change) . emotions, where v0 are today's valences and the size
    of scale * change is penalised. A person of n occasions counts as sqrt(n): neither one vote per
    text nor one per person. Afterwards the mean size is 1, as today: moods depend on proportions.
    """
    felt = windows.emotions(start)[:, : len(FELT)]
    today = np.array([getattr(start, f"{name}_valence") for name in FELT])
    inputs = np.column_stack([np.ones(len(felt)), felt @ today, felt])
    weight = np.sqrt(person_shares(windows.person))
    weight /= weight.sum()
    pull = np.diag([0.0, 0.0] + [penalty] * len(FELT))
    weighted = inputs * weight[:, None]
    found = np.linalg.lstsq(weighted.T @ inputs + pull, weighted.T @ windows.valence, rcond=None)[0]
    valences = found[1] * today + found[2:]
    # Heavy emotions never count as light nor joy and love as heavy; surprise may be either.
    free = np.array([name == "surprise" for name in FELT])
    valences = np.where(free | (valences * today > 0), valences, 0.0)
    size = np.abs(valences).mean()
    if size == 0:
        return start
    changes = {
        f"{name}_valence": round(float(value), 2)
        for name, value in zip(FELT, valences / size, strict=True)
    }
    return _changed(start, changes)
