"""Generalisation: the file of sets left out, its runs, and both tables."""

from pathlib import Path

import pytest
import yaml

from export.config import DEFAULT_CONFIG, TrainConfig
from export.errors import ConfigError
from export.evaluation.panel import Panel, emotion_row, irony_row
from export.generalisation import (
    main,
    read_left_out,
    render_left_out,
    render_panel,
    run_left_out,
)
from export.training.examples import Example
from tests.support.export.classifications import scored

SHARED = {"version": "0", "base": "somewhere", "select_on": ["carer/accuracy"]}


def written(folder: Path, **changed: object) -> Path:
    content = {
        "shared": SHARED,
        "seeds": [17],
        "mixture": [{"name": name} for name in ("carer", "xed_en", "covidemo")],
        "against": [{"name": "carer"}],
        "leave_out": [["xed_en"], ["covidemo"]],
        **changed,
    }
    path = folder / "left-out.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def names(config: TrainConfig) -> list[str]:
    return [chosen.name for chosen in config.sets]


def test_each_group_is_left_out_of_both_mixtures(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        leave_out=[["xed_en", "covidemo"], ["carer"]],
        against=[{"name": "carer"}, {"name": "xed_en"}],
    )

    first, second = read_left_out(path)

    assert names(first.mixture) == ["carer"]
    assert names(first.against) == ["carer"]
    assert names(second.mixture) == ["xed_en", "covidemo"]
    assert names(second.against) == ["xed_en"]


def test_a_comparison_that_has_none_of_the_group_is_one_run_for_all_groups(tmp_path: Path) -> None:
    first, second = read_left_out(written(tmp_path))

    assert first.against == second.against
    assert first.mixture.name != second.mixture.name


def test_every_seed_has_its_own_runs(tmp_path: Path) -> None:
    runs = read_left_out(written(tmp_path, seeds=[17, 18], leave_out=[["xed_en"]]))

    assert [(one.mixture.seed, one.against.seed) for one in runs] == [(17, 17), (18, 18)]
    assert len({one.mixture.name for one in runs}) == 2


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"leave_out": [["emoevent_en"]]}, "leave_out: 'emoevent_en' is not in the mixture"),
        ({"seeds": ["many"]}, "is not YAML with `shared`, `seeds`, `mixture`"),
        ({"mixture": "carer"}, "is not YAML with `shared`"),
        ({"shared": {**SHARED, "epochs": 3}}, "epochs: Extra inputs"),
    ],
)
def test_an_invalid_file_is_refused(
    tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_left_out(written(tmp_path, **changed))


def test_both_models_are_judged_on_the_set_that_neither_saw(
    tmp_path: Path, tiny_config: TrainConfig, tiny_data: Path
) -> None:
    shared = tiny_config.model_dump(mode="json", exclude={"name", "seed", "sets"})
    shared |= {"passes": 1, "select_on": ["tweeteval_irony/accuracy"]}
    path = written(
        tmp_path,
        shared=shared,
        mixture=[{"name": "carer"}, {"name": "tweeteval_irony"}],
        against=[{"name": "tweeteval_irony"}],
        leave_out=[["carer"]],
    )

    found = run_left_out(path, tiny_data, tmp_path / "runs")

    ((ours, theirs),) = found["carer"]
    assert 0 <= ours <= 1
    assert ours == theirs  # the same sets are left: the same recipe and seed
    assert "name: carer" not in (tmp_path / "runs" / "without-carer-17" / "config.yaml").read_text()


def test_the_table_of_sets_left_out_has_means_deviations_and_the_difference() -> None:
    lines = render_left_out({"xed_en": [(0.5, 0.4), (0.7, 0.4)], "covidemo": [(0.4, 0.4)]}).split(
        "\n"
    )

    assert lines[2] == "| xed_en | 0.600 ± 0.141 | 0.400 ± 0.000 | +0.200 |"
    assert lines[-1] == "| mean | 0.500 | 0.400 | +0.100 |"


def test_the_panel_is_a_table_with_its_mean_its_worst_set_and_the_questions() -> None:
    known = ("joy", "neutral")
    emotions = emotion_row(
        "mine", "posts", [Example("a", ("neutral",), known)], [scored(neutral=0.9, joy=0.1)]
    )
    pair = [Example("a", irony=True), Example("b", irony=False)]
    irony = irony_row(
        "sure", "authors", pair, [scored(irony=0.9, joy=1.0), scored(irony=0.1, joy=1.0)]
    )

    lines = render_panel(Panel((emotions,), (irony,)), 0.97).split("\n")

    assert lines[2] == "| mine | posts | 1 | 1.000 | 1.000 | 1.00 | 0.00 | 0.100 |"
    assert "| sure | authors | 2 | 1.000 | 1.000 | 0.100 |" in lines
    assert lines[-2:] == ["worst set: mine 1.000", "questions without feeling called neutral: 97%"]


def test_a_missing_file_ends_with_one_line(
    tmp_path: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--leave-out", str(tmp_path / "none.yaml"), "--data", str(tiny_data)])

    assert status == 1
    assert "none.yaml: cannot be read" in capsys.readouterr().err


def test_the_shipped_file_of_sets_left_out_is_valid_and_changes_nothing_but_the_sets() -> None:
    for one in read_left_out(DEFAULT_CONFIG.with_name("left-out.yaml")):
        assert not set(one.sets) & {*names(one.mixture), *names(one.against)}
        assert (
            one.mixture.model_copy(update={"name": one.against.name, "sets": one.against.sets})
            == one.against
        )
