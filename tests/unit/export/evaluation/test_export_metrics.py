"""Accuracy and F1, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from export.evaluation.metrics import figures_of, named_figures, set_figures
from export.labels import EMOTIONS


def test_figures_are_those_worked_out_by_hand() -> None:
    truth = ["joy", "joy", "joy", "anger"]
    said = ["joy", "joy", "anger", "anger"]

    figures = figures_of(truth, said, ["anger", "joy"])

    assert figures.accuracy == 0.75
    assert figures.f1_of("joy") == pytest.approx(0.8)
    assert figures.f1_of("anger") == pytest.approx(2 / 3)
    assert figures.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_class_that_is_never_predicted_scores_nothing() -> None:
    figures = figures_of(["fear", "joy"], ["joy", "joy"], ["fear", "joy"])

    assert figures.f1_of("fear") == 0.0
    assert figures.macro_f1 == pytest.approx(1 / 3)


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        figures_of([], [], ["joy"])


def test_a_set_is_scored_over_the_labels_that_it_knows() -> None:
    known = np.zeros((1, 8), dtype=np.float32)
    known[0, [0, 2]] = 1
    targets = np.zeros((1, 8), dtype=np.float32)
    targets[0, EMOTIONS.index("joy")] = 1
    logits = np.array([[1, 9, 2, 9, 9, 9, 9, 9]], dtype=np.float32)

    figures = set_figures(logits, targets, known)

    assert figures.accuracy == 1.0
    assert [one.label for one in figures.classes] == ["anger", "joy"]


def test_irony_is_scored_at_one_half_and_its_f1_is_named() -> None:
    known = np.zeros((2, 8), dtype=np.float32)
    known[:, -1] = 1
    targets = np.zeros((2, 8), dtype=np.float32)
    targets[0, -1] = 1
    logits = np.zeros((2, 8), dtype=np.float32)
    logits[:, -1] = [0.1, -0.1]

    flat = named_figures({"irony_set": set_figures(logits, targets, known)})

    assert flat["irony_set/f1_ironic"] == 1.0
    assert flat["irony_set/accuracy"] == 1.0
