"""The tables of a manifest."""

import json
from pathlib import Path

import pytest

from export.config import TrainConfig
from export.data import LoadedSet
from export.evaluation.calibration import calibrate
from export.evaluation.confidence_intervals import confidence_intervals
from export.evaluation.metrics import predictions_of
from export.labels import EMOTIONS
from export.packaging.manifest_tables import (
    accuracy_table,
    calibration_table,
    training_stages,
    training_table,
)
from export.training.examples import Example
from export.training.machine import energy_table
from export.training.sources import carer, tweeteval
from serving.schemas import Classification
from tests.support.export.classifications import says

Results = list[list[Classification]]


@pytest.fixture
def measured(tiny_config: TrainConfig) -> list[LoadedSet]:
    joys = tuple(Example("", ("joy",), EMOTIONS) for _ in range(40))
    ironies = tuple(Example("", irony=index % 2 == 0) for index in range(40))
    chosen, other = tiny_config.sets
    return [
        LoadedSet(carer.SOURCE, chosen, "val", joys),
        LoadedSet(tweeteval.IRONY, other, "val", ironies),
    ]


@pytest.fixture
def results() -> Results:
    return [
        [says("joy" if index % 4 else "fear", 0.4, 0.5) for index in range(40)],
        [says("joy", 0.4, 0.9 if index % 4 == 0 else 0.1) for index in range(40)],
    ]


def test_a_set_has_its_figures_their_intervals_and_its_classes(
    measured: list[LoadedSet], results: Results
) -> None:
    row = accuracy_table(measured, results)["carer"]

    assert (row["split"], row["examples"], row["accuracy"]) == ("val", 40, 0.75)
    assert row["accuracy_ci"] == pytest.approx([0.6, 0.875], abs=0.03)
    assert row["macro_f1_ci"][0] < row["macro_f1"] < row["macro_f1_ci"][1]
    assert row["classes"]["joy"] == {"f1": 0.8571, "examples": 40}
    assert "f1_ironic" not in row


def test_a_set_about_irony_has_the_f1_of_ironic_with_its_interval(
    measured: list[LoadedSet], results: Results
) -> None:
    row = accuracy_table(measured, results)["tweeteval_irony"]

    assert row["f1_ironic"] == pytest.approx(2 * 10 / (10 + 20), abs=1e-4)
    ironic = confidence_intervals(predictions_of(measured[1].examples, results[1])).f1["irony"]
    assert row["f1_ironic_ci"] == pytest.approx(list(ironic), abs=1e-4)


def test_the_tables_can_be_written_as_json(measured: list[LoadedSet], results: Results) -> None:
    found = calibrate(
        {one.source.name: (one.examples, said) for one, said in zip(measured, results, strict=True)}
    )

    table = json.loads(json.dumps([calibration_table(found), accuracy_table(measured, results)]))[0]

    assert table["emotion"]["temperature"] == found.emotion.fit.temperature
    assert table["emotion"]["sets"]["carer"]["ece"] == round(found.emotion.sets["carer"].error, 4)
    carer = found.emotion.sets["carer"].judged
    row = table["emotion"]["sets"]["carer"]
    assert row["confidence"] == round(float(carer.confidence.mean()), 4)
    assert row["right"] == round(float(carer.right.mean()), 4)
    assert row["kind"] == "tweets, lower-cased"
    assert list(table["irony"]["sets"]) == ["tweeteval_irony"]
    assert table["bins"] == 15


def test_a_model_trained_on_another_reports_both_training_runs(
    tiny_config: TrainConfig, tiny_data: Path, tmp_path: Path
) -> None:
    only_carer = {"name": "first", "sets": tiny_config.sets[:1], "soup": 3}
    first = tiny_config.model_copy(update=only_carer)
    last = tiny_config.model_copy(update={"base": first, "sets": tiny_config.sets[1:]})
    for name, seconds in (("first", 100), ("last", 20)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(json.dumps({"seconds": seconds}))

    stages = training_stages(last, tiny_data, tmp_path / "last")
    table = training_table(stages, "make model", "by hand")

    assert [one["name"] for one in table["sets"]] == ["carer", "tweeteval_irony"]
    assert table["seconds"] == 120
    # Three runs of two passes over 24 examples at 1.5, then two passes over 8.
    assert table["visits"] == 3 * 2 * 36 + 2 * 8
    assert [one["share"] for one in table["sets"]] == [round(216 / 232, 4), round(16 / 232, 4)]
    assert (table["command"], table["note"]) == ("make model", "by hand")


def test_texts_of_pretraining_are_among_the_sets_and_the_visits(
    tiny_config: TrainConfig, tiny_data: Path, tmp_path: Path
) -> None:
    reads = {"adapt_on": ("tweeteval_hate",), "adapt_passes": 3, "sets": tiny_config.sets[1:]}
    config = tiny_config.model_copy(update=reads)

    table = training_table(training_stages(config, tiny_data, tmp_path), "make model")

    assert [one["name"] for one in table["sets"]] == ["tweeteval_hate", "tweeteval_irony"]
    assert table["visits"] == 3 * 8 + 2 * 8


def test_energy_is_power_times_time_and_emissions_follow_from_it() -> None:
    table = energy_table(seconds=7_200, cores=2)

    assert (table["watts"], table["kwh"]) == (20, 0.04)
    assert table["kg_co2e"] == pytest.approx(0.016)
    assert "2 cores x 8 W" in table["formula"]


def test_a_base_that_is_the_teacher_too_is_one_stage(
    tiny_config: TrainConfig, tiny_data: Path, tmp_path: Path
) -> None:
    first = tiny_config.model_copy(update={"name": "first"})
    last = tiny_config.model_copy(update={"base": first, "teacher": first})

    stages = training_stages(last, tiny_data, tmp_path / "last")

    assert [stage.run.name for stage in stages] == ["first", "last"]
