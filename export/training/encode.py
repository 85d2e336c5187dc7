"""Training examples as tensors: token ids, target probabilities, weights, and padding."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

import torch
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import Dataset

from export.data import LoadedSet
from export.labels import EMOTIONS, LABELS
from export.training.examples import Example
from export.training.teacher import Logits
from export.training.typos import misspell
from serving.classifier.preprocess import normalise

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_NO_LOGITS = [0.0] * len(LABELS)


class Encoded(TypedDict):
    """One example, ready for a batch."""

    input_ids: list[int]
    targets: list[float]
    known: list[float]
    any_of: bool
    teacher_logits: list[float]
    teacher_weight: float
    origin: int


_SINCERE = frozenset({"joy", "love"})
"""A text that readers labelled joy or love they did not take as ironic."""


def target_row(example: Example, sincere_weight: float = 0.0) -> tuple[list[float], list[float]]:
    """Return target probabilities and how far each is known (0 to 1), both of length 8.

    Several emotions share the probability evenly; what an example is not labelled for is 0 in
    both rows. A text labelled joy or love, of a set that is not about irony, counts as not
    ironic with `sincere_weight`: otherwise a model learns that happiness is irony, because half of
    the irony set is ironic and most of that sounds happy.
    """
    targets = _shares(example.emotions, EMOTIONS)
    known = [1.0 if label in example.known else 0.0 for label in EMOTIONS]
    irony_known = float(example.irony is not None)
    if example.irony is None and example.emotions and _SINCERE.issuperset(example.emotions):
        irony_known = sincere_weight
    return [*targets, float(example.irony or False)], [*known, irony_known]


def _shares(answers: Sequence[str], labels: Sequence[str]) -> list[float]:
    share = 1.0 / max(1, len(answers))
    return [share if label in answers else 0.0 for label in labels]


def side_labels(sets: Sequence[LoadedSet]) -> list[tuple[str, ...]]:
    """Return per set its own labels, which are learned on further outputs behind the first 8."""
    return [one.source.own_labels if one.chosen.own_weight else () for one in sets]


def side_spans(sets: Sequence[LoadedSet]) -> list[tuple[int, int]]:
    """Return start and end columns of the own labels of each set that has some."""
    spans, start = [], len(LABELS)
    for labels in side_labels(sets):
        if labels:
            spans.append((start, start + len(labels)))
            start += len(labels)
    return spans


class EncodedSets(Dataset[Encoded]):
    """All examples of the sets, one set after another; `origin` is the index of their set."""

    def __init__(
        self,
        sets: Sequence[LoadedSet],
        tokenizer: PreTrainedTokenizerFast,
        max_tokens: int,
        sincere_weight: float = 0.0,
        class_balance: float = 0.0,
        typo_share: float = 0.0,
        teacher: Mapping[str, Logits] | None = None,
    ) -> None:
        """Normalise and encode every text, keeping at most `max_tokens` tokens of each.

        `sincere_weight` is that of target_row; `class_balance` and `typo_share` are TrainConfig's.
        `teacher` has a teacher's logits by set. Rows are as wide as the 8 outputs and all own
        labels that the sets learn.
        """
        chance = random.Random(len(sets))  # noqa: S311 - typos need no secrecy
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
            logits = (teacher or {}).get(loaded.source.name)
            for index, (example, input_ids) in enumerate(zip(loaded.examples, ids, strict=True)):
                targets, known = target_row(example, sincere_weight)
                weight = loaded.chosen.trust * balance.get(example.emotions, 1.0)
                known[: len(EMOTIONS)] = [weight * one for one in known[: len(EMOTIONS)]]
                side = [_side_row(example, other is loaded, other) for other in sets]
                self.rows.append(
                    Encoded(
                        input_ids=input_ids,
                        targets=targets + [value for row, _ in side for value in row],
                        known=known + [value for _, row in side for value in row],
                        any_of=example.any_of,
                        teacher_logits=_NO_LOGITS if logits is None else logits[index].tolist(),
                        teacher_weight=0.0 if logits is None else loaded.chosen.teacher_weight,
                        origin=origin,
                    )
                )
            self.bounds.append((start, len(self.rows)))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Encoded:
        return self.rows[index]

    @property
    def lengths(self) -> list[int]:
        """Tokens of each example."""
        return [len(row["input_ids"]) for row in self.rows]


def _side_row(example: Example, learns: bool, owner: LoadedSet) -> tuple[list[float], list[float]]:
    """Return targets and weights of `owner`'s own labels; `learns` if the example is its."""
    labels = owner.source.own_labels if owner.chosen.own_weight else ()
    weight = owner.chosen.own_weight if learns and example.own else 0.0
    return _shares(example.own if learns else (), labels), [weight] * len(labels)


def _balance(examples: Sequence[Example], power: float) -> dict[tuple[str, ...], float]:
    """Return the weight of each answer of a set, by how rare its emotions are; the mean is 1.

    An answer of several emotions has the mean of their weights: pairs and triples are rarer than
    any emotion, but no more worth learning. Examples without emotions do not count.
    """
    answers = [example.emotions for example in examples if example.emotions]
    shares: defaultdict[str, float] = defaultdict(float)
    for answer in answers:
        for emotion in answer:
            shares[emotion] += 1 / len(answer) / len(answers)
    raw = {
        answer: sum(shares[emotion] ** -power for emotion in answer) / len(answer)
        for answer in set(answers)
    }
    mean = sum(raw[answer] for answer in answers) / max(1, len(answers))
    return {answer: weight / mean for answer, weight in raw.items()}


def pad_batch(rows: Sequence[Encoded], pad_id: int) -> dict[str, torch.Tensor]:
    """Stack rows into [batch, tokens] inputs and [batch, outputs] targets and weights."""
    ids = [torch.tensor(row["input_ids"]) for row in rows]
    plain = ("targets", "known", "any_of", "teacher_logits", "teacher_weight", "origin")
    return {
        "input_ids": pad_sequence(ids, batch_first=True, padding_value=pad_id),
        "attention_mask": pad_sequence([torch.ones_like(one) for one in ids], batch_first=True),
        **{name: torch.tensor([row[name] for row in rows]) for name in plain},  # type: ignore[literal-required]
    }
