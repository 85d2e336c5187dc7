"""Train the encoder and its head: `python -m export.train --config FILE --run FOLDER`.

Everything a run makes is below its folder: checkpoints, TensorBoard events in `logs/`, the
finished `model/` and `run.json` with its figures. Started again, a run that was interrupted
continues from its last checkpoint.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.base import load_model, load_tokenizer, locate_base
from export.config import DEFAULT_CONFIG, TrainConfig, load_config, save_config
from export.data import LoadedSet, data_folder, load_sets
from export.errors import ConfigError, StorageError, run_command
from export.metrics import Figures, named_figures, set_figures

if TYPE_CHECKING:
    from transformers import EvalPrediction, TrainingArguments

DEFAULT_RUN = Path(".runs") / "default"
SAVE_STEPS = 200
"""Steps between checkpoints inside a pass: what an interruption can cost."""

_CHECKPOINTS_BYTES = 2_000_000_000
_MALLOPT = {-3: 1 << 30, -1: 1 << 30}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD: a gibibyte


def train(config: TrainConfig, data: Path, run: Path) -> Path:
    """Train as `config` says and return the folder of the best pass's model.

    Raises ConfigError when `run` was begun with another configuration or `select_on` names
    no figure, StorageError when the disk is nearly full, and what reading the data and the
    base raise.
    """
    base = locate_base(config.base)  # first: what is imported next reads whether to stay offline
    from safetensors import SafetensorError
    from transformers import set_seed

    from export.encode import EncodedSets
    from export.trainer import MixtureTrainer, elapsed_seconds

    if (run / "run.json").is_file():
        _claim(run, config)
        print(f"{run}: is finished already")
        return run / "model"
    tokenizer = load_tokenizer(base)
    set_seed(config.seed)  # before the head is made, not only before the first pass
    model = load_model(base, config.dropout, config.attention_dropout)
    training = load_sets(config, data, "train")
    measured = [loaded for loaded in load_sets(config, data, "val") if loaded.examples]
    _check_selection(config, measured)
    _claim(run, config)
    _keep_freed_memory()
    trainer = MixtureTrainer(
        model=model,
        args=training_arguments(config, run),
        train_dataset=EncodedSets(training, tokenizer, config.train_tokens, config.sincere_weight),
        eval_dataset=EncodedSets(measured, tokenizer, config.train_tokens),
        processing_class=tokenizer,
        compute_metrics=lambda prediction: score(prediction, measured, config),
        weights=[loaded.weight for loaded in training],
        irony_weight=config.irony_weight,
        save_steps=SAVE_STEPS,
    )
    last = last_checkpoint(run)
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        trainer.save_model(str(run / "model"))
    except (RuntimeError, SafetensorError) as exc:
        _tell_full_disk(run, exc)
        raise
    summary = {
        "seconds": round(elapsed_seconds(run)),
        "best_checkpoint": Path(trainer.state.best_model_checkpoint or run).name,
        "best_select": trainer.state.best_metric,
    }
    (run / "run.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return run / "model"


def training_arguments(config: TrainConfig, run: Path) -> TrainingArguments:
    """Return what the Hugging Face Trainer is told; its files go below `run`."""
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(run),
        logging_dir=str(run / "logs"),
        report_to=["tensorboard"],
        num_train_epochs=config.passes,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.schedule,
        warmup_ratio=config.warmup_share,
        weight_decay=config.weight_decay,
        optim="adamw_torch_fused",
        bf16=config.bf16 == "on" or (config.bf16 == "auto" and multiplies_bf16()),
        group_by_length=True,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=3,
        load_best_model_at_end=True,
        metric_for_best_model="eval_select",
        greater_is_better=True,
        label_names=["targets", "known", "origin"],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        logging_steps=20,
        seed=config.seed,
    )


def last_checkpoint(run: Path) -> Path | None:
    """Return the newest checkpoint of `run` that was written to its end, if there is one."""
    # Trainer writes the state last; a checkpoint without it was interrupted.
    finished = [path.parent for path in run.glob("checkpoint-*/trainer_state.json")]
    return max(finished, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def multiplies_bf16() -> bool:
    """Tell whether a GPU or this CPU multiplies bfloat16; emulated, it is far slower."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return False
    return bool(flags & {"amx_bf16", "avx512_bf16"})


def score(
    prediction: EvalPrediction, sets: Sequence[LoadedSet], config: TrainConfig
) -> dict[str, float]:
    """Return the validation figures of every set and, as `select`, what picks a pass."""
    logits = np.asarray(prediction.predictions)
    targets, known, origin = (np.asarray(part) for part in prediction.label_ids)
    by_set: dict[str, Figures] = {}
    for index, loaded in enumerate(sets):
        rows = origin == index
        by_set[loaded.source.name] = set_figures(logits[rows], targets[rows], known[rows])
    figures = named_figures(by_set)
    chosen = [figures[name] for name in config.select_on]
    return {**figures, "select": sum(chosen) / len(chosen)}


def _check_selection(config: TrainConfig, measured: Sequence[LoadedSet]) -> None:
    names = [f"{one.source.name}/{kind}" for one in measured for kind in ("accuracy", "macro_f1")]
    for name in config.select_on:
        if name not in names:
            raise ConfigError(f"select_on: {name!r} is none of {', '.join(names)}")


def _claim(run: Path, config: TrainConfig) -> None:
    """Make the run's folder and mark it with its configuration."""
    saved = run / "config.yaml"
    if saved.is_file():
        if load_config(saved) != config:
            raise ConfigError(f"{run}: was begun with other settings; name another --run folder")
        return
    run.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(run).free < _CHECKPOINTS_BYTES:
        raise StorageError(f"{run}: checkpoints need 2 GB of disk and less is free")
    save_config(config, saved)


def _tell_full_disk(run: Path, exc: Exception) -> None:
    """Raise StorageError when `exc`, from writing a checkpoint, means a full disk."""
    if shutil.disk_usage(run).free < _CHECKPOINTS_BYTES // 4:
        raise StorageError(f"{run}: the disk is full; free some and start again") from exc


def _keep_freed_memory() -> None:
    """Let glibc reuse freed memory: giving it back and faulting it in costs a tenth."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option, value in _MALLOPT.items():
            libc.mallopt(option, value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, or continue an interrupted run; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.train", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN)
    options = parser.parse_args(arguments)

    def command() -> None:
        config = load_config(options.config)
        print(f"model in {train(config, data_folder(options.data), options.run)}")

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
