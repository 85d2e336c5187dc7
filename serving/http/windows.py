"""Long texts in windows: each window is classified as a text is, and the results are averaged."""

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from serving.errors import Fault, PayloadTooLargeError
from serving.schemas import SCORE_DIGITS


class WindowCutter:
    """Cuts the texts of a request into windows, on a thread, one request at a time.

    Texts are cut before they are admitted, because admission counts windows. One request at a
    time, and none beyond the limit, so that cutting takes at most one core from the model.
    """

    def __init__(self, cut: Callable[[str], Sequence[str]], most: int) -> None:
        """Take the function that returns a text's windows, and how many a request may have."""
        self._cut = cut
        self._most = most
        self._turn = asyncio.Lock()

    async def cut(self, texts: Sequence[str]) -> list[Sequence[str]]:
        """Return the windows of each text; PayloadTooLargeError when they are too many."""
        async with self._turn:
            return await asyncio.to_thread(self._cut_all, texts)

    def _cut_all(self, texts: Sequence[str]) -> list[Sequence[str]]:
        windows: list[Sequence[str]] = []
        count = 0
        for index, text in enumerate(texts):
            windows.append(self._cut(text))
            if len(windows[-1]) > self._most:
                reason = f"has {len(windows[-1])} windows, the limit is {self._most}"
                raise PayloadTooLargeError(
                    "A text is too long to be read in windows.", [Fault(f"/texts/{index}", reason)]
                )
            count += len(windows[-1])
            if count + len(texts) - index - 1 > self._most:
                reason = (
                    f"have {count} windows in the first {index + 1}, each counts as a text and the"
                    f" limit is {self._most}: send fewer texts at a time"
                )
                raise PayloadTooLargeError(
                    "Too many windows in one request.", [Fault("/texts", reason)]
                )
        return windows


def averaged(windows: Sequence[bytes | None]) -> bytes | None:
    """Return the classification of a text from those of its windows, all as JSON objects.

    Probabilities are averaged by the tokens of each window. None where a window has none.
    """
    if len(windows) == 1:
        return windows[0]
    whole = [window for window in windows if window is not None]
    if len(whole) < len(windows):
        return None
    items: list[dict[str, Any]] = [json.loads(window) for window in whole]
    tokens = sum(item["tokens"] for item in items)

    shares: list[float] = [item["tokens"] / tokens for item in items]

    def mean(probabilities: Iterable[float]) -> float:
        return sum(share * one for share, one in zip(shares, probabilities, strict=True))

    scores = {name: mean(item["scores"][name] for item in items) for name in items[0]["scores"]}
    document = {
        "label": max(scores, key=scores.__getitem__),
        "scores": {name: round(score, SCORE_DIGITS) for name, score in scores.items()},
        "irony": round(mean(item["irony"] for item in items), SCORE_DIGITS),
        "tokens": tokens,
        "truncated": any(item["truncated"] for item in items),
    }
    return json.dumps(document).encode()
