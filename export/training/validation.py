"""What a run is validated on, how a pass is scored there, and what a finished model scores."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.config import TrainConfig
from export.data import LoadedSet, load_sets
from export.errors import ConfigError
from export.evaluation.metrics import Figures, named_figures, set_figures
from export.labels import LABELS
from export.training.machine import keep_freed_memory
from export.training.torch_models import load_model, load_tokenizer
from export.training.training_arguments import training_arguments

if TYPE_CHECKING:
    from transformers import EvalPrediction


def validation_figures(config: TrainConfig, model: Path, data: Path) -> dict[str, float]:
    """Return the `set/figure` values of a model folder on the validation splits of `config`.

    No training set is read. Raises BaseModelError when no model is in the folder, and what
    `validation_sets` raises.
    """
    from export.training.encode import EncodedSets, side_labels, side_spans
    from export.training.loss import Objective
    from export.training.trainer import MixtureTrainer

    tokenizer = load_tokenizer(str(model))
    measured = validation_sets(config, data)
    # As wide as the rows of the sets: Trainer asks for a loss too, which is no figure.
    side = [label for labels in side_labels(measured) for label in labels]
    keep_freed_memory()
    with tempfile.TemporaryDirectory(prefix="moodline-figures-") as folder:
        trainer = MixtureTrainer(
            model=load_model(str(model), side=side, architecture=config.architecture),
            args=training_arguments(config, Path(folder)),
            eval_dataset=EncodedSets(measured, tokenizer, config.train_tokens),
            processing_class=tokenizer,
            compute_metrics=lambda prediction: score(prediction, measured, config),
            objective=Objective(side_spans=side_spans(measured)),
        )
        return logged_figures(trainer.evaluate())


def validation_sets(config: TrainConfig, data: Path) -> list[LoadedSet]:
    """Read the validation split of every set; one without a figure is left without examples.

    A set's place is the same as among the training sets. Raises ConfigError when `select_on`
    names no figure, and what `load_sets` raises.
    """
    measured = [
        loaded if loaded.measurable else replace(loaded, examples=())
        for loaded in load_sets(config, data, "val")
    ]
    _check_selection(config, measured)
    return measured


def _check_selection(config: TrainConfig, measured: Sequence[LoadedSet]) -> None:
    names = [
        f"{one.source.name}/{kind}"
        for one in measured
        if one.examples
        for kind in ("accuracy", "macro_f1", "f1_ironic")
        if kind != "f1_ironic" or one.examples[0].irony is not None
    ]
    for name in config.select_on:
        if name not in names:
            raise ConfigError(f"select_on: {name!r} is none of {', '.join(names)}")


def score(
    prediction: EvalPrediction, sets: Sequence[LoadedSet], config: TrainConfig
) -> dict[str, float]:
    """Return the validation figures of every set and, as `select`, what picks a pass.

    `prediction` has [examples, outputs] logits, and as labels the examples' targets, what is
    known of them, and the index of their set in `sets`.
    """
    logits = np.asarray(prediction.predictions)
    targets, known, origin = (np.asarray(part) for part in prediction.label_ids)
    by_set: dict[str, Figures] = {}
    width = len(LABELS)  # behind these lie the sets' own labels
    for index, loaded in enumerate(sets):
        rows = origin == index
        if rows.any():
            by_set[loaded.source.name] = set_figures(
                logits[rows, :width], targets[rows, :width], known[rows, :width]
            )
    figures = named_figures(by_set)
    chosen = [figures[name] for name in config.select_on]
    return {**figures, "select": sum(chosen) / len(chosen)}


def logged_figures(logged: Mapping[str, float]) -> dict[str, float]:
    """Keep the `set/figure` values of what Trainer logged, and `select`, to four places."""
    return {
        name.removeprefix("eval_"): round(value, 4)
        for name, value in logged.items()
        if "/" in name or name == "eval_select"
    }
