"""Accuracy and F1 against values computed by hand, and their confidence intervals."""

import numpy as np
import pytest

from export.evaluation.confidence_intervals import confidence_intervals
from export.evaluation.metrics import Predictions, logits_figures, named_figures, predictions_of
from export.labels import EMOTIONS
from export.training.examples import Example
from tests.support.export.classifications import scored

LABELS = ["anger", "fear", "joy"]


def test_figures_are_those_computed_by_hand() -> None:
    truth = ["joy", "joy", "joy", "anger"]

    figures = Predictions(truth, ["joy", "joy", "anger", "anger"], ["anger", "joy"]).figures()

    assert figures.accuracy == 0.75
    assert figures.f1_of("joy") == pytest.approx(0.8)
    assert figures.f1_of("anger") == pytest.approx(2 / 3)
    assert figures.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_class_that_is_never_predicted_scores_zero() -> None:
    figures = Predictions(["fear", "joy"], ["joy", "joy"], ["fear", "joy"]).figures()

    assert figures.f1_of("fear") == 0.0
    assert figures.macro_f1 == pytest.approx(1 / 3)


@pytest.mark.parametrize(("truth", "predicted"), [([], []), (["joy"], ["joy", "joy"])])
def test_nothing_to_compare_is_an_error(truth: list[str], predicted: list[str]) -> None:
    with pytest.raises(ValueError, match="nothing to compare"):
        Predictions(truth, predicted, ["joy"])


def test_labels_that_a_set_does_not_know_are_never_predicted() -> None:
    example = Example("", ("joy",), ("anger", "joy"))

    found = predictions_of([example], [scored(anger=0.1, joy=0.2, neutral=0.7)])

    assert found == Predictions(["joy"], ["joy"], ["anger", "joy"])


def test_irony_counts_from_one_half_and_its_f1_is_named() -> None:
    examples = [Example("", irony=True), Example("", irony=False)]

    found = predictions_of(examples, [scored(joy=1, irony=0.5), scored(joy=1, irony=0.49)])

    flat = named_figures({"irony_set": found.figures()})
    assert flat["irony_set/f1_ironic"] == flat["irony_set/accuracy"] == 1.0


def test_logits_are_scored_over_the_labels_that_the_set_knows() -> None:
    known, targets = np.zeros((2, 1, 8), dtype=np.float32)
    known[0, [0, 2]] = 1
    targets[0, EMOTIONS.index("joy")] = 1
    logits = np.array([[1, 9, 2, 9, 9, 9, 9, 9]], dtype=np.float32)

    figures = logits_figures(logits, targets, known)

    assert figures.accuracy == 1.0
    assert [one.label for one in figures.classes] == ["anger", "joy"]


def test_logits_of_irony_are_scored_at_one_half() -> None:
    known, targets, logits = np.zeros((3, 2, 8), dtype=np.float32)
    known[:, -1] = 1
    targets[0, -1] = 1
    logits[:, -1] = [0.1, -0.1]

    figures = logits_figures(logits, targets, known)

    assert figures.f1_of("irony") == figures.accuracy == 1.0


def random_predictions(size: int) -> Predictions:
    draw = np.random.default_rng(3)
    truth = draw.choice(LABELS, size).tolist()
    guesses = draw.choice(LABELS, size).tolist()
    sure = (draw.random(size) < 0.5).tolist()
    predicted = [a if knows else b for a, b, knows in zip(truth, guesses, sure, strict=True)]
    return Predictions(truth, predicted, LABELS)


def test_the_interval_of_an_accuracy_is_as_wide_as_the_binomial_says() -> None:
    predicted = ["joy"] * 320 + ["anger"] * 80

    found = confidence_intervals(Predictions(["joy"] * 400, predicted, ["anger", "joy"]))

    assert found.accuracy == pytest.approx((0.8 - 1.96 * 0.02, 0.8 + 1.96 * 0.02), abs=0.006)


def test_intervals_are_those_of_drawing_the_examples_one_by_one() -> None:
    predictions = random_predictions(150)
    truth, predicted = predictions.truth, predictions.predicted
    samples = np.random.default_rng(5).integers(150, size=(1_000, 150)).tolist()
    drawn = [
        Predictions([truth[i] for i in one], [predicted[i] for i in one], LABELS).figures()
        for one in samples
    ]

    found = confidence_intervals(predictions)

    for interval, values in (
        (found.accuracy, [one.accuracy for one in drawn]),
        (found.macro_f1, [one.macro_f1 for one in drawn]),
        (found.f1["fear"], [one.f1_of("fear") for one in drawn]),
    ):
        assert interval == pytest.approx(tuple(np.percentile(values, [2.5, 97.5])), abs=0.015)


def test_a_class_that_no_resample_can_have_scores_zero_as_in_the_figures() -> None:
    found = confidence_intervals(Predictions(["joy"] * 10, ["joy"] * 10, ["fear", "joy"]))

    assert found.f1["fear"] == (0.0, 0.0)
    assert found.macro_f1 == (0.5, 0.5)


def test_a_prediction_outside_the_labels_is_wrong_but_no_class_of_its_own() -> None:
    predicted = ["bliss"] * 50 + ["joy"] * 50

    found = confidence_intervals(Predictions(["joy"] * 100, predicted, ["joy"]))

    assert found.accuracy == pytest.approx((0.4, 0.6), abs=0.02)
    assert found.macro_f1 == found.f1["joy"]


def test_the_same_predictions_always_have_the_same_intervals() -> None:
    predictions = random_predictions(100)

    assert confidence_intervals(predictions) == confidence_intervals(predictions)
