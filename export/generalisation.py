"""How a model does on text that it was not trained on: `python -m export.generalisation`.

Prints the panel of validation splits of a model folder (`--model`), and the share of questions
without a feeling that it calls neutral. With `--leave-out FILE`, it instead trains a short recipe
without some sets and judges it on exactly those, once with the rest of the mixture and once with
the mixture to compare with; finished runs are not repeated.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from export.behaviour import run_behaviour
from export.command_line import command_parser, run_command
from export.config import TrainConfig, parse_config
from export.data import data_folder
from export.errors import ConfigError
from export.evaluation.behaviour_cases import load_capabilities
from export.evaluation.irony_base_rate import IRONY_BASE_RATE, base_rate_of
from export.evaluation.metrics import classify_all
from export.evaluation.panel import Panel, measure_panel
from export.packaging.model_folder import SHIPPED
from export.train import train
from export.training.validation import validation_figures
from export.yaml_files import read_yaml
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier

QUESTIONS = "questions_without_feeling"
"""The behavioural tests whose rate is printed beside the panel."""


@dataclass(frozen=True)
class LeftOut:
    """Runs of one seed that never saw `sets`: of the mixture, and of the one to compare with."""

    sets: tuple[str, ...]
    mixture: TrainConfig
    against: TrainConfig


def render_panel(panel: Panel, questions: float | None = None) -> str:
    """Return the panel as Markdown: a row per set, and the mean."""
    lines = [
        "| set | kind of text | texts | macro-F1 | accuracy | neutral called neutral "
        "| neutral called joy or surprise | ECE |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.name} | {row.kind} | {row.texts:,} | {row.macro_f1:.3f} | {row.accuracy:.3f} "
        f"| {_share(row.neutral)} | {_share(row.light)} | {row.calibration_error:.3f} |"
        for row in panel.emotions
    ]
    lines += [
        f"| mean (ECE: all texts) | | | {panel.mean:.3f} | | | | {panel.calibration_error:.3f} |",
        "",
        f"| irony | who says so | texts | AUC | F1 | ECE at 1 in {1 / IRONY_BASE_RATE:.0f} |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.name} | {row.kind} | {row.texts:,} | {row.auc:.3f} | {row.f1:.3f} "
        f"| {row.calibration_error:.3f} |"
        for row in panel.irony
    ]
    lines += ["", f"worst set: {panel.worst.name} {panel.worst.macro_f1:.3f}"]
    if questions is not None:
        lines.append(f"questions without feeling called neutral: {questions:.0%}")
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def read_left_out(path: Path) -> list[LeftOut]:
    """Return the runs of the file, group by group and seed by seed; ConfigError when invalid.

    The file has `shared` settings, `seeds`, the sets of the `mixture` and of that to compare with
    (`against`), and `leave_out`: groups of sets of the mixture, each left out in turn.
    """
    content = read_yaml(path, ConfigError)
    try:
        shared, mixture, against = content["shared"], content["mixture"], content["against"]
        groups = [tuple(str(name) for name in group) for group in content["leave_out"]]
        seeds = [int(seed) for seed in content["seeds"]]
        known = {one["name"] for one in mixture}
    except (TypeError, KeyError, ValueError) as exc:
        raise ConfigError(
            f"{path}: is not YAML with `shared`, `seeds`, `mixture`, `against` and `leave_out`"
        ) from exc
    if unknown := sorted({name for group in groups for name in group} - known):
        raise ConfigError(f"{path}: leave_out: {unknown[0]!r} is not in the mixture")

    def config(name: str, sets: list[dict[str, Any]], group: tuple[str, ...], seed: int) -> Any:
        left = [one for one in sets if one["name"] not in group]
        settings = {**shared, "name": f"{name}-{seed}", "seed": seed, "sets": left}
        return parse_config(settings, path)

    made = []
    for group in groups:
        # A comparison mixture that has none of the group is the same for every such group.
        touched = [one["name"] for one in against if one["name"] in group]
        names = ("without-" + "-".join(group), "-".join(["against", *touched]).replace("_", "-"))
        for seed in seeds:
            make = partial(config, group=group, seed=seed)
            made.append(
                LeftOut(group, make(names[0].replace("_", "-"), mixture), make(names[1], against))
            )
    return made


def run_left_out(path: Path, data: Path, run: Path) -> dict[str, list[tuple[float, float]]]:
    """Do the runs that are not finished; return per set and seed both mixtures' macro-F1."""
    found: dict[str, list[tuple[float, float]]] = {}
    for one in read_left_out(path):
        figures = []
        for config in (one.mixture, one.against):
            model = train(config, data, run / config.name)
            judged = TrainConfig.model_validate(
                {
                    **config.model_dump(),
                    "sets": [{"name": name} for name in one.sets],
                    "select_on": [f"{name}/macro_f1" for name in one.sets],
                }
            )
            figures.append(validation_figures(judged, model, data))
        for name in one.sets:
            pair = (figures[0][f"{name}/macro_f1"], figures[1][f"{name}/macro_f1"])
            found.setdefault(name, []).append(pair)
            print(f"{name}: {pair[0]:.3f} without it, {pair[1]:.3f} to compare with", flush=True)
    return found


def render_left_out(found: dict[str, list[tuple[float, float]]]) -> str:
    """Return both mixtures' macro-F1 on each set that they never saw, as Markdown."""
    lines = [
        "| set left out | mixture | to compare with | difference |",
        "| --- | ---: | ---: | ---: |",
    ]
    columns: list[tuple[float, float]] = []
    for name, pairs in found.items():
        ours, theirs = ([pair[side] for pair in pairs] for side in (0, 1))
        columns.append((mean(ours), mean(theirs)))
        lines.append(
            f"| {name} | {_spread(ours)} | {_spread(theirs)} | {mean(ours) - mean(theirs):+.3f} |"
        )
    one, other = (mean(pair[side] for pair in columns) for side in (0, 1))
    return "\n".join([*lines, f"| mean | {one:.3f} | {other:.3f} | {one - other:+.3f} |"])


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the panel of a model, or the table of sets left out; return the exit status."""
    parser = command_parser("generalisation", main.__doc__)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--leave-out", type=Path, metavar="FILE", help="train short recipes")
    parser.add_argument("--run", type=Path, default=Path(".runs") / "left-out")
    return run_command(_measure, parser, arguments)


def _measure(options: argparse.Namespace) -> None:
    data = data_folder(options.data)
    if options.leave_out:
        print(render_left_out(run_left_out(options.leave_out, data, options.run)))
        return
    questions = [one for one in load_capabilities() if one.name == QUESTIONS]
    with EmotionClassifier(open_model(options.model)) as classifier:
        panel = measure_panel(partial(classify_all, classifier), data, base_rate_of(options.model))
        rate = run_behaviour(classifier.classify, questions).rate if questions else None
    print(render_panel(panel, rate))


if __name__ == "__main__":
    sys.exit(main())
