"""Examples as tensors: encoding, padding, and the order in which a pass visits them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypedDict

import torch
from torch.utils.data import Dataset, Sampler

from export.data import LoadedSet
from export.examples import Example
from export.labels import EMOTIONS, LABELS
from serving.preprocess import normalise

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_MEGABATCH = 50


class Encoded(TypedDict):
    """One example, ready for a batch."""

    input_ids: list[int]
    targets: list[float]
    known: list[float]
    origin: int


_SINCERE = frozenset({"joy", "love"})
"""What people called joy or love they did not read as its opposite."""


def target_row(example: Example, sincere_weight: float = 0.0) -> tuple[list[float], list[float]]:
    """Return probabilities to learn and how far each is known (0 to 1), both of length 8.

    Several emotions share the probability evenly; what an example does not tell is 0 in
    both rows. A text of a set that tells nothing of irony, but whose readers called it joy
    or love, counts as not ironic with `sincere_weight`: in the irony set half of all texts are
    ironic and most of those sound glad, which alone teaches that gladness is irony.
    """
    share = 1.0 / max(1, len(example.emotions))
    targets = [share if label in example.emotions else 0.0 for label in EMOTIONS]
    known = [1.0 if label in example.known else 0.0 for label in EMOTIONS]
    told = float(example.irony is not None)
    if example.irony is None and example.emotions and _SINCERE.issuperset(example.emotions):
        told = sincere_weight
    return [*targets, float(example.irony or False)], [*known, told]


class EncodedSets(Dataset[Encoded]):
    """All examples of the sets one after another; `origin` is the index of their set."""

    def __init__(
        self,
        sets: Sequence[LoadedSet],
        tokenizer: PreTrainedTokenizerFast,
        max_tokens: int,
        sincere_weight: float = 0.0,
    ) -> None:
        """Normalise and encode every text, keeping at most `max_tokens` tokens of each.

        `sincere_weight` is target_row's.
        """
        self.rows: list[Encoded] = []
        self.bounds: list[tuple[int, int]] = []
        for origin, loaded in enumerate(sets):
            start = len(self.rows)
            texts = [normalise(example.text) for example in loaded.examples]
            ids = (
                tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"]
                if texts
                else []
            )
            for example, input_ids in zip(loaded.examples, ids, strict=True):
                targets, known = target_row(example, sincere_weight)
                self.rows.append(
                    Encoded(input_ids=input_ids, targets=targets, known=known, origin=origin)
                )
            self.bounds.append((start, len(self.rows)))

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.rows)

    def __getitem__(self, index: int) -> Encoded:
        """Return one example."""
        return self.rows[index]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each example."""
        return [len(row["input_ids"]) for row in self.rows]


def pad_batch(rows: Sequence[Encoded], pad_id: int) -> dict[str, torch.Tensor]:
    """Stack rows into [batch, tokens] inputs and [batch, 8] targets and masks."""
    width = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), width), pad_id, dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for index, row in enumerate(rows):
        length = len(row["input_ids"])
        ids[index, :length] = torch.tensor(row["input_ids"])
        mask[index, :length] = 1
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "targets": torch.tensor([row["targets"] for row in rows]).view(-1, len(LABELS)),
        "known": torch.tensor([row["known"] for row in rows]).view(-1, len(LABELS)),
        "origin": torch.tensor([row["origin"] for row in rows]),
    }


class MixtureSampler(Sampler[int]):
    """Visit each set `weight` times a pass, in batches of similar length.

    A fractional part of a weight is drawn afresh each pass. The order depends on the seed
    and the pass alone, so a resumed run continues where it stopped.
    """

    def __init__(self, data: EncodedSets, weights: Sequence[float], batch: int, seed: int) -> None:
        """Prepare to sample `data`, whose sets have `weights`, for batches of `batch`."""
        self._lengths = data.lengths
        self._bounds = tuple(data.bounds)
        self._weights = tuple(weights)
        self._batch = batch
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass that the next iteration is; the data loader calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the visits of one pass."""
        return sum(
            round(weight * (end - start))
            for weight, (start, end) in zip(self._weights, self._bounds, strict=True)
        )

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of one pass; slices of `batch` have similar lengths."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        visits = self._draw(generator)
        mega = self._batch * _MEGABATCH
        batches: list[list[int]] = []
        for start in range(0, len(visits), mega):
            group = sorted(visits[start : start + mega], key=lambda i: self._lengths[i])
            batches += [group[i : i + self._batch] for i in range(0, len(group), self._batch)]
        short = batches.pop() if batches and len(batches[-1]) < self._batch else []
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield from batches[index]
        yield from short

    def _draw(self, generator: torch.Generator) -> list[int]:
        """Return the visits of a pass, shuffled."""
        visits: list[int] = []
        for weight, (start, end) in zip(self._weights, self._bounds, strict=True):
            left = round(weight * (end - start))
            while left > 0:
                order = torch.randperm(end - start, generator=generator).tolist()[:left]
                visits += [start + index for index in order]
                left -= len(order)
        shuffled = torch.randperm(len(visits), generator=generator).tolist()
        return [visits[index] for index in shuffled]
