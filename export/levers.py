"""Try quality levers one by one: `python -m export.levers [--config FILE] [--run FOLDER]`.

A file of levers names a base, the settings that all runs share, and by name what each run
changes in them. Every run starts from the same base, sees the same sets with the same seed and
is measured on the same validation splits; the table that comes out is Markdown. Started again,
finished runs are not run again. A lever `average: [names]` trains nothing and averages the
weights of others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from export.config import TrainConfig, parse_config
from export.data import data_folder
from export.errors import ConfigError, run_command
from export.run_folder import MODEL, claim, finish, is_finished, run_summary
from export.train import train
from export.validation import validation_figures

DEFAULT_LEVERS = Path(__file__).parent / "configs" / "levers.yaml"
_COLUMNS = {
    "TweetEval emotion F1": "tweeteval_emotion/macro_f1",
    "GoEmotions-7 F1": "goemotions/macro_f1",
    "irony F1": "tweeteval_irony/f1_ironic",
    "irony accuracy": "tweeteval_irony/accuracy",
    "own posts F1": "written/macro_f1",
    "own irony F1": "written_irony/f1_ironic",
}


def read_levers(path: Path) -> dict[str, TrainConfig | tuple[str, ...]]:
    """Return each lever's configuration, or the names of those it averages, in file order.

    Raises ConfigError when the file does not read or a lever makes no configuration.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        shared, levers = dict(content["shared"]), dict(content["levers"])
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, ValueError) as exc:
        raise ConfigError(f"{path}: is not YAML with `shared` and `levers`") from exc
    made: dict[str, TrainConfig | tuple[str, ...]] = {}
    for name, change in levers.items():
        if change and "average" in change:
            missing = sorted(set(change["average"]) - set(made))
            if missing:
                raise ConfigError(f"{path}: {name}: {', '.join(missing)} is no lever before it")
            made[name] = tuple(change["average"])
        else:
            made[name] = parse_config({**shared, **(change or {}), "name": name}, path)
    return made


def run_levers(levers: Path, data: Path, run: Path) -> list[dict[str, Any]]:
    """Run what is not finished yet and return name, seconds and figures of every lever."""
    rows = []
    configs = read_levers(levers)
    shared = next(one for one in configs.values() if isinstance(one, TrainConfig))
    for name, lever in configs.items():
        folder = run / name
        if isinstance(lever, TrainConfig):
            train(lever, data, folder)
        elif not is_finished(folder):
            from export.average import average_models

            claim(folder, shared.model_copy(update={"name": name}))
            average_models([run / part / MODEL for part in lever], folder / MODEL)
            figures = validation_figures(shared, folder / MODEL, data)
            finish(folder, {"seconds": 0, "averaged": len(lever), "figures": figures})
        rows.append({"name": name, **run_summary(folder)})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def render(rows: Sequence[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        f"| lever | {' | '.join(_COLUMNS)} | minutes |",
        f"| --- |{' ---: |' * (len(_COLUMNS) + 1)}",
    ]
    for row in rows:
        figures = row["figures"]
        cells = [f"{figures[key]:.3f}" if key in figures else "-" for key in _COLUMNS.values()]
        lines.append(f"| {row['name']} | {' | '.join(cells)} | {row['seconds'] / 60:.1f} |")
    return "\n".join(lines)


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
