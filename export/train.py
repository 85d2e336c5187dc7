"""Train the encoder and its head: `python -m export.train --config FILE --run FOLDER`.

Everything a run makes is below its folder: checkpoints, TensorBoard events in `logs/`, the
finished `model/` and `run.json` with its figures. Started again, a run that was interrupted
continues from its last checkpoint.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from export.average import average_models
from export.base import load_model, load_tokenizer, locate_base, resize_head
from export.config import DEFAULT_CONFIG, TrainConfig, load_config
from export.data import LoadedSet, data_folder, load_sets
from export.errors import ConfigError, run_command
from export.labels import LABELS
from export.metrics import Figures, named_figures, set_figures
from export.run_folder import (
    MODEL,
    claim,
    elapsed_seconds,
    finish,
    is_finished,
    last_checkpoint,
    tell_full_disk,
)

if TYPE_CHECKING:
    from transformers import EvalPrediction, PreTrainedModel, TrainingArguments

    from export.trainer import MixtureTrainer

DEFAULT_RUN = Path(".runs") / "default"
SAVE_STEPS = 200
"""Steps between checkpoints inside a pass: what an interruption can cost."""

_MALLOPT = {-3: 1 << 30, -1: 1 << 30}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD: a gibibyte


def train(config: TrainConfig, data: Path, run: Path) -> Path:
    """Train as `config` says and return the folder of the model that came out.

    A base or teacher that is a configuration is trained first, in the folder of its name
    beside `run`.
    Raises ConfigError when a folder was begun with another configuration or `select_on` names
    no figure, StorageError when the disk is nearly full, and what reading the data and the
    base raise.
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
    if config.soup > 1:
        return _train_soup(config, start, teacher, data, run)
    return _train_once(config, start, teacher, data, run)


def _train_soup(
    config: TrainConfig, start: str, teacher: Path | None, data: Path, run: Path
) -> Path:
    """Train with each seed in a folder of its own, and average the weights."""
    parts = []
    for seed in range(config.seed, config.seed + config.soup):
        one = config.model_copy(update={"seed": seed, "soup": 1})
        folder = run / f"seed-{seed}"
        claim(folder, one)
        parts.append(
            folder / MODEL
            if is_finished(folder)
            else _train_once(one, start, teacher, data, folder)
        )
    average_models(parts, run / MODEL)
    seconds = sum(elapsed_seconds(part.parent) for part in parts)
    figures = validation_figures(config, run / MODEL, data)
    finish(run, {"seconds": round(seconds), "averaged": len(parts), "figures": figures})
    return run / MODEL


def _train_once(
    config: TrainConfig, start: str, teacher: Path | None, data: Path, run: Path
) -> Path:
    """Train from the model `start` in the claimed folder `run`."""
    trainer = _make_trainer(config, start, data, run, teacher)
    from safetensors import SafetensorError

    last = last_checkpoint(run)
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        resize_head(cast("PreTrainedModel", trainer.model), LABELS)
        trainer.save_model(str(run / MODEL))
        if config.keep_base:
            shares = [1 - config.keep_base, config.keep_base]
            average_models([run / MODEL, Path(start)], run / MODEL, shares)
    except (RuntimeError, SafetensorError) as exc:
        tell_full_disk(run, exc)
        raise
    best = trainer.state.best_metric
    passes = [one for one in trainer.state.log_history if one.get("eval_select") == best]
    figures = _named(passes[0]) if passes else {}
    if config.keep_base:
        figures = validation_figures(config, run / MODEL, data)
    finish(
        run,
        {
            "seconds": round(elapsed_seconds(run)),
            "best_checkpoint": Path(trainer.state.best_model_checkpoint or run).name,
            "figures": figures,
        },
    )
    return run / MODEL


def validation_figures(config: TrainConfig, model: Path, data: Path) -> dict[str, float]:
    """Return the `set/figure` values of a model folder on the validation splits of `config`."""
    with tempfile.TemporaryDirectory(prefix="moodline-figures-") as folder:
        return _named(_make_trainer(config, str(model), data, Path(folder)).evaluate())


def _named(logged: Mapping[str, float]) -> dict[str, float]:
    """Keep the `set/figure` values of what Trainer logged."""
    return {
        name.removeprefix("eval_"): round(value, 4)
        for name, value in logged.items()
        if "/" in name or name == "eval_select"
    }


def _make_trainer(
    config: TrainConfig, start: str, data: Path, run: Path, teacher: Path | None = None
) -> MixtureTrainer:
    """Return what trains and measures the model `start` as `config` says."""
    base = locate_base(start)  # first: what is imported next reads whether to stay offline
    from transformers import EarlyStoppingCallback, set_seed

    from export.encode import EncodedSets, side_labels, side_spans
    from export.loss import Objective
    from export.teacher import ask_teacher
    from export.trainer import MixtureTrainer, freeze_layers

    tokenizer = load_tokenizer(base)
    set_seed(config.seed)  # before the head is made, not only before the first pass
    training = load_sets(config, data, "train")
    side = [label for labels in side_labels(training) for label in labels]
    model = load_model(base, config.dropout, config.attention_dropout, side, config.architecture)
    measured = [
        loaded if loaded.measurable else replace(loaded, examples=())
        for loaded in load_sets(config, data, "val")
    ]
    _check_selection(config, measured)
    if config.freeze_layers:
        freeze_layers(model, config.freeze_layers)
    _keep_freed_memory()
    arguments = training_arguments(config, run)
    return MixtureTrainer(
        model=model,
        args=arguments,
        train_dataset=EncodedSets(
            training,
            tokenizer,
            config.train_tokens,
            config.sincere_weight,
            config.class_balance,
            config.typo_share,
            ask_teacher(teacher, training, config.train_tokens, bf16=arguments.bf16)
            if teacher
            else None,
        ),
        eval_dataset=EncodedSets(measured, tokenizer, config.train_tokens),
        processing_class=tokenizer,
        compute_metrics=lambda prediction: score(prediction, measured, config),
        callbacks=[EarlyStoppingCallback(config.patience)] if config.patience else None,
        weights=[loaded.chosen.weight for loaded in training],
        objective=Objective(
            irony_weight=config.irony_weight,
            label_smoothing=config.label_smoothing,
            focal_gamma=config.focal_gamma,
            r_drop=config.r_drop,
            teacher_temperature=config.teacher_temperature,
            side_spans=side_spans(training),
        ),
        layer_decay=config.layer_decay,
        save_steps=SAVE_STEPS,
    )


def training_arguments(config: TrainConfig, run: Path) -> TrainingArguments:
    """Return what the Hugging Face Trainer is told; its files go below `run`."""
    import torch
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=str(run),
        use_cpu=not torch.cuda.is_available(),  # unsaid, bf16 is refused without a GPU
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
        restore_callback_states_from_checkpoint=config.patience is not None,  # what was waited
        label_names=["targets", "known", "origin"],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        logging_steps=20,
        seed=config.seed,
    )


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
