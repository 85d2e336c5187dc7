"""The limits that a made model must keep to be written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from export.errors import VerificationError
from export.evaluation.metrics import ClassFigures, Figures
from export.evaluation.precision_cost import SetCost
from export.evaluation.verification import Verification, check, spread_sample

GOOD = Verification(
    onnx_max_abs_diff=9e-5,
    label_agreement=0.985,
    mean_abs_diff=0.01,
    padding_max_abs_diff=9e-5,
    shipped_padding_max_abs_diff=4e-3,
    texts=2_000,
)


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
    ],
)
def test_a_model_outside_a_limit_is_refused_with_the_figure(
    changed: dict[str, float], message: str
) -> None:
    with pytest.raises(VerificationError, match=message):
        check(replace(GOOD, **changed))  # type: ignore[arg-type]  # all of these are floats


def test_a_model_that_lost_too_much_on_one_set_is_refused_though_its_labels_agree() -> None:
    classes = (ClassFigures("joy", 0.9, 0.9, 0.9, 2_000),)
    full, small = Figures(2_000, 0.9, 0.9, classes), Figures(2_000, 0.89, 0.9, classes)

    with pytest.raises(VerificationError, match=r"carer: accuracy is 0\.8900 as shipped"):
        check(replace(GOOD, costs=(SetCost("carer", full, small),)))


def test_a_sample_has_the_shortest_texts_and_long_ones() -> None:
    texts = ["x" * length for length in range(100, 0, -1)]

    lengths = [len(texts[index]) for index in spread_sample(texts, 10)]

    assert lengths == list(range(1, 101, 10))
