"""Limits of a request and the classification of a text, as the server and its client share them.

The standard library only, because the client needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

SCORE_DIGITS = 6
MOST_TOKENS = 2**31 - 1
"""More than any text has: a count that every store and every client can hold."""

LongTexts = Literal["truncate", "window"]
LONG_TEXTS: tuple[LongTexts, ...] = get_args(LongTexts)
"""What may be done with a text longer than the model reads: read its start alone, or all of it in
windows, whose probabilities are averaged."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may hold: texts, characters (code points) per text, bytes."""

    texts: int = 256
    text_chars: int = 25_000
    body_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Classification:
    """Result of the model for one text.

    `scores` has one probability per emotion and sums to 1; `label` is the likeliest of them.
    `irony` is a separate probability. `tokens` is how many tokens the model read, the two
    special ones of each run included; `truncated` is true if the text had more.
    """

    label: str
    scores: Mapping[str, float]
    irony: float
    tokens: int
    truncated: bool

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object of the contract, with probabilities of six digits."""
        return {
            "label": self.label,
            "scores": {name: round(score, SCORE_DIGITS) for name, score in self.scores.items()},
            "irony": round(self.irony, SCORE_DIGITS),
            "tokens": self.tokens,
            "truncated": self.truncated,
        }

    @classmethod
    def from_wire(cls, item: Any) -> Classification:
        """Read the JSON object of the contract; ValueError says what is wrong in another one."""
        try:
            label, scores, irony = item["label"], item["scores"], item["irony"]
            tokens, truncated = item["tokens"], item["truncated"]
            probabilities = {name: _probability(score) for name, score in scores.items()}
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError("an item of the answer is not a classification") from exc
        if not isinstance(label, str) or label not in probabilities:
            raise ValueError("an item of the answer has a label without a score")
        # JSON has no bound on numbers, but what stores them has.
        if type(tokens) is not int or not 0 <= tokens <= MOST_TOKENS:
            raise ValueError(f"an item of the answer has tokens that are not 0 to {MOST_TOKENS}")
        if not isinstance(truncated, bool):
            raise ValueError("an item of the answer has a truncated that is not true or false")
        return cls(label, probabilities, _probability(irony), tokens, truncated)


def _probability(value: Any) -> float:
    """Return a number from 0 to 1; ValueError for NaN, a number in quotes or anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError("an item of the answer holds a number that is no probability")
    return float(value)
