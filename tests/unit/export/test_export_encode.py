"""Encoding and the order of visits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch

from export.base import load_tokenizer
from export.config import TrainConfig
from export.data import load_sets
from export.encode import Encoded, EncodedSets, MixtureSampler, pad_batch


@pytest.fixture
def encoded(tiny_base: Path, tiny_data: Path, tiny_config: TrainConfig) -> EncodedSets:
    sets = load_sets(tiny_config, tiny_data, "train")
    return EncodedSets(sets, load_tokenizer(str(tiny_base)), max_tokens=32)


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


def test_a_pass_has_the_same_order_whenever_it_is_begun(encoded: EncodedSets) -> None:
    one, other = sampler(encoded, 1.5, 1.0), sampler(encoded, 1.5, 1.0)
    list(one)
    one.set_epoch(3)
    other.set_epoch(3)

    assert list(one) == list(other)


def test_batches_hold_texts_of_similar_length(encoded: EncodedSets) -> None:
    order = list(sampler(encoded, 1.0, 1.0))
    lengths = encoded.lengths
    spreads = []
    for start in range(0, len(order), 4):
        batch = [lengths[index] for index in order[start : start + 4]]
        spreads.append(max(batch) - min(batch))

    assert sum(spreads) <= max(lengths) - min(lengths)


def test_rows_are_padded_and_masked_to_the_longest() -> None:
    rows = [
        Encoded(input_ids=ids, targets=[0.0] * 8, known=[0.0] * 8, origin=0)
        for ids in ([2, 7, 3], [2, 3])
    ]

    batch = pad_batch(rows, pad_id=9)

    assert batch["input_ids"].tolist() == [[2, 7, 3], [2, 3, 9]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["targets"].shape == torch.Size([2, 8])


def test_long_texts_are_cut_to_the_tokens_allowed(
    tiny_base: Path, tiny_data: Path, tiny_config: TrainConfig
) -> None:
    sets = load_sets(tiny_config, tiny_data, "train")

    data = EncodedSets(sets, load_tokenizer(str(tiny_base)), max_tokens=4)

    assert max(data.lengths) == 4
