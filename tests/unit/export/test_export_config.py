"""Configurations: what is read, what is refused and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from export.config import DEFAULT_CONFIG, TrainConfig, load_config, save_config
from export.errors import ConfigError

MINIMAL = """
name: small
version: 1.0.0
base: all-MiniLM-L6-v2
sets: [{name: carer}]
select_on: [carer/accuracy]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_configuration_is_read() -> None:
    config = load_config(DEFAULT_CONFIG)

    assert config.base == "all-MiniLM-L6-v2"
    assert {chosen.name for chosen in config.sets} >= {"carer", "goemotions", "tweeteval_irony"}


def test_a_saved_configuration_reads_back_to_the_same(
    tmp_path: Path, tiny_config: TrainConfig
) -> None:
    save_config(tiny_config, tmp_path / "config.yaml")

    assert load_config(tmp_path / "config.yaml") == tiny_config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "epochs: 3\n", "epochs: Extra inputs are not permitted"),
        (MINIMAL.replace("carer}", "carer, wieght: 2}"), "wieght: Extra inputs"),
        (MINIMAL + "passes: 0\n", "passes: Input should be greater than or equal to 1"),
        (MINIMAL.replace("{name: carer}", "{name: carer}, {name: carer}"), "a name is used twice"),
        (MINIMAL.replace("carer}", "mine, path: a.csv, known: [bliss]}"), "bliss is none of"),
        ("name: [", "is not YAML"),
        ("- a\n- b\n", "must be a mapping"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(written(tmp_path, text))

    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read"):
        load_config(tmp_path / "nowhere.yaml")
