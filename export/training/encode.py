"""Examples as tensors: encoding, padding, and the order in which a pass visits them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

import torch
from torch.utils.data import Dataset, Sampler

from export.data import LoadedSet
from export.labels import EMOTIONS, LABELS
from export.training.examples import Example
from export.training.teacher import Logits
from export.training.typos import misspell
from serving.classifier.preprocess import normalise

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_MEGABATCH = 50
_UNTAUGHT = [0.0] * len(LABELS)


class Encoded(TypedDict):
    """One example, ready for a batch."""

    input_ids: list[int]
    targets: list[float]
    known: list[float]
    any_of: bool
    taught: list[float]
    taught_weight: float
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
    targets = _shares(example.emotions, EMOTIONS)
    known = [1.0 if label in example.known else 0.0 for label in EMOTIONS]
    told = float(example.irony is not None)
    if example.irony is None and example.emotions and _SINCERE.issuperset(example.emotions):
        told = sincere_weight
    return [*targets, float(example.irony or False)], [*known, told]


def _shares(answers: Sequence[str], labels: Sequence[str]) -> list[float]:
    share = 1.0 / max(1, len(answers))
    return [share if label in answers else 0.0 for label in labels]


def side_labels(sets: Sequence[LoadedSet]) -> list[tuple[str, ...]]:
    """Return, set by set, the own labels that it learns on outputs behind the first 8."""
    return [one.source.own_labels if one.chosen.own_weight else () for one in sets]


def side_spans(sets: Sequence[LoadedSet]) -> list[tuple[int, int]]:
    """Return first and last-but-one column of each set's own labels, sets without left out."""
    spans, start = [], len(LABELS)
    for labels in side_labels(sets):
        if labels:
            spans.append((start, start + len(labels)))
            start += len(labels)
    return spans


class EncodedSets(Dataset[Encoded]):
    """All examples of the sets one after another; `origin` is the index of their set."""

    def __init__(
        self,
        sets: Sequence[LoadedSet],
        tokenizer: PreTrainedTokenizerFast,
        max_tokens: int,
        sincere_weight: float = 0.0,
        class_balance: float = 0.0,
        typo_share: float = 0.0,
        taught: Mapping[str, Logits] | None = None,
    ) -> None:
        """Normalise and encode every text, keeping at most `max_tokens` tokens of each.

        `sincere_weight` is target_row's; `class_balance` and `typo_share` are TrainConfig's.
        `taught` is what a teacher said, by set. Rows are as wide as the 8 outputs and all own
        labels that the sets learn.
        """
        chance = random.Random(len(sets))  # noqa: S311 - typos are no secret
        self.rows: list[Encoded] = []
        self.bounds: list[tuple[int, int]] = []
        for origin, loaded in enumerate(sets):
            start = len(self.rows)
            texts = [
                normalise(
                    misspell(example.text, chance) if chance.random() < typo_share else example.text
                )
                for example in loaded.examples
            ]
            ids = (
                tokenizer(texts, truncation=True, max_length=max_tokens)["input_ids"]
                if texts
                else []
            )
            balance = _balance(loaded.examples, class_balance)
            said = (taught or {}).get(loaded.source.name)
            for place, (example, input_ids) in enumerate(zip(loaded.examples, ids, strict=True)):
                targets, known = target_row(example, sincere_weight)
                weight = loaded.chosen.trust * balance.get(example.emotions, 1.0)
                known[: len(EMOTIONS)] = [weight * told for told in known[: len(EMOTIONS)]]
                side = [_side_row(example, other is loaded, other) for other in sets]
                self.rows.append(
                    Encoded(
                        input_ids=input_ids,
                        targets=targets + [value for row, _ in side for value in row],
                        known=known + [value for _, row in side for value in row],
                        any_of=example.any_of,
                        taught=_UNTAUGHT if said is None else said[place].tolist(),
                        taught_weight=0.0 if said is None else loaded.chosen.teacher_weight,
                        origin=origin,
                    )
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


def _side_row(example: Example, learns: bool, owner: LoadedSet) -> tuple[list[float], list[float]]:
    """Return targets and weights of `owner`'s own labels for an example, which may be its."""
    labels = owner.source.own_labels if owner.chosen.own_weight else ()
    weight = owner.chosen.own_weight if learns and example.own else 0.0
    return _shares(example.own if learns else (), labels), [weight] * len(labels)


def _balance(examples: Sequence[Example], power: float) -> dict[tuple[str, ...], float]:
    """Return the weight of each answer of a set, by its rarity; their mean over it is 1."""
    counts = Counter(example.emotions for example in examples)
    raw = {answer: (count / len(examples)) ** -power for answer, count in counts.items()}
    mean = sum(raw[example.emotions] for example in examples) / max(1, len(examples))
    return {answer: weight / mean for answer, weight in raw.items()}


def pad_batch(rows: Sequence[Encoded], pad_id: int) -> dict[str, torch.Tensor]:
    """Stack rows into [batch, tokens] inputs and [batch, outputs] targets and weights."""
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
        "targets": torch.tensor([row["targets"] for row in rows]),
        "known": torch.tensor([row["known"] for row in rows]),
        "any_of": torch.tensor([row["any_of"] for row in rows]),
        "taught": torch.tensor([row["taught"] for row in rows]),
        "taught_weight": torch.tensor([row["taught_weight"] for row in rows]),
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
