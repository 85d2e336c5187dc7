"""Bootstrap intervals, against theory and against drawing the examples one by one."""

from __future__ import annotations

import numpy as np
import pytest

from export.evaluation.confidence_intervals import bootstrap
from export.evaluation.metrics import figures_of

LABELS = ["anger", "fear", "joy"]


def answers(size: int) -> tuple[list[str], list[str]]:
    """Return truth and answers, of which two in three are right."""
    draw = np.random.default_rng(3)
    truth = draw.choice(LABELS, size).tolist()
    guesses = draw.choice(LABELS, size).tolist()
    sure = (draw.random(size) < 0.5).tolist()
    return truth, [a if knows else b for a, b, knows in zip(truth, guesses, sure, strict=True)]


def test_the_interval_of_an_accuracy_is_as_wide_as_the_binomial_says() -> None:
    said = ["joy"] * 320 + ["anger"] * 80

    low, high = bootstrap(["joy"] * 400, said, ["anger", "joy"]).accuracy

    assert low == pytest.approx(0.8 - 1.96 * 0.02, abs=0.006)
    assert high == pytest.approx(0.8 + 1.96 * 0.02, abs=0.006)


def test_intervals_are_those_of_drawing_the_examples_one_by_one() -> None:
    truth, said = answers(150)
    places = np.random.default_rng(5).integers(150, size=(1_000, 150)).tolist()
    drawn = [figures_of([truth[i] for i in p], [said[i] for i in p], LABELS) for p in places]

    found = bootstrap(truth, said, LABELS)

    for interval, values in (
        (found.accuracy, [one.accuracy for one in drawn]),
        (found.macro_f1, [one.macro_f1 for one in drawn]),
        (found.f1["fear"], [one.f1_of("fear") for one in drawn]),
    ):
        assert interval == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=0.015)


def test_a_class_that_no_resample_can_have_scores_nothing_as_it_does_in_the_figures() -> None:
    found = bootstrap(["joy"] * 10, ["joy"] * 10, ["fear", "joy"])

    assert found.f1["fear"] == (0.0, 0.0)
    assert found.macro_f1 == (0.5, 0.5)


def test_an_answer_outside_the_labels_is_wrong_but_no_class_of_its_own() -> None:
    found = bootstrap(["joy"] * 100, ["bliss"] * 50 + ["joy"] * 50, ["joy"])

    assert found.accuracy == pytest.approx((0.4, 0.6), abs=0.02)
    assert found.macro_f1 == found.f1["joy"]


def test_the_same_answers_always_have_the_same_intervals() -> None:
    truth, said = answers(100)

    assert bootstrap(truth, said, LABELS) == bootstrap(truth, said, LABELS)


@pytest.mark.parametrize(("truth", "said"), [([], []), (["joy"], ["joy", "joy"])])
def test_nothing_to_compare_is_an_error(truth: list[str], said: list[str]) -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        bootstrap(truth, said, ["joy"])
