"""The words of the HTTP contract: what a request holds and what an answer holds.

The standard library only, because the client shares these with the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.errors import Fault, InvalidRequestError, PayloadTooLargeError

SCORE_DIGITS = 6
FAULTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold how much a request may bring: texts, characters (code points) a text, bytes."""

    texts: int = 256
    text_chars: int = 25_000
    body_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Classification:
    """Hold what the model says of one text.

    `scores` has one probability an emotion and sums to 1; `label` is the likeliest of them.
    `irony` is a probability of its own. `tokens` is how many tokens the model read, its two
    special ones included; `truncated` says that the text had more.
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


def parse_texts(body: bytes, limits: Limits) -> list[str]:
    """Return the texts of a request's body, `{"texts": ["...", ...]}` in UTF-8.

    Raises InvalidRequestError when the body is anything else, and what check_texts raises.
    """
    document = read_object(body, '{"texts": ["...", ...]}')
    if "texts" not in document:
        raise wrong_shape(Fault("/texts", "is missing"))
    if unknown := sorted(document.keys() - {"texts"}):
        raise wrong_shape(
            *(Fault(f"/{_escaped(name)}", "is not a known field") for name in unknown)
        )
    return check_texts(document["texts"], limits)


def read_object(body: bytes, form: str) -> dict[str, Any]:
    """Return the JSON object in a body; InvalidRequestError, which shows `form`, without one."""
    try:
        document = json.loads(body.decode("utf-8"))
    # RecursionError: brackets nested thousands deep.
    except (ValueError, RecursionError) as exc:
        raise InvalidRequestError("The body is not JSON in UTF-8.") from exc
    if not isinstance(document, dict):
        raise wrong_shape(Fault("", f"must be an object, {form}"))
    return document


def check_texts(texts: Any, limits: Limits) -> list[str]:
    """Return `texts` if they are a list of texts within the limits.

    Raises InvalidRequestError when they are anything else, PayloadTooLargeError when there are
    more texts, or longer ones. Both name the first FAULTS_SHOWN places, as /texts/{place}.
    """
    if not isinstance(texts, list) or not texts:
        raise wrong_shape(Fault("/texts", "must be an array of at least one text"))
    if len(texts) > limits.texts:
        reason = f"has {len(texts)} texts, the limit is {limits.texts}"
        raise PayloadTooLargeError("Too many texts in one request.", [Fault("/texts", reason)])
    places = [place for place, text in enumerate(texts) if not isinstance(text, str)]
    if places:
        raise wrong_shape(*(Fault(f"/texts/{place}", "must be a string") for place in places))
    faults = [
        Fault(f"/texts/{place}", f"has {len(text)} characters, the limit is {limits.text_chars}")
        for place, text in enumerate(texts)
        if len(text) > limits.text_chars
    ]
    if faults:
        raise PayloadTooLargeError("A text is too long.", faults[:FAULTS_SHOWN])
    return texts


def wrong_shape(*faults: Fault) -> InvalidRequestError:
    """Return the error of a body with these faults, of which the first FAULTS_SHOWN are named."""
    return InvalidRequestError("The body is not what this address takes.", faults[:FAULTS_SHOWN])


def _escaped(name: str) -> str:
    """Return a field's name as a step of a JSON pointer (RFC 6901), cut to a readable length."""
    shown = name[:40].encode("utf-8", "replace").decode()
    return shown.replace("~", "~0").replace("/", "~1")
