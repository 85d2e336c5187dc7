"""Percentiles, and the spread of a figure over several rounds. Pure."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure measured several times."""

    median: float
    low: float
    high: float

    def shown(self, digits: int = 0) -> str:
        """Return the median, and the lowest and highest where they differ from it as shown."""
        middle, low, high = (f"{value:,.{digits}f}" for value in (self.median, self.low, self.high))
        return middle if low == middle == high else f"{middle} ({low}..{high})"


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that `share` (0 to 1) of the values do not exceed (nearest rank).

    None if there are no values.
    """
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return the spread of the values that are not None; None where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known))
