"""Agreement of a peer's answers with the reference: fast and wrong is no result. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.peers.contract import Answer


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Least share of equal labels; largest mean and worst difference of a probability."""

    labels: float
    mean: float
    worst: float


SAME_FILE = Tolerance(labels=0.99, mean=0.001, worst=0.02)
"""For the same int8 file: only rounding, and near ties of two labels, may differ."""

UNQUANTISED = Tolerance(labels=0.96, mean=0.02, worst=0.6)
"""For the fp32 checkpoint the int8 file was made from; the model card states its agreement."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares and differences of answers compared with the reference."""

    texts: int
    labels: float
    mean: float
    worst: float

    def within(self, tolerance: Tolerance) -> bool:
        """Return whether all three figures are within the tolerance."""
        return (
            self.labels >= tolerance.labels
            and self.mean <= tolerance.mean
            and self.worst <= tolerance.worst
        )

    def shown(self) -> str:
        """Return the figures as text."""
        return (
            f"{self.labels:.1%} of {self.texts} labels, scores {self.mean:.4f} apart on average,"
            f" {self.worst:.3f} at worst"
        )


def compare(answers: Sequence[Answer], reference: Sequence[Answer]) -> Agreement:
    """Compare answers with those of the reference to the same texts, in the same order.

    ValueError when there are none or not as many, or when one has other emotions or no finite
    score.
    """
    if not answers or len(answers) != len(reference):
        raise ValueError(f"{len(answers)} answers to {len(reference)} texts")
    differences: list[float] = []
    for given, wanted in zip(answers, reference, strict=True):
        if given.scores.keys() != wanted.scores.keys():
            raise ValueError(f"an answer has the emotions {sorted(given.scores)}")
        differences += [abs(given.scores[name] - wanted.scores[name]) for name in wanted.scores]
        differences.append(abs(given.irony - wanted.irony))
    if not all(map(math.isfinite, differences)):
        raise ValueError("an answer has a score that is not a number")
    same = sum(one.label == other.label for one, other in zip(answers, reference, strict=True))
    return Agreement(
        texts=len(answers),
        labels=same / len(answers),
        mean=sum(differences) / len(differences),
        worst=max(differences),
    )
