"""The loss, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from export.encode import target_row
from export.examples import Example
from export.labels import EMOTIONS, LABELS
from export.loss import mixed_loss


def batch(*examples: Example) -> tuple[torch.Tensor, torch.Tensor]:
    rows = [target_row(example) for example in examples]
    return torch.tensor([row[0] for row in rows]), torch.tensor([row[1] for row in rows])


def logits_of(**given: float) -> torch.Tensor:
    return torch.tensor([[given.get(label, 0.0) for label in LABELS]], requires_grad=True)


def test_the_softmax_runs_over_the_known_labels_alone() -> None:
    targets, known = batch(Example("", ("joy",), ("anger", "joy", "sadness")))
    logits = logits_of(joy=math.log(2.0), neutral=50.0)

    loss = mixed_loss(logits, targets, known)

    assert loss.item() == pytest.approx(-math.log(2.0 / (1 + 2 + 1)))


def test_what_a_set_does_not_know_gets_no_gradient() -> None:
    targets, known = batch(Example("", ("joy",), ("anger", "joy", "sadness")))
    logits = logits_of(fear=3.0)

    mixed_loss(logits, targets, known).backward()

    assert logits.grad is not None
    moved = {label for label, value in zip(LABELS, logits.grad[0], strict=True) if value != 0}
    assert moved == {"anger", "joy", "sadness"}


def test_two_emotions_of_one_text_share_the_probability() -> None:
    targets, known = batch(Example("", ("joy", "surprise"), EMOTIONS))
    logits = logits_of(joy=math.log(3.0))

    loss = mixed_loss(logits, targets, known)

    assert loss.item() == pytest.approx(-0.5 * math.log(3 / 9) - 0.5 * math.log(1 / 9))


def test_an_example_about_irony_alone_moves_the_irony_output_alone() -> None:
    targets, known = batch(Example("", irony=True))
    logits = logits_of(anger=5.0, irony=math.log(3.0))

    loss = mixed_loss(logits, targets, known, irony_weight=2.0)
    loss.backward()

    assert loss.item() == pytest.approx(2.0 * -math.log(0.75))
    assert logits.grad is not None
    assert logits.grad[0, :-1].abs().sum() == 0
    assert logits.grad[0, -1].item() == pytest.approx(2.0 * (0.75 - 1.0))


def test_the_loss_of_a_batch_is_the_mean_of_its_examples() -> None:
    examples = [Example("", ("fear",), EMOTIONS), Example("", irony=False)]
    targets, known = batch(*examples)
    logits = torch.zeros(2, 8)

    loss = mixed_loss(logits, targets, known)

    assert loss.item() == pytest.approx((math.log(7) + math.log(2)) / 2)


def test_a_glad_text_counts_as_not_ironic_as_far_as_it_is_told() -> None:
    glad = Example("", ("joy",), ("anger", "joy", "sadness"))

    targets, known = target_row(glad, sincere_weight=0.25)

    assert (targets[-1], known[-1]) == (0.0, 0.25)


@pytest.mark.parametrize("emotions", [("anger",), ("joy", "anger")])
def test_a_text_that_is_not_only_glad_tells_nothing_of_irony(emotions: tuple[str, ...]) -> None:
    _, known = target_row(Example("", emotions, EMOTIONS), sincere_weight=0.25)

    assert known[-1] == 0.0
