"""The order in which an epoch visits the examples: set weights, batches of similar length."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

from export.training.encode import EncodedSets

_MEGABATCH = 50


class MixtureSampler(Sampler[int]):
    """Visits each set `weight` times per epoch, in batches of similar length.

    A fractional part of a weight is drawn afresh each epoch. The order depends only on the seed
    and the epoch, so a resumed run continues where it stopped.
    """

    def __init__(self, data: EncodedSets, weights: Sequence[float], batch: int, seed: int) -> None:
        self._lengths = data.lengths
        self._bounds = tuple(data.bounds)
        self._weights = tuple(weights)
        self._batch = batch
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration; the data loader calls this."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the visits of one epoch."""
        return sum(
            round(weight * (end - start))
            for weight, (start, end) in zip(self._weights, self._bounds, strict=True)
        )

    def __iter__(self) -> Iterator[int]:
        """Yield the indices of one epoch; slices of `batch` have similar lengths."""
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        visits = self._draw(generator)
        mega = self._batch * _MEGABATCH
        batches: list[list[int]] = []
        for start in range(0, len(visits), mega):
            by_length = sorted(visits[start : start + mega], key=lambda i: self._lengths[i])
            batches += [
                by_length[i : i + self._batch] for i in range(0, len(by_length), self._batch)
            ]
        short = batches.pop() if batches and len(batches[-1]) < self._batch else []
        for index in torch.randperm(len(batches), generator=generator).tolist():
            yield from batches[index]
        yield from short

    def _draw(self, generator: torch.Generator) -> list[int]:
        visits: list[int] = []
        for weight, (start, end) in zip(self._weights, self._bounds, strict=True):
            left = round(weight * (end - start))
            while left > 0:
                order = torch.randperm(end - start, generator=generator).tolist()[:left]
                visits += [start + index for index in order]
                left -= len(order)
        shuffled = torch.randperm(len(visits), generator=generator).tolist()
        return [visits[index] for index in shuffled]
