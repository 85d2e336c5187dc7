"""Encoding of examples, and the order of visits in an epoch."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from export.config import TrainConfig
from export.data import load_sets
from export.labels import EMOTIONS, LABELS
from export.training.encode import Encoded, EncodedSets, pad_batch
from export.training.examples import Example
from export.training.sampler import MixtureSampler
from tests.support.export.sets import a_set


@pytest.fixture
def encoded(
    tokenizer: PreTrainedTokenizerFast, tiny_data: Path, tiny_config: TrainConfig
) -> EncodedSets:
    return EncodedSets(load_sets(tiny_config, tiny_data, "train"), tokenizer, max_tokens=32)


def sampler(data: EncodedSets, *weights: float, seed: int = 1) -> MixtureSampler:
    return MixtureSampler(data, weights, batch=4, seed=seed)


def test_a_whole_weight_visits_every_example_that_often(encoded: EncodedSets) -> None:
    visits = Counter(sampler(encoded, 2.0, 1.0))

    assert {visits[index] for index in range(24)} == {2}
    assert {visits[index] for index in range(24, 32)} == {1}


def test_a_fraction_draws_that_share_and_another_one_next_pass(encoded: EncodedSets) -> None:
    half = sampler(encoded, 0.5, 1.0)
    first = [index for index in half if index < 24]
    half.set_epoch(1)
    second = [index for index in half if index < 24]

    assert len(first) == len(set(first)) == 12
    assert set(first) != set(second)


def test_the_length_of_a_pass_is_the_visits_that_it_makes(encoded: EncodedSets) -> None:
    order = sampler(encoded, 1.5, 0.25)

    assert len(order) == len(list(order)) == 36 + 2


def test_a_pass_has_the_same_order_in_every_run(encoded: EncodedSets) -> None:
    one, other = sampler(encoded, 1.5, 1.0), sampler(encoded, 1.5, 1.0)
    list(one)
    one.set_epoch(3)
    other.set_epoch(3)

    assert list(one) == list(other)


def test_batches_have_texts_of_similar_length(encoded: EncodedSets) -> None:
    order = list(sampler(encoded, 1.0, 1.0))
    lengths = encoded.lengths
    spreads = []
    for start in range(0, len(order), 4):
        batch = [lengths[index] for index in order[start : start + 4]]
        spreads.append(max(batch) - min(batch))

    assert sum(spreads) <= max(lengths) - min(lengths)


def test_rows_are_padded_and_masked_to_the_longest() -> None:
    rows = [
        Encoded(
            input_ids=ids,
            targets=[0.0] * 10,
            known=[0.0] * 10,
            any_of=any_of,
            teacher_logits=[0.5] * 8,
            teacher_weight=2.0,
            origin=4,
        )
        for ids, any_of in (([2, 7, 3], False), ([2, 3], True))
    ]

    batch = pad_batch(rows, pad_id=9)

    assert batch["input_ids"].tolist() == [[2, 7, 3], [2, 3, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["targets"].shape == batch["known"].shape == torch.Size([2, 10])
    assert batch["any_of"].tolist() == [False, True]
    assert batch["teacher_logits"].tolist() == [[0.5] * 8] * 2
    assert batch["teacher_weight"].tolist() == [2.0, 2.0]
    assert batch["origin"].tolist() == [4, 4]


def test_long_texts_are_cut_to_the_tokens_allowed(
    tokenizer: PreTrainedTokenizerFast, tiny_data: Path, tiny_config: TrainConfig
) -> None:
    data = EncodedSets(load_sets(tiny_config, tiny_data, "train"), tokenizer, max_tokens=4)

    assert max(data.lengths) == 4


def told(rows: Sequence[Encoded], label: str) -> list[float]:
    """Return how far each example's `label` is known."""
    return [row["known"][LABELS.index(label)] for row in rows]


JOY, ANGER = Example("glad", ("joy",), EMOTIONS), Example("angry", ("anger",), EMOTIONS)


