"""What fitted constants are worth on people they were not fitted on, and which are kept.

Each fit is repeated on 4 of 5 folds of people and judged on the fifth; it is kept only if it is
better than before beyond noise, that is, if the 95 % interval of the difference over resampled
people lies above 0. Simple candidates are shown, but only choosing among them is judged as a fit:
the best of many candidates looks better than it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from api.domain.mood.moods import Mood
from api.domain.mood.scoring import ScoringConfig
from export.coefficients.agreement import (
    SEED,
    Following,
    confusion,
    drawn_people,
    folds_of,
    following,
    heavy,
    interval,
    macro_f1,
    own_moods,
    person_shares,
    resampled_macro_f1,
)
from export.coefficients.fitting import (
    HALF_LIVES,
    Fit,
    balance_before,
    candidates,
    chosen_candidate,
    fitted_borders,
    fitted_half_life,
    fitted_weights,
    line_through,
    moments,
)
from export.coefficients.rated_windows import (
    MIDDLE_AROUSAL,
    MOODS,
    Flags,
    Ints,
    RatedWindows,
    Reals,
    balance,
    moods,
)
from export.coefficients.sampled_moods import (
    SampledMoods,
    calibration_error,
    fitted_confidence,
)

WEIGHTS: Mapping[str, Fit] = {
    "fitted, cross-validated": fitted_weights,
    "best candidate, cross-validated": chosen_candidate,
}
"""Ways to choose valences and irony share from people's ratings."""

WITHIN_SIDES = "anger and cheerful factor fitted, cross-validated"
ALL_BORDERS = "all three fitted, cross-validated"

_CONFIDENCE_RESAMPLES = 500
_OF_SIDES = (MOODS.index(Mood.DEPRESSED), MOODS.index(Mood.SATISFIED))

Interval = tuple[float, float]


@dataclass(frozen=True)
class Compared:
    """A figure of one way, its interval, and the interval of its difference from today's."""

    name: str
    figure: float
    interval: Interval
    difference: float
    difference_interval: Interval
    detail: tuple[float, ...] = ()

    @property
    def wins(self) -> bool:
        """Whether it is better than today's constants beyond noise."""
        return self.difference_interval[0] > 0


@dataclass(frozen=True)
class HalfLife:
    """How well one half-life predicts ratings of people that nothing was fitted on.

    error is the mean squared error of a rating predicted from earlier posts alone; `of_now` is that
    with the posts of the moment too.
    """

    days: float
    error: float
    difference_interval: Interval
    of_now: float


def compared_weights(windows: RatedWindows) -> list[Compared]:
    """Return the composite correlations of all candidates and both ways to choose."""
    at = moments(windows)
    found = {
        name: following(at.person, balance(at.emotions(config), config), at.valence)
        for name, config in candidates(windows.before_fit).items()
    }
    for name, fit in WEIGHTS.items():
        scores = held_out(windows, fit, lambda part, config: _balance_of_moments(part, config))
        found[name] = following(at.person, scores, at.valence)
    return compared_following(found)


def compared_following(found: Mapping[str, Following]) -> list[Compared]:
    """Return the composites, each compared with the first; detail: between and within people."""
    first = next(iter(found.values()))
    drawn = drawn_people(len(first.scores))
    base = first.composite(drawn)
    rows = []
    everybody = np.arange(len(first.scores))[None, :]
    for name, one in found.items():
        resampled = one.composite(drawn)
        rows.append(
            Compared(
                name,
                float(one.composite()[0]),
                interval(resampled),
                float(one.composite()[0] - first.composite()[0]),
                interval(resampled - base),
                (float(one.between(everybody)[0]), float(one.mean_within(everybody)[0])),
            )
        )
    return rows


def held_out(
    windows: RatedWindows, fit: Fit, value: Callable[[RatedWindows, ScoringConfig], Reals]
) -> Reals:
    """Return the value of each occasion under constants fitted on the other folds of people."""
    fold = folds_of(windows.people)[windows.person]
    result = np.zeros(len(fold))
    for held in range(fold.max() + 1):
        result[fold == held] = value(windows.at(fold == held), fit(windows.at(fold != held)))
    return result


