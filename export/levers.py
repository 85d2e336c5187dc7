"""Try quality levers one by one: `python -m export.levers [--config FILE] [--run FOLDER]`.

A file of levers names a base, the settings that all runs share, the seeds that each is run with,
and by name what each lever changes. Every run starts from the same base, sees the same sets and
is measured on the same validation splits; the table that comes out is Markdown, with the mean of
the seeds and how far one lies from it (the sample's standard deviation). Started again, finished
runs are not run again. A lever `average: NAME` trains nothing: it averages the weights that the
seeds of another lever came to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import yaml

from export.config import TrainConfig, parse_config
from export.data import data_folder
from export.errors import ConfigError, run_command
from export.train import finish_average, train
from export.training.run_folder import MODEL, claim, is_finished, run_summary

DEFAULT_LEVERS = Path(__file__).parent / "configs" / "levers.yaml"
_COLUMNS = {
    "TweetEval emotion F1": "tweeteval_emotion/macro_f1",
    "GoEmotions-7 F1": "goemotions/macro_f1",
    "irony F1": "tweeteval_irony/f1_ironic",
    "irony accuracy": "tweeteval_irony/accuracy",
    "own posts F1": "written/macro_f1",
    "own irony F1": "written_irony/f1_ironic",
}


@dataclass(frozen=True)
class Lever:
    """What is tried: a run for each seed, or (`averaged`) the mean of such runs' weights."""

    runs: tuple[TrainConfig, ...]
    averaged: bool = False


def read_levers(path: Path) -> dict[str, Lever]:
    """Return the levers by name, in file order.

    Raises ConfigError when the file does not read or a lever makes no configuration.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        shared, levers = dict(content["shared"]), dict(content["levers"])
        seeds = [int(seed) for seed in content["seeds"]]
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, ValueError) as exc:
        raise ConfigError(f"{path}: is not YAML with `shared`, `seeds` and `levers`") from exc
    if not seeds or len(set(seeds)) < len(seeds):
        raise ConfigError(f"{path}: seeds: none is given, or one twice")
    made: dict[str, Lever] = {}
    for name, change in levers.items():
        if change and "average" in change:
            if change["average"] not in made:
                raise ConfigError(f"{path}: {name}: {change['average']} is no lever before it")
            made[name] = Lever(made[change["average"]].runs, averaged=True)
        else:
            own = {**shared, **(change or {})}
            if "seed" in own:
                raise ConfigError(f"{path}: {name}: seed: the file's `seeds` are those of all")
            made[name] = Lever(
                tuple(
                    parse_config({**own, "name": f"{name}-{seed}", "seed": seed}, path)
                    for seed in seeds
                )
            )
    return made


def run_levers(levers: Path, data: Path, run: Path) -> list[dict[str, Any]]:
    """Run what is not finished yet and return each lever's name and the summaries of its runs."""
    rows = []
    for name, lever in read_levers(levers).items():
        if lever.averaged:
            summaries = [_averaged(name, lever, data, run)]
        else:
            for config in lever.runs:
                train(config, data, run / config.name)
            summaries = [run_summary(run / config.name) for config in lever.runs]
        rows.append({"name": name, "runs": summaries})
        print(render(rows[-1:]).splitlines()[-1], flush=True)
    return rows


def _averaged(name: str, lever: Lever, data: Path, run: Path) -> dict[str, Any]:
    """Return the summary of the mean of the weights that the runs of a lever came to."""
    first, folder = lever.runs[0], run / name
    if not is_finished(folder):
        claim(folder, first.model_copy(update={"name": name}))
        parts = [run / config.name / MODEL for config in lever.runs]
        finish_average(first, parts, data, folder, seconds=0)
    return run_summary(folder)


def render(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table: means over the seeds, and their deviations."""
    lines = [
        f"| lever | {' | '.join(_COLUMNS)} | minutes a run |",
        f"| --- |{' ---: |' * (len(_COLUMNS) + 1)}",
    ]
    for row in rows:
        cells = [
            _cell([run["figures"].get(key) for run in row["runs"]]) for key in _COLUMNS.values()
        ]
        minutes = mean(run["seconds"] for run in row["runs"]) / 60
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {minutes:.1f} |")
    return "\n".join(lines)


def _cell(values: Sequence[float | None]) -> str:
    """Return what a table says of one figure of a lever's runs."""
    found = [value for value in values if value is not None]
    if not found:
        return "-"
    spread = f" ± {stdev(found):.3f}" if len(found) > 1 else ""
    return f"{mean(found):.3f}{spread}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the levers and print their table; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.levers", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=DEFAULT_LEVERS)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--run", type=Path, default=Path(".runs"))
    options = parser.parse_args(arguments)

    def command() -> None:
        print(render(run_levers(options.config, data_folder(options.data), options.run)))

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
