"""Validation: the sets, the figures of an epoch, and those of a finished model."""

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
from export.evaluation.metrics import Figures, logits_figures, named_figures
from export.labels import LABELS
from export.training.machine import keep_freed_memory
from export.training.torch_models import load_model, load_tokenizer

if TYPE_CHECKING:
    from transformers import EvalPrediction


def validation_figures(config: TrainConfig, model: Path, data: Path) -> dict[str, float]:
    """Return the `set/figure` values of a model folder on the validation splits of `config`.

    No training set is read. Raises BaseModelError when no model is in the folder, and the errors
    of `validation_sets`.
    """
    from export.training.encode import EncodedSets, side_labels, side_spans
    from export.training.loss import Objective
    from export.training.trainer import MixtureTrainer, training_arguments

    tokenizer = load_tokenizer(str(model))
    measured = validation_sets(config, data)
    # As wide as the rows of the sets, because Trainer also computes a loss.
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
    """Read the validation split of every set; one without a figure has no examples.

    A set has the same index as among the training sets. Raises ConfigError when `select_on`
    names no figure, and the errors of `load_sets`.
    """
    measured = [
        loaded if loaded.measurable else replace(loaded, examples=())
        for loaded in load_sets(config, data, "val")
    ]
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
    return measured


def score(
    prediction: EvalPrediction, sets: Sequence[LoadedSet], config: TrainConfig
) -> dict[str, float]:
    """Return the figures of every set and, as `select`, the mean by which an epoch is chosen.

    `prediction` has [examples, outputs] logits and, as labels, the targets, how far these are
    known, and the index of each example's set in `sets`.
    """
    logits = np.asarray(prediction.predictions)
    targets, known, origin = (np.asarray(part) for part in prediction.label_ids)
    by_set: dict[str, Figures] = {}
    width = len(LABELS)  # the sets' own labels follow
    for index, loaded in enumerate(sets):
        rows = origin == index
        if rows.any():
            by_set[loaded.source.name] = logits_figures(
                logits[rows, :width], targets[rows, :width], known[rows, :width]
            )
    figures = named_figures(by_set)
    chosen = [figures[name] for name in config.select_on]
    return {**figures, "select": sum(chosen) / len(chosen)}


def logged_figures(logged: Mapping[str, float]) -> dict[str, float]:
    """Return the `set/figure` values and `select` of a Trainer log entry, to four decimals."""
    return {
        name.removeprefix("eval_"): round(value, 4)
        for name, value in logged.items()
        if "/" in name or name == "eval_select"
    }
