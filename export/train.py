"""Train the encoder and its head: `python -m export.train --config FILE --run FOLDER`.

A run writes only below its folder: checkpoints, TensorBoard events in `logs/`, the finished
`model/` and `run.json` with its figures. An interrupted run continues from its last checkpoint
when started again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from export.command_line import command_parser, run_command
from export.config import DEFAULT_CONFIG, TrainConfig, load_config
from export.data import data_folder
from export.labels import LABELS
from export.training.pretraining import ADAPTED, pretrain
from export.training.run_folder import (
    MODEL,
    claim,
    elapsed_seconds,
    finish,
    is_finished,
    last_checkpoint,
    naming_full_disk,
)
from export.training.torch_models import average_models, locate_base, resize_head
from export.training.validation import logged_figures, validation_figures

if TYPE_CHECKING:
    from transformers import PreTrainedModel

DEFAULT_RUN = Path(".runs") / "default"


def train(config: TrainConfig, data: Path, run: Path) -> Path:
    """Train as `config` asks and return the folder of the resulting model.

    A base or teacher that is a configuration is trained first, in the folder of its name next to
    `run`; pretraining on `adapt_on` in a folder below `run`. Raises ConfigError when a folder was
    begun with another configuration or `select_on` names no figure, StorageError when the disk is
    nearly full, and the errors of reading the data and the base.
    """
    if is_finished(run):
        claim(run, config)
        print(f"{run}: is finished already", flush=True)
        return run / MODEL
    if isinstance(config.base, TrainConfig):
        start = str(train(config.base, data, run.parent / config.base.name))
    else:
        start = config.base
    teacher = None
    if config.teacher is not None:
        teacher = train(config.teacher, data, run.parent / config.teacher.name)
    claim(run, config)
    if config.adapt_on:
        start = str(pretrain(config, start, data, run))
    if config.soup > 1:
        return _train_seeds(config, start, teacher, data, run)
    return _train_once(config, start, teacher, data, run)


def _train_seeds(
    config: TrainConfig, start: str, teacher: Path | None, data: Path, run: Path
) -> Path:
    """Train with each seed in its own folder, and average the weights."""
    parts = []
    for seed in range(config.seed, config.seed + config.soup):
        one = config.model_copy(update={"seed": seed, "soup": 1})
        folder = run / f"seed-{seed}"
        claim(folder, one)
        if not is_finished(folder):
            _train_once(one, start, teacher, data, folder)
        parts.append(folder / MODEL)
    folders = (run / ADAPTED, *(part.parent for part in parts))
    finish_average(config, parts, data, run, round(sum(map(elapsed_seconds, folders))))
    return run / MODEL


def finish_average(
    config: TrainConfig, parts: Sequence[Path], data: Path, run: Path, seconds: int
) -> None:
    """Finish the claimed folder `run` with the average of the models `parts`, and its figures."""
    average_models(parts, run / MODEL)
    figures = validation_figures(config, run / MODEL, data)
    finish(run, {"seconds": seconds, "averaged": len(parts), "figures": figures})


def _train_once(
    config: TrainConfig, start: str, teacher: Path | None, data: Path, run: Path
) -> Path:
    """Train from the model `start` in the claimed folder `run`."""
    base = locate_base(start)  # first: it decides whether the import below stays offline
    from export.training.trainer import make_trainer

    trainer = make_trainer(config, base, data, run, teacher)
    last = last_checkpoint(run)
    with naming_full_disk(run):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        resize_head(cast("PreTrainedModel", trainer.model), LABELS)
        trainer.save_model(str(run / MODEL))
        if config.keep_base:
            shares = [1 - config.keep_base, config.keep_base]
            average_models([run / MODEL, Path(start)], run / MODEL, shares)
    best = trainer.state.best_metric
    passes = [one for one in trainer.state.log_history if one.get("eval_select") == best]
    figures = logged_figures(passes[0]) if passes else {}
    if config.keep_base:
        figures = validation_figures(config, run / MODEL, data)
    summary = {
        "seconds": round(elapsed_seconds(run / ADAPTED) + elapsed_seconds(run)),
        "best_checkpoint": Path(trainer.state.best_model_checkpoint or run).name,
        "figures": figures,
    }
    finish(run, summary)
    return run / MODEL


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, or continue an interrupted run; return the exit status."""
    parser = command_parser("train", main.__doc__, DEFAULT_CONFIG)
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN)
    return run_command(_train, parser, arguments)


def _train(options: argparse.Namespace) -> None:
    config = load_config(options.config)
    print(f"model in {train(config, data_folder(options.data), options.run)}")


if __name__ == "__main__":
    sys.exit(main())
