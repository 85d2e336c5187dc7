"""Levers: reading their file, running them, and the table of their figures."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from export.config import TrainConfig
from export.errors import ConfigError
from export.levers import DEFAULT_LEVERS, main, read_levers, render, run_levers

SHARED = {
    "version": "0",
    "base": "somewhere",
    "sets": [{"name": "carer"}],
    "select_on": ["carer/accuracy"],
}


SEEDS = (17, 18)
Tried = tuple[Path, list[dict[str, Any]]]


def written(
    folder: Path, levers: object, shared: object = SHARED, seeds: tuple[int, ...] = SEEDS
) -> Path:
    path = folder / "levers.yaml"
    content = {"shared": shared, "seeds": [*seeds], "levers": levers}
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def test_a_lever_changes_the_shared_settings_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path, {"plain": {}, "focal": {"focal_gamma": 2.0}})

    plain, focal = read_levers(path).values()

    assert [one.seed for one in plain.runs] == [17, 18]
    assert focal.runs == tuple(
        one.model_copy(update={"name": f"focal-{one.seed}", "focal_gamma": 2.0})
        for one in plain.runs
    )


@pytest.mark.parametrize(
    ("levers", "seeds", "message"),
    [
        ({"one": {}, "both": {"average": "two"}, "two": {}}, SEEDS, "both: two is no lever before"),
        ({"plain": {}}, (), "seeds: none is given, or one twice"),
        ({"plain": {}}, (17, 17), "seeds: none is given, or one twice"),
        (
            {"plain": {}, "other": {"seed": 18}},
            SEEDS,
            "other: seed: the file's `seeds` are those of",
        ),
        ({"focal": {"focus": 2.0}}, SEEDS, "focus"),
    ],
    ids=["average of a later lever", "no seeds", "a seed twice", "own seed", "unknown setting"],
)
def test_an_invalid_lever_is_refused(
    tmp_path: Path, levers: object, seeds: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_levers(written(tmp_path, levers, seeds=seeds))


@pytest.mark.parametrize(
    "content",
    ["seeds: [1]\nlevers: {}", "shared: {}\nlevers: {}", "[]", "shared: 3", "a: [", ""],
)
def test_a_file_without_its_three_parts_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "levers.yaml"
    path.write_text(content)

    with pytest.raises(ConfigError, match=r"levers\.yaml"):
        read_levers(path)


def test_the_committed_levers_differ_from_the_first_in_what_they_name() -> None:
    told = yaml.safe_load(DEFAULT_LEVERS.read_text())["levers"]
    levers = {name: one for name, one in read_levers(DEFAULT_LEVERS).items() if not one.averaged}
    first, *others = (
        (name, lever.runs[0].model_dump(exclude={"name"})) for name, lever in levers.items()
    )

    assert len(others) >= 4
    for name, other in others:
        changed = {key for key, value in other.items() if value != first[1][key]}
        assert changed == set(told[name])


@pytest.fixture(scope="module")
def tried(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: TrainConfig, tiny_data: Path
) -> Tried:
    """The folder of a file of levers and of their finished `runs`, and the resulting rows."""
    folder = tmp_path_factory.mktemp("levers")
    left_out = {"name", "seed"}
    shared = tiny_config.model_dump(mode="json", exclude_none=True, exclude=left_out)
    path = written(folder, {"plain": {}, "both": {"average": "plain"}}, {**shared, "passes": 1})
    return folder, run_levers(path, tiny_data, folder / "runs")


@pytest.mark.slow
def test_levers_are_run_with_every_seed_and_averaged(tried: Tried, tiny_data: Path) -> None:
    folder, rows = tried

    again = run_levers(folder / "levers.yaml", tiny_data, folder / "runs")

    assert [(row["name"], len(row["runs"])) for row in rows] == [("plain", 2), ("both", 1)]
    assert all(0 <= run["figures"]["carer/accuracy"] <= 1 for row in rows for run in row["runs"])
    assert again == rows


def test_a_table_has_the_mean_of_the_seeds_and_how_far_they_lie_apart() -> None:
    runs = [
        {"seconds": seconds, "figures": {"tweeteval_emotion/macro_f1": figure}}
        for seconds, figure in ((60, 0.8), (120, 0.81), (90, 0.85))
    ]

    table = render([{"name": "plain", "runs": runs}, {"name": "one", "runs": runs[:1]}])

    # 0.82; the deviations are -0.02, -0.01 and 0.03, and sqrt(0.0014 / 2) is 0.0265
    assert table.splitlines()[2] == "| plain | 0.820 ± 0.026 | - | - | - | - | - | 1.5 |"
    assert table.splitlines()[3] == "| one | 0.800 | - | - | - | - | - | 1.0 |"


@pytest.mark.slow
def test_the_command_averages_the_models_of_a_lever(
    tried: Tried,
    tiny_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, rows = tried
    runs = tmp_path / "runs"
    shutil.copytree(folder / "runs", runs)
    shutil.rmtree(runs / "both")

    status = main(
        [
            *("--config", str(folder / "levers.yaml"), "--data", str(tiny_data)),
            *("--run", str(runs)),
        ]
    )

    assert status == 0
    assert capsys.readouterr().out.endswith(render(rows) + "\n")
    one, other, both = (
        load_file(runs / name / "model" / "model.safetensors")["classifier.weight"]
        for name in ("plain-17", "plain-18", "both")
    )
    assert not torch.equal(one, other)
    assert torch.equal(both, ((one.double() + other.double()) / 2).float())
