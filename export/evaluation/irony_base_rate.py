"""Irony at the rate at which people are ironic: far less than half of what they post.

Sets about irony are half ironic, so a model that is right about them is far too sure about posts
in general. A probability p that holds where a share b of the posts is ironic has the odds

    p' / (1 - p') = p / (1 - p) * (1 - b) / b

where half of them are (Bayes' rule; Saerens et al., Neural Computation 2002).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serving.schemas import Classification

IRONY_BASE_RATE = 1 / 8
"""Share of ironic posts that calibration errors are measured for."""

_TINY = 1e-9


def base_rate_weights(ironic: NDArray[np.bool_], base_rate: float) -> NDArray[np.float64]:
    """Return weights under which a share `base_rate` of the texts is ironic; their mean is 1.

    All are 1 where one of the classes is missing.
    """
    share = float(ironic.mean()) if len(ironic) else 0.0
    if share in (0.0, 1.0):
        return np.ones(len(ironic))
    return np.where(ironic, base_rate / share, (1 - base_rate) / (1 - share))


def as_if_half_ironic(
    results: Sequence[Classification], base_rate: float | None
) -> list[Classification]:
    """Return `results`, which hold at `base_rate`, with the irony that holds where half is ironic.

    A post is then more likely ironic than not from 0.5 on, as in the sets and tests that are half
    ironic. None leaves them as they are.
    """
    if base_rate is None:
        return list(results)
    odds_more = (1 - base_rate) / base_rate

    def even(probability: float) -> float:
        odds = probability / max(1 - probability, _TINY) * odds_more
        return odds / (1 + odds)

    return [replace(one, irony=even(one.irony)) for one in results]


def base_rate_of(folder: Path) -> float | None:
    """Return the base rate that the model folder is calibrated for; None if for none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        found = manifest["calibration"]["irony"].get("base_rate")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return float(found) if found else None
