"""Terms of the sets: every set has them, and a model for any use excludes the others."""

from pathlib import Path

import pytest

from export.config import DEFAULT_CONFIG, SetConfig, TrainConfig, load_config
from export.data import SOURCES, load_sets
from export.errors import ConfigError
from export.training.sources.terms import TERMS


def test_every_set_has_its_terms_in_the_table() -> None:
    assert {name: source.terms for name, source in SOURCES.items()} == TERMS


@pytest.mark.parametrize("name", ["carer", "dailydialog", "empathetic", "emoevent_en"])
def test_research_only_non_commercial_and_unstated_terms_do_not_allow_any_use(name: str) -> None:
    assert not TERMS[name].any_use


def test_the_open_configuration_only_has_sets_whose_terms_allow_any_use() -> None:
    config = load_config(DEFAULT_CONFIG.parent / "open.yaml")

    assert config.any_use
    assert all(TERMS[chosen.name].any_use for chosen in config.sets)


def test_a_set_whose_terms_do_not_allow_any_use_is_refused_by_name(
    tiny_config: TrainConfig, tiny_data: Path
) -> None:
    config = tiny_config.model_copy(update={"any_use": True, "sets": (SetConfig(name="carer"),)})

    with pytest.raises(ConfigError, match=r"carer does not allow any use \(distributed for"):
        load_sets(config, tiny_data, "train")


def test_a_model_for_any_use_cannot_start_from_one_that_is_not(tiny_config: TrainConfig) -> None:
    with pytest.raises(ValueError, match="any_use: the base or the teacher is trained without it"):
        TrainConfig.model_validate(
            {**tiny_config.model_dump(), "any_use": True, "base": tiny_config}
        )
