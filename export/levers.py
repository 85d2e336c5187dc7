"""Compare levers: `python -m export.levers [--config FILE] [--run FOLDER]`.

A lever is a change to the training recipe that is tried with several seeds. The file of levers has
the settings that all runs share, the seeds, and by name the change of each lever. Every run starts
from the same base, on the same sets, and is measured on the same validation splits. The result is
a Markdown table with the mean over the seeds and its sample standard deviation. Finished runs are
not repeated. A lever `average: NAME` trains nothing: it averages the weights of the runs of another
lever.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from export.command_line import command_parser, run_command
from export.config import TrainConfig, parse_config
from export.data import data_folder
from export.errors import ConfigError
from export.train import finish_average, train
from export.training.run_folder import MODEL, claim, is_finished, run_summary
from export.yaml_files import read_yaml

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
    """One run per seed, or (`averaged`) the average of such runs' weights."""

    runs: tuple[TrainConfig, ...]
    averaged: bool = False


def read_levers(path: Path) -> dict[str, Lever]:
    """Return the levers by name, in file order; raises ConfigError when one is invalid."""
    content = read_yaml(path, ConfigError)
    try:
        shared, levers = dict(content["shared"]), dict(content["levers"])
        seeds = [int(seed) for seed in content["seeds"]]
    except (TypeError, KeyError, ValueError) as exc:
        raise ConfigError(f"{path}: is not YAML with `shared`, `seeds` and `levers`") from exc
    if not seeds or len(set(seeds)) < len(seeds):
        raise ConfigError(f"{path}: seeds: none is given, or one twice")
    made: dict[str, Lever] = {}
    for name, change in levers.items():
        if change and "average" in change:
            if change["average"] not in made:
                raise ConfigError(f"{path}: {name}: {change['average']} is no lever before it")
            made[name] = Lever(made[change["average"]].runs, averaged=True)
            continue
        settings = {**shared, **(change or {})}
        if "seed" in settings:
            raise ConfigError(f"{path}: {name}: seed: the file's `seeds` are those of all")
        runs = ({**settings, "name": f"{name}-{seed}", "seed": seed} for seed in seeds)
        made[name] = Lever(tuple(parse_config(run, path) for run in runs))
    return made


def run_levers(levers: Path, data: Path, run: Path) -> list[dict[str, Any]]:
    """Do the runs that are not finished; return each lever's name and the summaries of its runs."""
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
        figures = [run["figures"] for run in row["runs"]]
        cells = [_cell([one[key] for one in figures if key in one]) for key in _COLUMNS.values()]
        minutes = mean(run["seconds"] for run in row["runs"]) / 60
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {minutes:.1f} |")
    return "\n".join(lines)


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "-"
    spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"{mean(values):.3f}{spread}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the levers and print their table; return the exit status."""
    parser = command_parser("levers", main.__doc__, DEFAULT_LEVERS)
    parser.add_argument("--run", type=Path, default=Path(".runs"))
    return run_command(_compare, parser, arguments)


def _compare(options: argparse.Namespace) -> None:
    print(render(run_levers(options.config, data_folder(options.data), options.run)))


if __name__ == "__main__":
    sys.exit(main())
