"""Texts that are classified before anybody else's, so that nobody else's is the slow first one.

The model's first runs of each length make it allocate its memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

_WORDS = "today was one of those days that I will remember for a long time "


def warm_shapes(token_budget: int, max_tokens: int) -> list[tuple[int, int]]:
    """Return texts by tokens: for lengths that double, a text alone, a few, and a full group."""
    widths = [width for width in (8, 16, 32, 64, 128) if width < max_tokens] + [max_tokens]
    return [
        (texts, width)
        for width in widths
        for texts in sorted({1, 2, 4, 8, max(1, token_budget // width)})
    ]


async def warm_up(classify: Callable[[Sequence[str]], Awaitable[bytes]]) -> None:
    """Classify a single text, then one batch of lengths from short to longest."""
    await classify([_WORDS])
    await classify([_WORDS * repeats for repeats in (1, 2, 4, 8, 16, 32)])
