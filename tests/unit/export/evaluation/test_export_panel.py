"""The panel: figures of one set, of irony, and over all sets."""

from pathlib import Path

import numpy as np
import pytest

from export.evaluation.panel import (
    Panel,
    area_under_curve,
    emotion_row,
    irony_row,
    measure_panel,
)
from export.training.examples import Example
from serving.schemas import Classification
from tests.support.export.classifications import scored

KNOWN = ("joy", "sadness", "surprise", "neutral")


def test_macro_f1_is_the_mean_over_the_labels_that_occur_among_those_the_set_knows() -> None:
    examples = [Example("a", ("joy",), KNOWN), Example("b", ("neutral",), KNOWN)]
    results = [scored(joy=0.6, anger=0.9), scored(joy=0.5, neutral=0.4)]

    row = emotion_row("mine", "posts", examples, results)

    assert row.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert row.accuracy == 0.5


def test_it_is_told_how_many_neutral_texts_are_read_as_light() -> None:
    examples = [Example(str(n), ("neutral",), KNOWN) for n in range(4)]
    results = [scored(neutral=0.9), scored(joy=0.9), scored(surprise=0.9), scored(sadness=0.9)]

    row = emotion_row("mine", "posts", examples, results)

    assert (row.neutral, row.light) == (0.25, 0.5)
    assert emotion_row("glad", "posts", [Example("a", ("joy",), KNOWN)], results[:1]).light is None


def test_the_mean_counts_sets_alike_and_the_worst_is_named() -> None:
    right, wrong = scored(joy=0.9, sadness=0.1), scored(joy=0.1, sadness=0.9)
    good = emotion_row("good", "", [Example("a", ("joy",), KNOWN)] * 9, [right] * 9)
    bad = emotion_row("bad", "", [Example("a", ("joy",), KNOWN)], [wrong])

    panel = Panel((good, bad), ())

    assert panel.mean == 0.5
    assert panel.worst.name == "bad"
    assert panel.calibration_error == pytest.approx(0.0, abs=1e-6)  # 9 of 10 right at 0.9


@pytest.mark.parametrize(
    ("scores", "area"),
    [
        ([0.1, 0.2, 0.8, 0.9], 1.0),
        ([0.9, 0.8, 0.2, 0.1], 0.0),
        ([0.5] * 4, 0.5),
        ([1, 3, 2, 4], 0.75),
    ],
)
def test_the_area_under_the_curve_is_the_share_of_pairs_in_order(
    scores: list[float], area: float
) -> None:
    positive = np.array([False, False, True, True])

    assert area_under_curve(np.array(scores, dtype=float), positive) == pytest.approx(area)


def test_the_area_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        area_under_curve(np.array([0.5]), np.array([True]))


def test_irony_is_calibrated_where_one_text_in_eight_is_ironic() -> None:
    examples = [Example("a", irony=True), Example("b", irony=False)]

    honest = irony_row("mine", "posts", examples, [scored(irony=0.125, joy=1.0)] * 2)
    half = irony_row("mine", "posts", examples, [scored(irony=0.5, joy=1.0)] * 2)

    assert honest.calibration_error == pytest.approx(0.0)
    assert half.calibration_error == pytest.approx(0.375)


def test_the_panel_reads_only_the_validation_side_of_each_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_data: Path
) -> None:
    monkeypatch.setattr("export.evaluation.panel.EMOTION_SETS", {"carer": "tweets"})
    monkeypatch.setattr("export.evaluation.panel.IRONY_SETS", {"tweeteval_irony": "tweets"})
    (tiny_data / "carer" / "train.txt").rename(tmp_path / "hidden.txt")

    def classify(texts: list[str]) -> list[Classification]:
        return [scored(irony=0.9 if "what a" in text else 0.1, joy=0.9) for text in texts]

    try:
        panel = measure_panel(classify, tiny_data)  # type: ignore[arg-type]  # a list is a sequence
    finally:
        (tmp_path / "hidden.txt").rename(tiny_data / "carer" / "train.txt")

    assert panel.emotions[0].texts == 24
    assert panel.irony[0].auc == 1.0
