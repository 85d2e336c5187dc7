"""Configurations: reading, saving, and the errors of invalid ones."""

from pathlib import Path

import pytest

from export.config import DEFAULT_CONFIG, TrainConfig, load_config, save_config
from export.data import SOURCES
from export.errors import ConfigError

MINIMAL = """
name: small
version: 1.0.0
base: all-MiniLM-L6-v2
sets: [{name: carer}]
select_on: [carer/accuracy]
"""


def written(folder: Path, text: str, name: str = "config.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def on(text: str, base: str) -> str:
    return text.replace("all-MiniLM-L6-v2", base)


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_default_configuration_is_read() -> None:
    config = load_config(DEFAULT_CONFIG)

    assert {chosen.name for chosen in config.sets} >= {"carer", "goemotions", "tweeteval_irony"}
    assert config.encoder == "all-MiniLM-L6-v2"


@pytest.mark.parametrize(
    "path",
    [one for one in DEFAULT_CONFIG.parent.glob("*.yaml") if one.stem not in ("levers", "left-out")],
    ids=lambda path: path.stem,
)
def test_a_shipped_configuration_names_existing_sets_and_figures(path: Path) -> None:
    config = load_config(path)

    names = {chosen.name for chosen in config.sets}
    assert names <= set(SOURCES)
    assert {figure.partition("/")[0] for figure in config.select_on} <= names
    for chosen in config.sets:
        assert bool(SOURCES[chosen.name].own_labels) or not chosen.own_weight


def test_a_saved_configuration_reads_back_to_the_same(
    tmp_path: Path, tiny_config: TrainConfig
) -> None:
    config = tiny_config.model_copy(
        update={
            "base": tiny_config,
            "patience": 2,
            "select_on": ("carer/accuracy", "mine/macro_f1"),
        }
    )
    save_config(config, tmp_path / "config.yaml")

    assert load_config(tmp_path / "config.yaml") == config


def test_a_base_that_is_a_file_is_read_into_the_configuration(tmp_path: Path) -> None:
    inner = tmp_path / "stages"
    inner.mkdir()
    first = written(inner, MINIMAL.replace("small", "first"), "first.yaml")
    second = written(inner, on(MINIMAL, "first.yaml"), "second.yaml")
    third = written(tmp_path, on(MINIMAL, "stages/second.yaml"))

    config = load_config(third)

    assert isinstance(config.base, TrainConfig)
    assert config.base == load_config(second)
    assert config.base.base == load_config(first)
    save_config(config, tmp_path / "saved.yaml")
    assert load_config(tmp_path / "saved.yaml") == config


@pytest.mark.parametrize(
    "names", [("a.yaml",), ("a.yaml", "b.yaml"), ("a.yaml", "b.yaml", "c.yaml")]
)
def test_a_configuration_that_is_indirectly_its_own_base_is_refused(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name, base in zip(names, (*names[1:], names[0]), strict=True):
        written(tmp_path, on(MINIMAL, base), name)

    assert "a.yaml: is its own base or teacher" in refusal(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "epochs: 3\n", "epochs: Extra inputs are not permitted"),
        (MINIMAL.replace("carer}", "carer, wieght: 2}"), "wieght: Extra inputs"),
        (MINIMAL + "passes: 0\n", "passes: Input should be greater than or equal to 1"),
        (MINIMAL.replace("{name: carer}", "{name: carer}, {name: carer}"), "a name is used twice"),
        (MINIMAL.replace("carer}", "mine, path: a.csv, known: [bliss]}"), "bliss is none of"),
        (on(MINIMAL, "''"), "base: String should have at least 1 character"),
        (on(MINIMAL, "5"), "base: Input should be a valid string"),
        (on(MINIMAL, "nowhere.yaml"), "nowhere.yaml: cannot be read"),
        (MINIMAL.replace("carer}", "carer, trust: 1.5}"), "trust: Input should be less than or eq"),
        (
            MINIMAL.replace("carer}", "carer, own_weight: -1}"),
            "own_weight: Input should be greater",
        ),
        (MINIMAL + "patience: 0\n", "patience: Input should be greater than or equal to 1"),
        (MINIMAL + "soup: 0\n", "soup: Input should be greater than or equal to 1"),
        (MINIMAL + "layer_decay: 0\n", "layer_decay: Input should be greater than 0"),
        (MINIMAL + "typo_share: 2\n", "typo_share: Input should be less than or equal to 1"),
        (MINIMAL + "adapt_passes: 0\n", "adapt_passes: Input should be greater than or equal"),
        (
            on(MINIMAL, "base.yaml") + "adapt_on: [carer]\n",
            "adapt_on: the base is a configuration; ",
        ),
        ("name: [", "is not YAML"),
        ("- a\n- b\n", "must be a mapping"),
    ],
)
def test_an_invalid_setting_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    written(tmp_path, MINIMAL, "base.yaml")

    assert message in refusal(written(tmp_path, text))


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (MINIMAL + "passes: 0\n", "base.passes: Input should be greater than or equal to 1"),
        (
            MINIMAL.replace("carer}", "carer, weight: 0}"),
            "base.sets.0.weight: Input should be grea",
        ),
        (MINIMAL + "epochs: 3\n", "base.epochs: Extra inputs are not permitted"),
        ("- a\n", "base.yaml: must be a mapping"),
        ("name: [", "base.yaml: is not YAML"),
    ],
)
def test_a_fault_inside_a_base_is_named_by_its_position(
    tmp_path: Path, base: str, message: str
) -> None:
    written(tmp_path, base, "base.yaml")

    assert message in refusal(written(tmp_path, on(MINIMAL, "base.yaml")))


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    assert "nowhere.yaml: cannot be read" in refusal(tmp_path / "nowhere.yaml")
