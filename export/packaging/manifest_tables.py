"""Tables of a manifest: how a model was trained, verified and calibrated, and its figures."""

import os
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.config import TrainConfig
from export.data import LoadedSet, load_sets, load_unlabelled
from export.evaluation.calibration import BINS, Calibration, HeadCalibration
from export.evaluation.confidence_intervals import Interval, confidence_intervals
from export.evaluation.metrics import predictions_of
from export.evaluation.panel import EMOTION_SETS, IRONY_SETS
from export.evaluation.verification import Verification, cost_table
from export.labels import IRONY
from export.training.machine import energy_table
from export.training.run_folder import elapsed_seconds
from serving.schemas import Classification


@dataclass(frozen=True)
class Stage:
    """One of the training runs that led to a model: its configuration, sets and run folder."""

    config: TrainConfig
    sets: tuple[LoadedSet, ...]
    run: Path
    read: tuple[LoadedSet, ...] = ()
    """Sets read without their labels first (`adapt_on`)."""


def training_stages(config: TrainConfig, data: Path, run: Path) -> tuple[Stage, ...]:
    """Return the training runs that led to `run`, bases and teachers first; raises as load_sets."""
    stages: tuple[Stage, ...] = ()
    for before in (config.base, config.teacher):
        if isinstance(before, TrainConfig):
            folder = run.parent / before.name
            known = {stage.run for stage in stages}
            stages += tuple(
                stage
                for stage in training_stages(before, data, folder)
                if stage.run not in known  # a base may be the teacher too
            )
    sets, read = load_sets(config, data, "train"), load_unlabelled(config, data)
    return (*stages, Stage(config, sets, run, read))


def accuracy_table(
    sets: Sequence[LoadedSet], results: Sequence[Sequence[Classification]]
) -> dict[str, dict[str, Any]]:
    """Return split, examples, accuracy, macro-F1 and, of sets about irony, its F1, by set.

    Each figure has its 95 % confidence interval, as `..._ci`; `classes` has the F1 and the
    number of examples of each class.
    """
    table = {}
    for loaded, found in zip(sets, results, strict=True):
        predictions = predictions_of(loaded.examples, found)
        figures, intervals = predictions.figures(), confidence_intervals(predictions)
        row: dict[str, Any] = {
            "split": loaded.source.split_name(loaded.split),
            "examples": figures.examples,
            "accuracy": round(figures.accuracy, 4),
            "accuracy_ci": _rounded(intervals.accuracy),
            "macro_f1": round(figures.macro_f1, 4),
            "macro_f1_ci": _rounded(intervals.macro_f1),
        }
        if loaded.examples[0].irony is not None:
            row["f1_ironic"] = round(figures.f1_of(IRONY), 4)
            row["f1_ironic_ci"] = _rounded(intervals.f1[IRONY])
        row["classes"] = {
            one.label: {"f1": round(one.f1, 4), "examples": one.examples} for one in figures.classes
        }
        table[loaded.source.name] = row
    return table


def calibration_table(found: Calibration, base_rate: float | None = None) -> dict[str, Any]:
    """Return the temperatures and the expected calibration errors.

    `base_rate` is the share of ironic posts that irony is calibrated for, if it is for one.
    """
    return {
        "bins": BINS,
        "method": (
            f"expected calibration error over {BINS} bins of equal width, each text under a "
            "temperature that was fitted on the other half of the validation texts of every set; "
            "the temperatures shipped are fitted on all of them"
        ),
        "emotion": _head_table(found.emotion),
        "irony": {
            **({"base_rate": base_rate, "bias": found.irony.fit.bias} if base_rate else {}),
            **_head_table(found.irony),
        },
    }


def verification_table(
    found: Verification, sets: Sequence[LoadedSet], precision: str
) -> dict[str, Any]:
    """Return the results of verifying a model of `precision` on the texts of all `sets`."""
    names = ", ".join(f"{one.source.name} {one.source.split_name(one.split)}" for one in sets)
    return {
        "onnx_max_abs_diff": float(f"{found.onnx_max_abs_diff:.3g}"),
        "padding_max_abs_diff": float(f"{found.padding_max_abs_diff:.3g}"),
        f"{precision}_label_agreement": round(found.label_agreement, 5),
        f"{precision}_mean_abs_diff": round(found.mean_abs_diff, 5),
        f"{precision}_padding_max_abs_diff": float(f"{found.shipped_padding_max_abs_diff:.3g}"),
        f"{precision}_agreement_set": f"the {found.texts:,} texts of {names}",
        f"{precision}_cost": cost_table(found.costs, precision),
    }


def training_table(stages: Sequence[Stage], command: str, note: str = "") -> dict[str, Any]:
    """Return the sets, the configuration and the time and energy used by the runs.

    `command` makes the model again; `note` is a remark by a person, such as on settings that
    were changed during training.
    """
    config = stages[-1].config
    seconds = round(sum(elapsed_seconds(stage.run) for stage in stages))
    cores = os.cpu_count() or 1
    return {
        "sets": list(_set_rows(stages)),
        "config": config.model_dump(mode="json", exclude_none=True),
        "seed": config.seed,
        "visits": sum(_visits(stage) for stage in stages),
        "seconds": seconds,
        "machine": f"{cores}-core {platform.machine().replace('_', '-')} CPU",
        "energy": energy_table(seconds, cores),
        "command": command,
        **({"note": note} if note else {}),
    }


def _set_rows(stages: Sequence[Stage]) -> Iterator[dict[str, Any]]:
    """Yield every set that a stage trained on or read, without repeats.

    `share` is that of all visits, in all stages.
    """
    trained = {one.source.name: one for stage in stages for one in (*stage.read, *stage.sets)}
    visits: Counter[str] = Counter()
    for stage in stages:
        runs = stage.config.soup * stage.config.passes
        for one in stage.sets:
            visits[one.source.name] += runs * round(one.chosen.weight * len(one.examples))
        for one in stage.read:
            visits[one.source.name] += stage.config.adapt_passes * len(one.examples)
    for one in trained.values():
        yield {
            "name": one.source.name,
            "split": one.source.split_name(one.split),
            "examples": len(one.examples),
            "terms": one.source.terms.text,
            "any_use": one.source.terms.any_use,
            "source": one.source.origin,
            "share": round(visits[one.source.name] / max(1, visits.total()), 4),
        }


def _visits(stage: Stage) -> int:
    """Return the example visits of a stage, ignoring early stopping by `patience`."""
    config = stage.config
    one_pass = sum(round(one.chosen.weight * len(one.examples)) for one in stage.sets)
    read = config.adapt_passes * sum(len(one.examples) for one in stage.read)
    return config.soup * config.passes * one_pass + read


def _head_table(head: HeadCalibration) -> dict[str, Any]:
    kinds = {**EMOTION_SETS, **IRONY_SETS}
    return {
        "temperature": head.fit.temperature,
        "half_temperatures": [one.temperature for one in head.halves],
        "ece": round(head.mean_error, 4),
        "ece_pooled": round(head.pooled_error, 4),
        "sets": {
            name: {
                "ece": round(one.error, 4),
                "ece_at_1": round(one.before, 4),
                "ece_by_chance": round(one.by_chance, 4),
                "confidence": round(one.judged.mean_confidence, 4),
                "right": round(one.judged.share_right, 4),
                **({"kind": kinds[name]} if name in kinds else {}),
            }
            for name, one in head.sets.items()
        },
    }


def _rounded(interval: Interval) -> list[float]:
    return [round(side, 4) for side in interval]
