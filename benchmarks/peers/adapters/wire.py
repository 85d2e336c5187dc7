"""The request most peers are given, so that none of them parses or writes more than another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.contract import Answer, Call


def classify_call(path: str, texts: Sequence[str]) -> Call:
    """Return `{"texts": [...]}` posted to `path`, answered by an array in our contract's shape."""
    return Call(path, json.dumps({"texts": list(texts)}).encode(), read_items)


def read_items(body: bytes) -> list[Answer]:
    """Read an array of classifications; ValueError when it is something else."""
    return [answer(item) for item in json.loads(body)]


def answer(item: Any) -> Answer:
    """Read one classification; ValueError when it is something else."""
    try:
        scores = {str(name): float(score) for name, score in item["scores"].items()}
        return Answer(str(item["label"]), scores, float(item["irony"]))
    except (AttributeError, KeyError, TypeError) as exc:
        raise ValueError("an item of the answer is not a classification") from exc
