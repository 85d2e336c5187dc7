"""Irony at another share of ironic posts."""

import json
from pathlib import Path

import numpy as np
import pytest

from export.evaluation.irony_base_rate import (
    as_if_half_ironic,
    base_rate_of,
    base_rate_weights,
)
from tests.support.export.classifications import scored


def test_weights_make_one_text_in_eight_ironic() -> None:
    ironic = np.array([True, True, False, False])

    weights = base_rate_weights(ironic, 1 / 8)

    assert weights[ironic].sum() / weights.sum() == pytest.approx(1 / 8)
    assert weights.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("ironic", [[True], [False, False], []])
def test_texts_of_one_class_count_once_each(ironic: list[bool]) -> None:
    assert base_rate_weights(np.array(ironic, dtype=bool), 1 / 8).tolist() == [1.0] * len(ironic)


@pytest.mark.parametrize(("at_base_rate", "at_half"), [(1 / 8, 0.5), (0.5, 7 / 8), (0.0, 0.0)])
def test_a_post_as_likely_ironic_as_any_is_undecided_where_half_are(
    at_base_rate: float, at_half: float
) -> None:
    (found,) = as_if_half_ironic([scored(irony=at_base_rate, joy=1.0)], 1 / 8)

    assert found.irony == pytest.approx(at_half)
    assert found.label == "joy"


def test_a_certain_irony_stays_certain_and_no_base_rate_changes_nothing() -> None:
    certain = scored(irony=1.0, joy=1.0)

    assert as_if_half_ironic([certain], 1 / 8)[0].irony == pytest.approx(1.0)
    assert as_if_half_ironic([certain], None) == [certain]


@pytest.mark.parametrize(
    ("manifest", "rate"),
    [
        ({"calibration": {"irony": {"base_rate": 0.125}}}, 0.125),
        ({"calibration": {"irony": {}}}, None),
        ({}, None),
        ([], None),
    ],
)
def test_a_folder_says_what_its_irony_is_calibrated_for(
    tmp_path: Path, manifest: object, rate: float | None
) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    assert base_rate_of(tmp_path) == rate
    assert base_rate_of(tmp_path / "nowhere") is None
