"""Check the presets and what a configuration refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from api.domain.scoring_config import CLASSIC, DEFAULT, ScoringConfig, UnknownPresetError, preset


def test_the_default_preset_is_found_by_name() -> None:
    assert preset("default") is DEFAULT


def test_the_classic_preset_is_found_by_name() -> None:
    assert preset("classic") is CLASSIC


def test_an_unknown_preset_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UnknownPresetError, match='"clasic": use "default" or "classic"'):
        preset("clasic")


def test_the_values_in_force_survive_json() -> None:
    stored = json.loads(json.dumps(CLASSIC.to_dict()))

    assert ScoringConfig(**stored) == CLASSIC


def test_the_default_holds_the_constants_of_the_design() -> None:
    values = DEFAULT.to_dict()

    assert {
        "own_weight": 0.75,
        "other_weight": 0.25,
        "half_life_days": 14.0,
        "irony_share": 0.5,
        "anger_factor": 2.0,
        "cheerful_factor": 1.5,
        "resamples": 500,
        "stale_after_days": 60,
    }.items() <= values.items()


@pytest.mark.parametrize("field", ["own_weight", "half_life_days", "likes_factor", "resamples"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_a_constant_that_is_no_number_of_zero_or_more_is_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field} must be a number of 0 or more"):
        replace(DEFAULT, **{field: value})  # type: ignore[arg-type] # the field is a parameter


@pytest.mark.parametrize("field", ["half_life_days", "recency_numerator", "resamples"])
def test_a_constant_that_must_not_be_zero_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} must be greater than 0"):
        replace(DEFAULT, **{field: 0})  # type: ignore[arg-type] # the field is a parameter


def test_irony_cannot_move_more_than_all() -> None:
    with pytest.raises(ValueError, match="irony_share must be between 0 and 1"):
        replace(DEFAULT, irony_share=1.1)
