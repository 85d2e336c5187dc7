"""The tables of a manifest that tell people how a model was made and what it scored."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.config import TrainConfig
from export.data import LoadedSet
from export.labels import IRONY
from export.measure import score_results
from export.verify import Verification
from serving.schemas import Classification


def accuracy_table(
    sets: Sequence[LoadedSet], results: Sequence[Sequence[Classification]]
) -> dict[str, dict[str, Any]]:
    """Return split, examples, accuracy and macro-F1 by set; F1 of irony where it is told."""
    table = {}
    for loaded, found in zip(sets, results, strict=True):
        figures = score_results(loaded.examples, found)
        row: dict[str, Any] = {
            "split": loaded.source.split_name(loaded.split),
            "examples": figures.examples,
            "accuracy": round(figures.accuracy, 4),
            "macro_f1": round(figures.macro_f1, 4),
        }
        if loaded.examples[0].irony is not None:
            row["f1_ironic"] = round(figures.f1_of(IRONY), 4)
        table[loaded.source.name] = row
    return table


def verification_table(
    found: Verification, sets: Sequence[LoadedSet], precision: str
) -> dict[str, Any]:
    """Return what verifying a model of `precision` on the texts of all `sets` found."""
    names = ", ".join(f"{one.source.name} {one.source.split_name(one.split)}" for one in sets)
    return {
        "onnx_max_abs_diff": float(f"{found.onnx_max_abs_diff:.3g}"),
        "padding_max_abs_diff": float(f"{found.padding_max_abs_diff:.3g}"),
        f"{precision}_label_agreement": round(found.label_agreement, 5),
        f"{precision}_mean_abs_diff": round(found.mean_abs_diff, 5),
        f"{precision}_padding_max_abs_diff": float(f"{found.shipped_padding_max_abs_diff:.3g}"),
        f"{precision}_agreement_set": f"the {found.texts:,} texts of {names}",
    }


def training_table(
    config: TrainConfig, sets: Sequence[LoadedSet], run: Path, note: str = ""
) -> dict[str, Any]:
    """Return the sets, the configuration and what the run wrote down about itself.

    `note` is what a person has to add, such as settings that were changed on the way.
    """
    visits = config.passes * sum(round(one.weight * len(one.examples)) for one in sets)
    return {
        "sets": [
            {
                "name": one.source.name,
                "split": one.source.split_name(one.split),
                "examples": len(one.examples),
                "terms": one.source.terms,
                "source": one.source.origin,
            }
            for one in sets
        ],
        "config": config.model_dump(mode="json", exclude_none=True),
        "seed": config.seed,
        "visits": visits,
        "seconds": round(_seconds(run)),
        "machine": f"{os.cpu_count()}-core {platform.machine().replace('_', '-')} CPU",
        **({"note": note} if note else {}),
    }


def _seconds(run: Path) -> float:
    """Return the seconds that a run took, or took so far; 0 where it wrote none down."""
    for name in ("run.json", "elapsed.json"):
        try:
            return float(json.loads((run / name).read_text(encoding="utf-8"))["seconds"])
        except (OSError, ValueError, KeyError):
            continue
    return 0.0
