"""What a smaller precision may cost, and what of it is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from export.config import SetConfig
from export.data import LoadedSet
from export.errors import VerificationError
from export.evaluation.metrics import ClassFigures, Figures
from export.evaluation.precision_cost import (
    SetCost,
    allowed_accuracy,
    allowed_macro_f1,
    check_costs,
    cost_table,
    measure_costs,
)
from export.labels import EMOTIONS
from export.training.examples import Example, Source
from serving.schemas import Classification


def scored(
    accuracy: float = 0.8, macro_f1: float = 0.8, classes: Sequence[int] = (1_000, 1_000)
) -> Figures:
    names = [*EMOTIONS][: len(classes)]
    rows = [ClassFigures(name, 0.8, 0.8, 0.8, n) for name, n in zip(names, classes, strict=True)]
    return Figures(sum(classes), accuracy, macro_f1, tuple(rows))


def says(label: str, irony: float = 0.0) -> Classification:
    scores = dict.fromkeys(EMOTIONS, 0.0) | {label: 1.0}
    return Classification(label=label, scores=scores, irony=irony, tokens=3, truncated=False)


def loaded(name: str, *examples: Example) -> LoadedSet:
    source = Source(name, "made up", "free", ("train", "val"), lambda *_: iter(()))
    return LoadedSet(source, SetConfig(name=name, path=Path("none")), "val", examples)


def test_half_a_point_is_allowed_and_so_is_scoring_better() -> None:
    check_costs([SetCost("even", scored(), scored(accuracy=0.795, macro_f1=0.795))])
    check_costs([SetCost("better", scored(), scored(accuracy=0.9, macro_f1=0.9))])


@pytest.mark.parametrize(
    ("shipped", "message"),
    [
        ({"accuracy": 0.7949}, "worse: accuracy is 0.7949 as shipped and 0.8000 in fp32"),
        ({"macro_f1": 0.7949}, "worse: macro-F1 is 0.7949 as shipped and 0.8000 in fp32"),
        ({"macro_f1": float("nan")}, "worse: macro-F1 is nan"),
    ],
)
def test_more_is_refused_with_the_set_and_both_figures(
    shipped: dict[str, float], message: str
) -> None:
    costs = [SetCost("good", scored(), scored()), SetCost("worse", scored(), scored(**shipped))]  # type: ignore[arg-type]  # all of these are floats

    with pytest.raises(VerificationError, match=message):
        check_costs(costs)


def test_a_small_set_may_lose_two_texts() -> None:
    small = scored(classes=(160, 125, 89))

    assert allowed_accuracy(small) == pytest.approx(2 / 374)
    assert allowed_macro_f1(small) == pytest.approx(2 / 89 / 3)


def test_a_set_of_a_thousand_may_lose_half_a_point_however_rare_a_class_is() -> None:
    big = scored(classes=(990, 10))

    assert allowed_accuracy(big) == 0.005
    assert allowed_macro_f1(big) == 0.005


def test_a_class_without_examples_is_not_the_rarest() -> None:
    assert allowed_macro_f1(scored(classes=(10, 20, 0))) == pytest.approx(2 / 10 / 3)


def test_each_set_is_scored_on_its_own_texts() -> None:
    joy = loaded("joys", Example("a", ("joy",), EMOTIONS), Example("b", ("joy",), EMOTIONS))
    irony = loaded("ironies", Example("c", irony=True))

    first, second = measure_costs(
        [joy, irony],
        [says("joy"), says("joy"), says("fear", irony=0.9)],
        [says("joy"), says("fear"), says("fear", irony=0.1)],
    )

    assert (first.name, first.fp32.accuracy, first.shipped.accuracy) == ("joys", 1.0, 0.5)
    assert (second.name, second.fp32.accuracy, second.shipped.accuracy) == ("ironies", 1.0, 0.0)


def test_the_table_has_f1_of_ironic_only_where_irony_is_told() -> None:
    irony = loaded("ironies", Example("c", irony=True))
    costs = measure_costs([irony], [says("joy", irony=0.9)], [says("joy", irony=0.1)])

    table = cost_table([*costs, SetCost("joys", scored(), scored(accuracy=0.79996))], "int8")

    assert table["ironies"]["f1_ironic"] == {"fp32": 1.0, "int8": 0.0, "difference": -1.0}
    assert list(table["joys"]) == ["accuracy", "macro_f1"]
    assert table["joys"]["accuracy"] == {"fp32": 0.8, "int8": 0.8, "difference": 0.0}
