"""The training mixture: which sets are valid, what is loaded of them, and the command."""

import os
from pathlib import Path
from typing import Literal

import pytest

from export.config import SetConfig, TrainConfig, save_config
from export.data import check_classes, data_folder, load_sets, main, source_of
from export.errors import ConfigError, DataError
from export.labels import EMOTIONS
from export.training.examples import Example
from export.training.sources import carer, crowdflower, goemotions, tweeteval
from tests.support.export.sets import a_set, write

GIVEN_DATA = Path(os.environ.get("MOODLINE_DATA", "../shared/data"))


def test_a_set_without_a_class_that_it_knows_is_refused() -> None:
    with pytest.raises(DataError, match="mine: no example of fear"):
        check_classes("mine", [Example("", ("joy",), ("fear", "joy"))])


def test_a_set_with_any_of_several_emotions_need_not_have_each_alone() -> None:
    check_classes("mine", [Example("", ("joy", "love"), EMOTIONS, any_of=True)])


@pytest.mark.parametrize("irony", [True, False])
def test_a_set_with_only_one_class_of_irony_is_refused(irony: bool) -> None:
    with pytest.raises(DataError, match=f"mine: irony examples are all {irony}"):
        check_classes("mine", [Example("", irony=irony), Example("", own=("x",))])


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(DataError, match="mine: has no training examples"):
        check_classes("mine", [])


def test_an_unknown_set_is_refused() -> None:
    with pytest.raises(ConfigError, match="'carrer' is none of carer, goemotions"):
        source_of(SetConfig(name="carrer"))


def test_sets_keep_their_configuration(tiny_config: TrainConfig, tiny_data: Path) -> None:
    sets = load_sets(tiny_config, tiny_data, "train")

    assert [(one.source.name, one.chosen.weight, len(one.examples)) for one in sets] == [
        ("carer", 1.5, 24),
        ("tweeteval_irony", 1.0, 8),
    ]


def with_set(config: TrainConfig, **given: object) -> TrainConfig:
    return config.model_copy(update={"sets": (SetConfig.model_validate(given),)})


@pytest.mark.parametrize("split", ["train", "val"])
def test_own_labels_are_refused_for_a_set_without_any(
    tiny_config: TrainConfig, tiny_data: Path, split: Literal["train", "val"]
) -> None:
    config = with_set(tiny_config, name="carer", own_weight=0.5)

    with pytest.raises(ConfigError, match="sets: carer has no labels of its own; leave out own_w"):
        load_sets(config, tiny_data, split)


@pytest.mark.parametrize(
    ("example", "trust", "measurable"),
    [
        (Example("", ("joy",), EMOTIONS), 1.0, True),
        (Example("", ("joy",), EMOTIONS), 0.3, True),
        (Example("", ("joy",), EMOTIONS), 0.0, False),
        (Example("", ("joy", "love"), EMOTIONS, any_of=True), 1.0, False),
        (Example("", own=("a",)), 1.0, False),
        (Example("", irony=False), 0.0, True),
    ],
)
def test_a_set_has_a_figure_if_an_example_has_one_emotion_or_is_about_irony(
    example: Example, trust: float, measurable: bool
) -> None:
    loaded = a_set(Example(""), example, own_labels=("a",), trust=trust)

    assert loaded.measurable is measurable


def test_a_sample_of_a_set_limits_training_examples_only(
    tiny_config: TrainConfig, tiny_data: Path
) -> None:
    few = tiny_config.model_copy(update={"sets": (SetConfig(name="carer", most=20),)})

    (train,), (again,), (val,) = (
        load_sets(few, tiny_data, "train"),
        load_sets(few, tiny_data, "train"),
        load_sets(few, tiny_data, "val"),
    )

    assert (len(train.examples), len(val.examples)) == (20, 24)
    assert train.examples == again.examples


def test_the_sets_of_a_configuration_are_printed(
    tiny_config: TrainConfig, tiny_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = write(tmp_path / "mine.csv", "text,label\nyes,joy|love\nwow,love\noh,joy\nah,joy\n")
    sets = (
        *tiny_config.sets[1:],
        SetConfig(name="tweeteval_hate", own_weight=1.0),
        SetConfig(name="mine", path=mine),
    )
    save_config(tiny_config.model_copy(update={"sets": sets}), tmp_path / "config.yaml")

    status = main(["--config", str(tmp_path / "config.yaml"), "--data", str(tiny_data)])

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "tweeteval_irony train: 8 (irony False 4, irony True 4)",
        "tweeteval_hate train: 8 (not-hate 4, hate 4)",
        "mine train: 4 (joy 2, joy|love 1, love 1)",
        "tweeteval_irony val: 8 (irony False 4, irony True 4)",
        "tweeteval_hate val: 8 (not-hate 4, hate 4)",
        "mine val: 0 ()",
    ]


def test_the_environment_names_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODLINE_DATA", str(tmp_path))

    assert data_folder(None) == tmp_path


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(
    not GIVEN_DATA.is_dir(), reason=f"{GIVEN_DATA} is missing: the data is not here"
)
def test_the_given_data_has_the_sizes_that_its_publishers_state() -> None:
    assert len(list(carer.read(GIVEN_DATA, "train"))) == 16_000
    assert len(list(goemotions.read(GIVEN_DATA, "train"))) == 43_410
    assert len(list(tweeteval.read_emotion(GIVEN_DATA, "val"))) == 374
    assert len(list(tweeteval.read_irony(GIVEN_DATA, "val"))) == 955
    assert len(list(tweeteval.EMOJI.read(GIVEN_DATA, "val"))) == 5_000
    assert len(list(tweeteval.HATE.read(GIVEN_DATA, "train"))) == 9_000
    assert len(list(tweeteval.OFFENSIVE.read(GIVEN_DATA, "train"))) == 11_916
    assert len(list(crowdflower.read(GIVEN_DATA, "train"))) == 38_000
