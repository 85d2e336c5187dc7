"""Trying levers: one table, every run from the same settings."""

from __future__ import annotations

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


def written(folder: Path, levers: object, shared: object = SHARED) -> Path:
    path = folder / "levers.yaml"
    path.write_text(yaml.safe_dump({"shared": shared, "levers": levers}, sort_keys=False))
    return path


def test_a_lever_changes_the_shared_settings_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path, {"plain": {}, "focal": {"focal_gamma": 2.0}})

    plain, focal = read_levers(path).values()

    assert isinstance(plain, TrainConfig)
    assert isinstance(focal, TrainConfig)
    assert focal == plain.model_copy(update={"name": "focal", "focal_gamma": 2.0})


def test_an_average_names_levers_before_it(tmp_path: Path) -> None:
    path = written(tmp_path, {"one": {}, "both": {"average": ["one", "two"]}, "two": {}})

    with pytest.raises(ConfigError, match="both: two is no lever before it"):
        read_levers(path)


def test_an_unknown_setting_of_a_lever_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="focus"):
        read_levers(written(tmp_path, {"focal": {"focus": 2.0}}))


@pytest.mark.parametrize("content", ["levers: {}", "[]", "shared: 3", "a: [", ""])
def test_a_file_without_shared_settings_and_levers_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "levers.yaml"
    path.write_text(content)

    with pytest.raises(ConfigError, match=r"levers\.yaml"):
        read_levers(path)


def test_the_committed_levers_differ_from_the_first_in_what_they_name() -> None:
    levers = read_levers(DEFAULT_LEVERS)

    configs = {name: one for name, one in levers.items() if isinstance(one, TrainConfig)}
    first = next(iter(configs.values())).model_dump(exclude={"name"})
    assert len(configs) >= 4
    for name, config in list(configs.items())[1:]:
        changed = {
            key for key, value in config.model_dump(exclude={"name"}).items() if value != first[key]
        }
        assert len(changed) == 1, name


@pytest.fixture(scope="module")
def tried(
    tmp_path_factory: pytest.TempPathFactory, tiny_config: TrainConfig, tiny_data: Path
) -> tuple[Path, list[dict[str, Any]]]:
    """The folder of a file of levers and of their finished `runs`, and what was told of them."""
    folder = tmp_path_factory.mktemp("levers")
    shared = tiny_config.model_dump(mode="json", exclude_none=True, exclude={"name"})
    path = written(
        folder,
        {"plain": {}, "seed": {"seed": 18}, "both": {"average": ["plain", "seed"]}},
        {**shared, "passes": 1},
    )
    return folder, run_levers(path, tiny_data, folder / "runs")


def test_levers_are_run_averaged_and_put_in_a_table(
    tried: tuple[Path, list[dict[str, Any]]], tiny_data: Path
) -> None:
    folder, rows = tried

    again = run_levers(folder / "levers.yaml", tiny_data, folder / "runs")

    assert [row["name"] for row in rows] == ["plain", "seed", "both"]
    assert all(0 <= row["figures"]["carer/accuracy"] <= 1 for row in rows)
    assert again == rows
    assert render(rows).splitlines()[2].startswith("| plain | - |")


def test_the_command_averages_the_models_of_other_levers(
    tried: tuple[Path, list[dict[str, Any]]],
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
    plain, seed, both = (
        load_file(runs / name / "model" / "model.safetensors")["classifier.weight"]
        for name in ("plain", "seed", "both")
    )
    assert not torch.equal(plain, seed)
    assert torch.equal(both, ((plain.double() + seed.double()) / 2).float())