def compared_half_lives(windows: RatedWindows) -> tuple[list[HalfLife], Compared]:
    """Return the error of each half-life, and that of the fitted one, compared with today's.

    The comparison is of the negative error, so that more is better.
    """
    before = windows.before()
    fold = folds_of(windows.people)
    drawn = drawn_people(len(np.unique(before.person)))

    def error_per_person(of: RatedWindows, half_life: Reals) -> Reals:
        """Return the mean squared error of each person; half_life is that of each fold."""
        error = np.zeros(len(of.person))
        for held in range(fold.max() + 1):
            inside = fold[of.person] == held
            score = balance_before(of, float(half_life[held]))
            weight = person_shares(of.person[~inside])
            line = line_through(score[~inside], of.valence[~inside], weight)
            error[inside] = (of.valence[inside] - line(score[inside])) ** 2
        _, index = np.unique(of.person, return_inverse=True)
        return np.asarray(np.bincount(index, error) / np.bincount(index))

    folds = int(fold.max()) + 1
    default = error_per_person(before, np.full(folds, windows.before_fit.half_life_days))
    rows = []
    for days in HALF_LIVES:
        errors = error_per_person(before, np.full(folds, days))
        difference = (errors - default)[drawn].mean(axis=1)
        of_now = error_per_person(windows, np.full(folds, days))
        rows.append(
            HalfLife(days, float(errors.mean()), interval(difference), float(of_now.mean()))
        )
    chosen = [
        fitted_half_life(windows.at(fold[windows.person] != held)).half_life_days
        for held in range(folds)
    ]
    errors = error_per_person(before, np.array(chosen))
    gained = default - errors
    return rows, Compared(
        "fitted, cross-validated",
        float(errors.mean()),
        interval(errors[drawn].mean(axis=1)),
        float(gained.mean()),
        interval(gained[drawn].mean(axis=1)),
    )


@dataclass(frozen=True)
class Borders:
    """The four moods against own ratings: today's rule, two of rough guesses, fitted borders.

    sides is heavy/light agreement over all windows, of_people that of each person's last window
    with the plain mean of all own ratings, four the macro-F1 of the four moods; each in the order
    of the names. shares are how often own ratings amount to each mood.
    """

    sides: tuple[Compared, ...]
    of_people: tuple[Compared, ...]
    four: tuple[Compared, ...]
    shares: tuple[float, ...]

    @property
    def winner(self) -> str | None:
        """Name of the way to fit that wins, or None.

        All three borders if they are better in the four moods or in sides and not worse in the
        other; else those within a side if they are better in the four moods.
        """
        sides, four = self.sides[-1], self.four[-1]
        if (sides.wins or four.wins) and min(sides.difference, four.difference) >= 0:
            return ALL_BORDERS
        return WITHIN_SIDES if self.four[-2].wins else None


def compared_borders(windows: RatedWindows, middle: float = MIDDLE_AROUSAL) -> Borders:
    """Return the agreement of moods with own ratings over the same windows."""
    valence, arousal = windows.own(windows.before_fit.half_life_days)
    own = own_moods(valence, arousal, middle)
    weight = person_shares(windows.person)
    fold = folds_of(windows.people)[windows.person]
    majority = np.zeros(len(own), dtype=np.int64)
    for held in range(fold.max() + 1):
        common = np.bincount(own[fold != held], weight[fold != held], len(MOODS))
        majority[fold == held] = int(common.argmax())

    def borders(part: RatedWindows) -> ScoringConfig:
        return fitted_borders(part, middle)

    def within_sides(part: RatedWindows) -> ScoringConfig:
        return fitted_borders(part, middle, sides=False)

    by_rule = moods(windows.emotions(windows.before_fit), windows.before_fit)
    given = {
        "before": by_rule,
        "the most frequent mood": majority,
        "the more frequent mood of the side before": np.where(heavy(by_rule), *_OF_SIDES),
        WITHIN_SIDES: held_out(windows, within_sides, _moods_as_reals).astype(np.int64),
        ALL_BORDERS: held_out(windows, borders, _moods_as_reals).astype(np.int64),
    }
    drawn = drawn_people(windows.people)
    counted = {name: confusion(windows.person, own, one) for name, one in given.items()}
    last = _last_rows(windows)
    mean = np.bincount(windows.person, windows.valence) / np.bincount(windows.person)
    return Borders(
        sides=_compared_means(
            {
                name: _per_person(windows.person, weight * (heavy(one) == heavy(own)))
                for name, one in given.items()
            },
            drawn,
        ),
        of_people=_compared_means(
            {name: (heavy(one[last]) == (mean < 0)) * 1.0 for name, one in given.items()}, drawn
        ),
        four=_compared(
            {name: float(macro_f1(one.sum(axis=0))) for name, one in counted.items()},
            {name: resampled_macro_f1(one, drawn) for name, one in counted.items()},
        ),
        shares=tuple(np.bincount(own, weight, len(MOODS)) / weight.sum()),
    )


