"""Loss of accuracy and macro-F1 through a smaller precision, per set, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from export.data import LoadedSet
from export.errors import VerificationError
from export.evaluation.metrics import Figures, predictions_of
from export.labels import IRONY
from serving.schemas import Classification

MAX_LOSS = 0.005
"""Largest allowed loss of accuracy or macro-F1 on a set, as a share: half a point."""

_FEW_EXAMPLES = 1_000
_FEW_TEXTS = 2
_ROUNDING = 1e-9


@dataclass(frozen=True)
class SetCost:
    """Scores of the fp32 graph and of the one to be shipped on the same texts of one set."""

    name: str
    fp32: Figures
    shipped: Figures


def measure_costs(
    sets: Sequence[LoadedSet], fp32: Sequence[Classification], shipped: Sequence[Classification]
) -> tuple[SetCost, ...]:
    """Score two models on `sets`; their results cover the texts of one set after another."""
    costs = []
    start = 0
    for one in sets:
        part = slice(start, start + len(one.examples))
        start = part.stop
        full, small = (
            predictions_of(one.examples, results[part]).figures() for results in (fp32, shipped)
        )
        costs.append(SetCost(one.source.name, full, small))
    return tuple(costs)


def check_costs(costs: Sequence[SetCost]) -> None:
    """Raise VerificationError with the first set and figure that lost more than allowed."""
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
    """Return `MAX_LOSS`; for fewer than 1,000 examples at least the share of two of them.

    Of 374 examples one is 0.27 points of accuracy, so half a point would be less than two.
    """
    return max(MAX_LOSS, _few_texts(figures) / figures.examples)


def allowed_macro_f1(figures: Figures) -> float:
    """Return `MAX_LOSS`; for fewer than 1,000 examples at least two of the rarest class.

    One right prediction adds 1 / (examples of its class) to that class's recall, about as much
    to its F1, and 1 / (number of classes) of that to macro-F1.
    """
    rarest = min(one.examples for one in figures.classes if one.examples)
    return max(MAX_LOSS, _few_texts(figures) / (rarest * len(figures.classes)))


def cost_table(costs: Sequence[SetCost], precision: str) -> dict[str, dict[str, Any]]:
    """Return each figure of each set in fp32 and in `precision`, and the difference."""
    return {
        cost.name: {
            name: {"fp32": full, precision: small, "difference": round(small - full, 4)}
            for name, full, small in _figures(cost)
        }
        for cost in costs
    }


def _figures(cost: SetCost) -> Iterator[tuple[str, float, float]]:
    full, small = cost.fp32, cost.shipped
    yield "accuracy", round(full.accuracy, 4), round(small.accuracy, 4)
    yield "macro_f1", round(full.macro_f1, 4), round(small.macro_f1, 4)
    if any(one.label == IRONY for one in full.classes):
        yield "f1_ironic", round(full.f1_of(IRONY), 4), round(small.f1_of(IRONY), 4)


def _few_texts(figures: Figures) -> int:
    return _FEW_TEXTS if figures.examples < _FEW_EXAMPLES else 0
