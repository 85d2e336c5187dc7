"""What a smaller precision costs on each set, and how much of that is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from export.data import LoadedSet
from export.errors import VerificationError
from export.evaluation.measure import score_results
from export.evaluation.metrics import Figures
from export.labels import IRONY
from serving.schemas import Classification

MAX_LOSS = 0.005
"""Largest allowed loss of accuracy or macro-F1 on a set, as a share: half a point."""

_FEW_EXAMPLES = 1_000
_FEW_TEXTS = 2
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SetCost:
    """What the fp32 graph and the one to be shipped score on the same texts of one set."""

    name: str
    fp32: Figures
    shipped: Figures


def measure_costs(
    sets: Sequence[LoadedSet], fp32: Sequence[Classification], shipped: Sequence[Classification]
) -> tuple[SetCost, ...]:
    """Score what two models said of the texts of all `sets`, one set after another."""
    costs = []
    start = 0
    for one in sets:
        part = slice(start, start + len(one.examples))
        start = part.stop
        full = score_results(one.examples, fp32[part])
        costs.append(SetCost(one.source.name, full, score_results(one.examples, shipped[part])))
    return tuple(costs)


def check_costs(costs: Sequence[SetCost]) -> None:
    """Raise VerificationError naming the first set and figure that lost more than allowed."""
    for cost in costs:
        for what, full, small, allowed in (
            ("accuracy", cost.fp32.accuracy, cost.shipped.accuracy, allowed_accuracy(cost.fp32)),
            ("macro-F1", cost.fp32.macro_f1, cost.shipped.macro_f1, allowed_macro_f1(cost.fp32)),
        ):
            if not full - small <= allowed + _ROUNDING:
                raise VerificationError(
                    f"{cost.name}: {what} is {small:.4f} as shipped and {full:.4f} in fp32; "
                    f"at most {allowed:.4f} less is allowed"
                )


def allowed_accuracy(figures: Figures) -> float:
    """Return `MAX_LOSS`, or under 1,000 examples what two of them are worth if that is more.

    On 374 examples one text moves the accuracy by 0.27 point, so that half a point would be
    less than two of them.
    """
    return max(MAX_LOSS, _few_texts(figures) / figures.examples)


def allowed_macro_f1(figures: Figures) -> float:
    """Return `MAX_LOSS`, or under 1,000 examples what two of the rarest class are worth.

    One right answer is 1 / examples of its class of that class's recall, which is about what
    it adds to its F1, and that counts as one of the classes.
    """
    rarest = min(one.examples for one in figures.classes if one.examples)
    return max(MAX_LOSS, _few_texts(figures) / (rarest * len(figures.classes)))


def cost_table(costs: Sequence[SetCost], precision: str) -> dict[str, dict[str, Any]]:
    """Return by set and figure what fp32 and the shipped `precision` score, and the difference."""
    return {
        cost.name: {
            name: {"fp32": full, precision: small, "difference": round(small - full, 4)}
            for name, full, small in _figures(cost)
        }
        for cost in costs
    }


def _figures(cost: SetCost) -> Iterator[tuple[str, float, float]]:
    """Yield the name of each figure that the set has, in fp32 and as shipped, of 4 digits."""
    full, small = cost.fp32, cost.shipped
    yield "accuracy", round(full.accuracy, 4), round(small.accuracy, 4)
    yield "macro_f1", round(full.macro_f1, 4), round(small.macro_f1, 4)
    if any(one.label == IRONY for one in full.classes):
        yield "f1_ironic", round(full.f1_of(IRONY), 4), round(small.f1_of(IRONY), 4)


def _few_texts(figures: Figures) -> int:
    return _FEW_TEXTS if figures.examples < _FEW_EXAMPLES else 0
