"""Limits that a converted model must keep: agreement with its original, and accuracy per set."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from export.errors import VerificationError
from export.evaluation.metrics import ClassFigures, Figures
from export.evaluation.verification import (
    SetCost,
    Verification,
    allowed_accuracy,
    allowed_macro_f1,
    check,
    check_costs,
    cost_table,
    measure_costs,
    spread_sample,
)
from export.labels import EMOTIONS
from export.training.examples import Example
from tests.support.export.classifications import says
from tests.support.export.sets import a_set

GOOD = Verification(
    onnx_max_abs_diff=9e-5,
    label_agreement=0.985,
    mean_abs_diff=0.01,
    padding_max_abs_diff=9e-5,
    shipped_padding_max_abs_diff=4e-3,
    texts=2_000,
)


def figures(
    accuracy: float = 0.8, macro_f1: float = 0.8, classes: Sequence[int] = (1_000, 1_000)
) -> Figures:
    rows = [
        ClassFigures(name, 0.8, 0.8, 0.8, n) for name, n in zip(EMOTIONS, classes, strict=False)
    ]
    return Figures(sum(classes), accuracy, macro_f1, tuple(rows))


def test_a_model_within_every_limit_passes() -> None:
    check(GOOD)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"onnx_max_abs_diff": 1e-4}, "fp32 ONNX differs from PyTorch by 1.0e-04"),
        ({"onnx_max_abs_diff": float("nan")}, "differs from PyTorch by nan"),
        ({"padding_max_abs_diff": 2e-4}, "padding changes fp32 ONNX by 2.0e-04"),
        ({"label_agreement": 0.9849}, "agree on 98.49% of 2000 texts"),
        ({"shipped_padding_max_abs_diff": 0.1}, "padding changes the shipped model by 1.0e-01"),
        (
            {"costs": (SetCost("carer", figures(), figures(accuracy=0.79)),)},
            r"carer: accuracy is 0\.7900 as shipped",
        ),
    ],
)
def test_a_model_outside_a_limit_is_refused_with_the_figure(
    changed: dict[str, float], message: str
) -> None:
    with pytest.raises(VerificationError, match=message):
        check(replace(GOOD, **changed))  # type: ignore[arg-type]  # each fits its field


def test_a_sample_has_the_shortest_texts_and_long_ones() -> None:
    texts = ["x" * length for length in range(100, 0, -1)]

    lengths = [len(texts[index]) for index in spread_sample(texts, 10)]

    assert lengths == list(range(1, 101, 10))


def test_half_a_point_is_allowed_and_so_is_scoring_better() -> None:
    check_costs([SetCost("even", figures(), figures(accuracy=0.795, macro_f1=0.795))])
    check_costs([SetCost("better", figures(), figures(accuracy=0.9, macro_f1=0.9))])


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
    costs = [SetCost("good", figures(), figures()), SetCost("worse", figures(), figures(**shipped))]  # type: ignore[arg-type]  # all of these are floats

    with pytest.raises(VerificationError, match=message):
        check_costs(costs)


@pytest.mark.parametrize(
    ("classes", "accuracy", "macro_f1"),
    [
        ((160, 125, 89), 4 / 374, 4 / 89 / 3),  # a small set may lose four texts
        ((990, 10), 0.005, 0.005),  # one of a thousand half a point, however rare a class is
        ((10, 20, 0), 4 / 30, 4 / 10 / 3),  # a class without examples is not the rarest
    ],
)
def test_the_allowed_loss_depends_on_the_size_of_a_set_and_its_rarest_class(
    classes: tuple[int, ...], accuracy: float, macro_f1: float
) -> None:
    found = figures(classes=classes)

    assert allowed_accuracy(found) == pytest.approx(accuracy)
    assert allowed_macro_f1(found) == pytest.approx(macro_f1)


def test_each_set_is_scored_on_its_own_texts() -> None:
    joys = (Example("a", ("joy",), EMOTIONS), Example("b", ("joy",), EMOTIONS))
    irony = a_set(Example("c", irony=True), name="ironies")

    first, second = measure_costs(
        [a_set(*joys, name="joys"), irony],
        [says("joy"), says("joy"), says("fear", irony=0.9)],
        [says("joy"), says("fear"), says("fear", irony=0.1)],
    )

    assert (first.name, first.fp32.accuracy, first.shipped.accuracy) == ("joys", 1.0, 0.5)
    assert (second.name, second.fp32.accuracy, second.shipped.accuracy) == ("ironies", 1.0, 0.0)


def test_the_table_has_f1_of_ironic_only_for_sets_about_irony() -> None:
    irony = a_set(Example("c", irony=True), name="ironies")
    costs = measure_costs([irony], [says("joy", irony=0.9)], [says("joy", irony=0.1)])

    table = cost_table([*costs, SetCost("joys", figures(), figures(accuracy=0.79996))], "int8")

    assert table["ironies"]["f1_ironic"] == {"fp32": 1.0, "int8": 0.0, "difference": -1.0}
    assert list(table["joys"]) == ["accuracy", "macro_f1"]
    assert table["joys"]["accuracy"] == {"fp32": 0.8, "int8": 0.8, "difference": 0.0}