@pytest.mark.parametrize(
    ("power", "joy", "anger"),
    [
        (0.0, 1.0, 1.0),
        (1.0, (4 / 3) / 2, 4 / 2),
        (0.5, 4 / (3 + 3**0.5), 4 / (1 + 3**0.5)),
    ],
)
def test_rarer_emotions_of_a_set_weigh_more_and_one_in_the_mean(
    tokenizer: PreTrainedTokenizerFast, power: float, joy: float, anger: float
) -> None:
    data = EncodedSets([a_set(JOY, JOY, JOY, ANGER)], tokenizer, 32, class_balance=power)

    weights = told(data.rows, "joy")
    assert weights == pytest.approx([joy, joy, joy, anger])
    assert sum(weights) / 4 == pytest.approx(1.0)


def test_a_pair_of_emotions_weighs_as_the_mean_of_both(tokenizer: PreTrainedTokenizerFast) -> None:
    pair = Example("glad and angry", ("anger", "joy"), EMOTIONS)

    data = EncodedSets([a_set(JOY, JOY, ANGER, pair)], tokenizer, 32, class_balance=1.0)

    joy, _, anger, both = told(data.rows, "joy")
    assert joy < both < anger
    assert both == pytest.approx((joy + anger) / 2)


def test_balance_is_per_set_and_does_not_affect_irony(tokenizer: PreTrainedTokenizerFast) -> None:
    ironic = Example("sure", ("joy",), EMOTIONS, irony=True)
    sets = [a_set(JOY, JOY, ANGER), a_set(ironic, ANGER, name="other")]

    data = EncodedSets(sets, tokenizer, 32, class_balance=1.0)

    assert told(data.rows, "joy") == pytest.approx([0.75, 0.75, 1.5, 1.0, 1.0])
    assert told(data.rows, "irony") == [0.0, 0.0, 0.0, 1.0, 0.0]


def test_trust_weights_the_emotions_of_a_set(tokenizer: PreTrainedTokenizerFast) -> None:
    ironic = Example("sure", ("joy",), ("anger", "joy"), irony=True)

    data = EncodedSets([a_set(ironic, trust=0.3)], tokenizer, 32)

    (row,) = data.rows
    assert row["known"] == pytest.approx([0.3, 0, 0.3, 0, 0, 0, 0, 1.0])
    assert row["targets"] == [0, 0, 1, 0, 0, 0, 0, 1.0]


def test_any_of_several_emotions_is_encoded(tokenizer: PreTrainedTokenizerFast) -> None:
    either = Example("yes", ("joy", "love"), EMOTIONS, any_of=True)

    data = EncodedSets([a_set(either, JOY)], tokenizer, 32)

    assert [row["any_of"] for row in data.rows] == [True, False]


def test_a_set_without_examples_has_no_rows_and_the_next_keeps_its_index(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    data = EncodedSets([a_set(), a_set(JOY, name="other")], tokenizer, 32)

    assert data.bounds == [(0, 0), (0, 1)]
    assert data[0]["origin"] == 1


LONG = Example("today because friend happy furious afraid shocked adored amazed scared", ("joy",))


def ids_of(tokenizer: PreTrainedTokenizerFast, typo_share: float) -> list[list[int]]:
    data = EncodedSets([a_set(*[LONG] * 20)], tokenizer, 32, typo_share=typo_share)
    return [row["input_ids"] for row in data.rows]


def test_typos_are_in_about_the_configured_share_of_texts(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    plain, some, every = (ids_of(tokenizer, share) for share in (0.0, 0.5, 1.0))

    changed, all_changed = (
        sum(one != other for one, other in zip(plain, found, strict=True))
        for found in (some, every)
    )
    assert 3 <= changed <= 15
    assert all_changed > 15


def test_without_typos_every_text_is_unchanged(tokenizer: PreTrainedTokenizerFast) -> None:
    (expected,) = {tuple(ids) for ids in ids_of(tokenizer, 0.0)}

    assert tokenizer.unk_token_id not in expected


def test_typos_are_the_same_in_every_run(tokenizer: PreTrainedTokenizerFast) -> None:
    assert ids_of(tokenizer, 0.5) == ids_of(tokenizer, 0.5)
