"""Limits of a request and the classification of a text, as the server and its client share them.

The standard library only, because the client needs nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

SCORE_DIGITS = 6

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
        """Read the JSON object of the contract; ValueError when it is not one."""
        try:
            return cls(
                label=str(item["label"]),
                scores={str(name): float(score) for name, score in item["scores"].items()},
                irony=float(item["irony"]),
                tokens=int(item["tokens"]),
                truncated=bool(item["truncated"]),
            )
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError("an item of the answer is not a classification") from exc