def held_out_confidence(
    samples: SampledMoods, given: Flags, config: ScoringConfig, people: int
) -> Reals:
    """Return the confidence of each sample, calibrated on the given ones of other people."""
    fold = folds_of(people)[samples.person]
    result = np.zeros(len(fold))
    for held in range(fold.max() + 1):
        calibrated = fitted_confidence(samples, given & (fold != held), config)
        result[fold == held] = samples.confidence(calibrated)[fold == held]
    return result


def error_interval(
    samples: SampledMoods, given: Flags, confidence: Reals, right: Reals, people: int
) -> Interval:
    """Return the interval of the expected calibration error over resampled people."""
    rows = [np.flatnonzero(given & (samples.person == one)) for one in range(people)]
    generator = np.random.default_rng(SEED)
    errors = []
    for _ in range(_CONFIDENCE_RESAMPLES):
        chosen = np.concatenate([rows[one] for one in generator.integers(0, people, people)])
        if chosen.size:  # Few people may have any of the given samples.
            errors.append(
                calibration_error(confidence[chosen], right[chosen], samples.weight[chosen])
            )
    return interval(np.array(errors))


def kept(
    windows: RatedWindows, weights: list[Compared], half_life: Compared, borders: Borders
) -> ScoringConfig:
    """Return today's constants with each group of constants that won, fitted on all people."""
    config = windows.before_fit
    by_name = {one.name: one for one in weights}
    ways = [name for name in WEIGHTS if by_name[name].wins]
    if ways:
        best = max(ways, key=lambda name: by_name[name].figure)
        config = _with_changes(config, WEIGHTS[best](windows), windows.before_fit)
    if half_life.wins:
        config = _with_changes(config, fitted_half_life(windows), windows.before_fit)
    if borders.winner is not None:
        fitted = fitted_borders(windows, sides=borders.winner == ALL_BORDERS)
        config = _with_changes(config, fitted, windows.before_fit)
    return config


def _with_changes(
    config: ScoringConfig, fitted: ScoringConfig, before_fit: ScoringConfig
) -> ScoringConfig:
    changed = {
        one.name: getattr(fitted, one.name)
        for one in fields(ScoringConfig)
        if getattr(fitted, one.name) != getattr(before_fit, one.name)
    }
    return replace(config, **changed)


def _balance_of_moments(part: RatedWindows, config: ScoringConfig) -> Reals:
    at = moments(part)
    return balance(at.emotions(config), config)


def _moods_as_reals(part: RatedWindows, config: ScoringConfig) -> Reals:
    return moods(part.emotions(config), config).astype(np.float64)


def _last_rows(windows: RatedWindows) -> Ints:
    """Return the row of each person's last occasion, in the order of people."""
    order = np.lexsort((windows.end, windows.as_of, windows.person))
    ends: Flags = np.append(np.diff(windows.person[order]) > 0, True)
    return np.asarray(order[ends])


def _per_person(person: Ints, values: Reals) -> Reals:
    return np.asarray(np.bincount(person, values), dtype=np.float64)


def _compared_means(per_person: Mapping[str, Reals], drawn: Ints) -> tuple[Compared, ...]:
    return _compared(
        {name: float(one.mean()) for name, one in per_person.items()},
        {name: one[drawn].mean(axis=1) for name, one in per_person.items()},
    )


def _compared(figures: Mapping[str, float], resampled: Mapping[str, Reals]) -> tuple[Compared, ...]:
    first = next(iter(figures))
    return tuple(
        Compared(
            name,
            figure,
            interval(resampled[name]),
            figure - figures[first],
            interval(resampled[name] - resampled[first]),
        )
        for name, figure in figures.items()
    )
