"""Reading before labels are learned: masked language modelling over the texts of some sets.

Task-adaptive pretraining (Gururangan et al., ACL 2020): the encoder guesses hidden words of texts
like those that it will classify. Their labels are not looked at.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from export.base import load_tokenizer, locate_base
from export.config import TrainConfig
from export.data import load_read
from export.errors import BaseModelError
from export.machine import keep_freed_memory
from export.make_trainer import SAVE_STEPS
from export.run_folder import (
    MODEL,
    claim,
    elapsed_seconds,
    finish,
    is_finished,
    last_checkpoint,
    tell_full_disk,
)
from export.training_arguments import training_arguments
from serving.preprocess import normalise

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ADAPTED = "adapted"
"""The folder of this stage, below that of its run."""


def adapt(config: TrainConfig, start: str, data: Path, run: Path) -> Path:
    """Return the folder of what the encoder `start` becomes by reading `adapt_on`.

    Started again, an interrupted stage continues. Raises BaseModelError when `start` cannot
    guess words, and what reading the sets and `claim` raise.
    """
    folder = run / ADAPTED
    claim(folder, config)
    if is_finished(folder):
        return folder / MODEL
    location = locate_base(start)  # first: what is imported next reads whether to stay offline
    from transformers import DataCollatorForLanguageModeling, Trainer, set_seed

    from export.trainer import CheckpointClock

    tokenizer = load_tokenizer(location)
    texts = [normalise(example.text) for one in load_read(config, data) for example in one.examples]
    ids = tokenizer(texts, truncation=True, max_length=config.train_tokens)["input_ids"]
    print(f"reading {len(texts):,} texts of {', '.join(config.adapt_on)}", flush=True)
    set_seed(config.seed)
    encoder, guessing = _models(location)
    keep_freed_memory()
    trainer = Trainer(
        model=guessing,
        args=replace(
            training_arguments(config, folder),
            num_train_epochs=config.adapt_passes,
            eval_strategy="no",
            load_best_model_at_end=False,
            label_names=["labels"],
        ),
        train_dataset=[{"input_ids": one} for one in ids],
        data_collator=DataCollatorForLanguageModeling(tokenizer),
        processing_class=tokenizer,
        callbacks=[CheckpointClock(SAVE_STEPS)],
    )
    last = last_checkpoint(folder)
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        encoder.save_pretrained(folder / MODEL)
        tokenizer.save_pretrained(folder / MODEL)
    except RuntimeError as exc:
        tell_full_disk(folder, exc)
        raise
    finish(folder, {"seconds": round(elapsed_seconds(folder))})
    return folder / MODEL


def _models(location: str) -> tuple[PreTrainedModel, PreTrainedModel]:
    """Return the encoder at `location` and a masked language model around its very layers.

    The encoder keeps its pooler, which a masked language model has no place for.
    """
    from transformers import AutoModel, AutoModelForMaskedLM
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the new head is wanted
    try:
        encoder = AutoModel.from_pretrained(location)
        guessing = AutoModelForMaskedLM.from_pretrained(location)
    except (OSError, ValueError) as exc:
        raise BaseModelError(
            f"{location}: cannot guess words ({str(exc).splitlines()[0]})"
        ) from exc
    for name, part in guessing.base_model.named_children():
        setattr(guessing.base_model, name, getattr(encoder, name, part))
    guessing.tie_weights()
    return encoder, guessing
