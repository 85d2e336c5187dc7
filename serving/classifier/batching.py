"""Rules that put texts into batches, one batch per run of the model. Pure.

All texts of a batch are padded to its longest, and padding costs as much as text: in arrival
order a batch is slower than no batch at all. So a batch holds texts of similar length, as many
as fit a budget of padded tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizing:
    """Bounds of a batch: padded tokens, longest over shortest text, and the queue's window.

    The window is how many texts that arrived after the oldest queued one may run with it. Without
    it a full queue would be worked on everywhere at once: every request begun and none done.
    """

    token_budget: int = 512
    spread: float = 1.2
    window: int = 256


GPU_SIZING = Sizing(token_budget=16_384, spread=1.5, window=2_048)
"""For a GPU, which a small batch leaves idle; `python -m benchmarks.gpu` tries others."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that share a run: their indices in the list, and the longest's length in tokens."""

    indices: tuple[int, ...]
    width: int


def plan_batches(lengths: Sequence[int], sizing: Sizing) -> list[Batch]:
    """Return batches that hold every text exactly once, the longest texts first.

    `lengths` is in tokens. Every batch is within the bounds of `sizing`; a text over the token
    budget is a batch of its own.
    Longest first, because threads that take batches from one list finish together when the
    largest pieces go out before the small ones.
    """
    by_length = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batches: list[Batch] = []
    members: list[int] = []
    for index in by_length:
        if members:
            width = lengths[members[0]]
            over_budget = (len(members) + 1) * width > sizing.token_budget
            if over_budget or width > sizing.spread * lengths[index]:
                batches.append(Batch(tuple(members), width))
                members = []
        members.append(index)
    if members:
        batches.append(Batch(tuple(members), lengths[members[0]]))
    return batches


def warm_shapes(token_budget: int, max_tokens: int) -> list[tuple[int, int]]:
    """Return shapes to run at startup, texts by tokens: single texts, a few, and full batches."""
    widths = [width for width in (8, 16, 32, 64, 128) if width < max_tokens] + [max_tokens]
    return [
        (texts, width)
        for width in widths
        for texts in sorted({1, 2, 4, 8, max(1, token_budget // width)})
    ]
