"""Hold every constant of scoring, and the named presets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class UnknownPresetError(ValueError):
    """Say that no preset has this name, and which ones there are."""


class RecencyForm(StrEnum):
    """Name how weight falls with age: by half-lives, or as numerator / (whole days + 1)."""

    HALF_LIFE = "half_life"
    WHOLE_DAYS = "whole_days"


class ActivityForm(StrEnum):
    """Name how weight grows with engagement: with its logarithm, or in proportion to it."""

    LOGARITHMIC = "logarithmic"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class ScoringConfig:
    """Hold the constants of scoring; the defaults are the formulas of DESIGN section 4.

    owner: own_weight for posts the user wrote, other_weight for shared and liked ones.
    recency: half_life_days counts in the half-life form, recency_numerator in the classic one.
    activity: base + scale * ln(1 + count), or base + scale * count, where count is the engagement
    with each kind times its factor.
    draw_limit bounds the time of the bootstrap (see api.domain.confidence).

    Raises ValueError where a constant would make weights negative or undefined.
    """

    name: str = "default"
    own_weight: float = 0.75
    other_weight: float = 0.25
    recency_form: RecencyForm = RecencyForm.HALF_LIFE
    half_life_days: float = 14.0
    recency_numerator: float = 10.0
    activity_form: ActivityForm = ActivityForm.LOGARITHMIC
    activity_base: float = 1.0
    activity_scale: float = 1.0
    likes_factor: float = 1.0
    reposts_factor: float = 2.0
    replies_factor: float = 1.0
    quotes_factor: float = 1.0
    bookmarks_factor: float = 1.0
    impressions_factor: float = 0.01
    irony_share: float = 0.5
    anger_factor: float = 2.0
    cheerful_factor: float = 1.5
    tie_tolerance: float = 1e-9
    resamples: int = 500
    draw_limit: int = 1_000
    seed: int = 20_240_501
    stale_after_days: int = 60
    moved_most_count: int = 5

    def __post_init__(self) -> None:
        """Refuse constants under which the formulas mean nothing."""
        for field, value in self.to_dict().items():
            if not isinstance(value, str) and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field} must be a number of 0 or more, not {value}")
        for field in ("half_life_days", "recency_numerator", "resamples", "draw_limit"):
            if getattr(self, field) == 0:
                raise ValueError(f"{field} must be greater than 0")
        if self.irony_share > 1:
            raise ValueError(f"irony_share must be between 0 and 1, not {self.irony_share}")

    def to_dict(self) -> dict[str, Any]:
        """Return the values in force as JSON values, to be stored with each result."""
        return {
            field: value.value if isinstance(value, StrEnum) else value
            for field, value in asdict(self).items()
        }


DEFAULT = ScoringConfig()

CLASSIC = ScoringConfig(
    name="classic",
    recency_form=RecencyForm.WHOLE_DAYS,
    activity_form=ActivityForm.LINEAR,
    activity_base=0.0,
    activity_scale=7.0,
    reposts_factor=1.0,
    replies_factor=0.0,
    quotes_factor=0.0,
    bookmarks_factor=0.0,
    impressions_factor=0.0,
)
"""The original weights: 10 / (whole days + 1) and 7 * (likes + reposts), owner 0.75 / 0.25.

A post nobody liked or reposted weighs nothing here. Where that holds for every post there is no
mood, and the result says why. Irony and the rules of mood are those of the default.
"""

PRESETS: Mapping[str, ScoringConfig] = {preset.name: preset for preset in (DEFAULT, CLASSIC)}


def preset(name: str) -> ScoringConfig:
    """Return the preset of that name. Raises UnknownPresetError."""
    try:
        return PRESETS[name]
    except KeyError:
        known = " or ".join(f'"{each}"' for each in PRESETS)
        raise UnknownPresetError(f'no scoring is called "{name}": use {known}') from None
