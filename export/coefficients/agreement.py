"""How far moods agree with people's own ratings, and how sure that is, with people as the units.

People write different numbers of texts. Wherever occasions are counted, each person's count for 1
in all, and intervals and comparisons resample people (bootstrap, Efron and Tibshirani 1993).
"""

from dataclasses import dataclass

import numpy as np

from export.coefficients.rated_windows import MOODS, Flags, Ints, Reals

RESAMPLES = 2_000
SEED = 17
FOLDS = 5
_TINY = 1e-12


@dataclass(frozen=True)
class Following:
    """Per person: mean of scores and of ratings, and Pearson's r within (NaN if undefined).

    The composite correlation is that of SemEval-2026 Task 2:
    tanh((artanh(between) + artanh(within)) / 2), where `between` is Pearson's r of the people's
    means, and `within` the mean over people of Pearson's r among their own occasions. People with
    one occasion, or equal scores or ratings throughout, have no r and count between people only.
    """

    scores: Reals
    ratings: Reals
    within: Reals

    def composite(self, drawn: Ints | None = None) -> Reals:
        """Return the composite of all people, or one for each row of drawn people; [1] or [n]."""
        chosen = np.arange(len(self.scores))[None, :] if drawn is None else drawn
        parts = np.stack([self.between(chosen), self.mean_within(chosen)])
        return np.asarray(np.tanh(np.arctanh(np.clip(parts, -0.999, 0.999)).mean(axis=0)))

    def between(self, chosen: Ints) -> Reals:
        """Return Pearson's r of the people's means for each row of people."""
        one, other = (
            values[chosen] - values[chosen].mean(axis=1, keepdims=True)
            for values in (self.scores, self.ratings)
        )
        spread = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
        return np.asarray((one * other).sum(axis=1) / np.maximum(spread, _TINY))

    def mean_within(self, chosen: Ints) -> Reals:
        """Return the mean r within people for each row of people; 0 where nobody has one."""
        values = self.within[chosen]
        known = np.isfinite(values)
        return np.asarray(
            np.where(known, values, 0.0).sum(axis=1) / np.maximum(1, known.sum(axis=1))
        )


def following(person: Ints, scores: Reals, ratings: Reals) -> Following:
    """Return how scores follow ratings; people are the distinct values of person, in order."""
    _, index = np.unique(person, return_inverse=True)
    count = np.bincount(index)
    mean_score = np.bincount(index, scores) / count
    mean_rating = np.bincount(index, ratings) / count
    one, other = scores - mean_score[index], ratings - mean_rating[index]
    spread = np.bincount(index, one**2) * np.bincount(index, other**2)
    known = spread > _TINY
    shared = np.bincount(index, one * other)
    within = np.where(known, shared / np.sqrt(np.where(known, spread, 1.0)), np.nan)
    return Following(mean_score, mean_rating, within)


def composite(person: Ints, scores: Reals, ratings: Reals) -> float:
    """Return the composite correlation (see Following)."""
    return float(following(person, scores, ratings).composite()[0])


def drawn_people(people: int, seed: int = SEED) -> Ints:
    """Return the people of each resample, [resamples, people]."""
    return np.random.default_rng(seed).integers(0, people, (RESAMPLES, people))


def folds_of(people: int, seed: int = SEED) -> Ints:
    """Return the fold of each person; folds differ by at most one person in size."""
    return np.random.default_rng(seed).permutation(people) % FOLDS


def person_shares(person: Ints) -> Reals:
    """Return the weight of each occasion, so that those of a person sum to 1."""
    _, index, count = np.unique(person, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / count[index])


def confusion(person: Ints, own: Ints, given: Ints) -> Reals:
    """Return the own and given moods of each person, [people, 4 own, 4 given]; each sums to 1."""
    _, index = np.unique(person, return_inverse=True)
    kinds = len(MOODS)
    cell = (index * kinds + own) * kinds + given
    people = int(index.max()) + 1
    counted = np.bincount(cell, person_shares(person), people * kinds * kinds)
    return np.asarray(counted.reshape(people, kinds, kinds))


def macro_f1(counted: Reals) -> Reals:
    """Return the mean F1 of the four moods of confusions [..., 4 own, 4 given]."""
    right = np.diagonal(counted, axis1=-2, axis2=-1)
    total = counted.sum(axis=-1) + counted.sum(axis=-2)
    return np.asarray((2 * right / np.maximum(total, _TINY)).mean(axis=-1))


def resampled_macro_f1(counted: Reals, drawn: Ints) -> Reals:
    """Return the macro-F1 of each resample of people."""
    people = len(counted)
    times = np.stack([np.bincount(row, minlength=people) for row in drawn]).astype(np.float64)
    return macro_f1((times @ counted.reshape(people, -1)).reshape(-1, *counted.shape[1:]))


def own_moods(valence: Reals, arousal: Reals, middle: float) -> Ints:
    """Return the number of the mood that own ratings amount to, by quadrant.

    Valence below 0 is heavy: Stressed with arousal of at least `middle`, else Depressed; the others
    are Cheerful with such an arousal, else Satisfied.
    """
    aroused = arousal >= middle
    return np.where(valence < 0, np.where(aroused, 1, 0), np.where(aroused, 2, 3)).astype(np.int64)


def heavy(moods: Ints) -> Flags:
    """Return which moods are Depressed or Stressed."""
    return moods < 2


def interval(values: Reals) -> tuple[float, float]:
    """Return the 95 % percentile interval."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
