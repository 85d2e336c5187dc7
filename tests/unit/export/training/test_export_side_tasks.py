"""A set's own labels: learned on further outputs, without effect on the first eight."""

import math

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from export.data import LoadedSet
from export.labels import EMOTIONS, LABELS
from export.training.encode import EncodedSets, pad_batch, side_labels, side_spans
from export.training.examples import Example
from export.training.loss import Objective, mixed_loss
from tests.support.export.sets import a_set

EMOTION = Example("i feel so happy", ("joy",), EMOTIONS)
WEATHER = Example("rain today", own=("rain",))
WORK = Example("work today", own=("rain",))


@pytest.fixture
def sets() -> list[LoadedSet]:
    """A set that learns no labels of its own, one that learns three and one that learns two."""
    return [
        a_set(EMOTION, name="plain", own_labels=("x", "y")),
        a_set(
            WEATHER,
            Example("wind and rain", own=("wind", "rain")),
            Example("a friend"),
            Example("glad of the rain", ("joy",), EMOTIONS, own=("rain",)),
            name="weather",
            own_labels=("sun", "rain", "wind"),
            own_weight=0.5,
        ),
        a_set(WORK, name="work", own_labels=("rain", "desk"), own_weight=2.0),
    ]


@pytest.fixture
def encoded(sets: list[LoadedSet], tokenizer: PreTrainedTokenizerFast) -> EncodedSets:
    return EncodedSets(sets, tokenizer, max_tokens=32)


def test_own_labels_follow_the_eight_outputs_set_by_set(sets: list[LoadedSet]) -> None:
    assert side_labels(sets) == [(), ("sun", "rain", "wind"), ("rain", "desk")]
    assert side_spans(sets) == [(8, 11), (11, 13)]


def test_every_row_is_as_wide_as_all_outputs(encoded: EncodedSets) -> None:
    assert {len(row["targets"]) for row in encoded.rows} == {13}
    assert {len(row["known"]) for row in encoded.rows} == {13}


def test_sets_without_labels_of_their_own_make_the_eight_outputs(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    chosen = [a_set(EMOTION, own_labels=("x", "y"))]

    data = EncodedSets(chosen, tokenizer, max_tokens=32)

    assert side_spans(chosen) == []
    assert len(data[0]["targets"]) == len(data[0]["known"]) == len(LABELS)


def loss_of(encoded: EncodedSets, sets: list[LoadedSet], index: int, logits: torch.Tensor) -> float:
    """Return the loss of one example and put its gradient into `logits`."""
    how = Objective(side_spans=side_spans(sets))
    loss = mixed_loss(logits, pad_batch([encoded[index]], pad_id=0), how)
    loss.backward()
    return loss.item()


@pytest.mark.parametrize(
    ("index", "given", "loss"),
    [
        (1, {9: math.log(2.0), 12: 50.0}, 0.5 * -math.log(2 / 4)),
        (2, {9: math.log(2.0)}, 0.5 * (-0.5 * math.log(2 / 4) - 0.5 * math.log(1 / 4))),
        (3, {9: 3.0}, 0.0),
        (4, {}, math.log(7) + 0.5 * math.log(3)),
    ],
    ids=["softmax over its set's labels", "two share", "no label", "with an emotion"],
)
def test_own_labels_are_learned_by_a_softmax_over_the_labels_of_their_set(
    encoded: EncodedSets, sets: list[LoadedSet], index: int, given: dict[int, float], loss: float
) -> None:
    logits = torch.tensor([[given.get(column, 0.0) for column in range(13)]], requires_grad=True)

    assert loss_of(encoded, sets, index, logits) == pytest.approx(loss)


@pytest.mark.parametrize(
    ("index", "columns"),
    [(0, [*range(7)]), (1, [8, 9, 10]), (3, []), (4, [*range(7), 8, 9, 10]), (5, [11, 12])],
    ids=["emotion", "own label", "no label", "both", "own label of another set"],
)
def test_a_label_changes_only_the_outputs_of_its_task(
    encoded: EncodedSets, sets: list[LoadedSet], index: int, columns: list[int]
) -> None:
    logits = torch.linspace(-1, 1, 13)[None].requires_grad_()

    loss_of(encoded, sets, index, logits)

    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[0].nonzero().flatten().tolist() == columns
