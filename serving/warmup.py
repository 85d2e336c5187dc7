"""Requests that are made before anybody else's, so that nobody else's is the slow first one.

BentoML's dispatcher learns from its first eleven batches and does not gather requests
meanwhile; the model's first runs of each length make it allocate its memory.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

LONE_REQUESTS = 12
_WORDS = "today was one of those days that I will remember for a long time "


async def warm_up(classify: Callable[[Sequence[str]], Awaitable[bytes]]) -> None:
    """Classify single texts, then one batch of all lengths."""
    for _ in range(LONE_REQUESTS):
        await classify([_WORDS])
    await classify([_WORDS * repeats for repeats in range(1, 24)])
