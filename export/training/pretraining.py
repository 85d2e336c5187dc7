"""Reading before labels are learned: masked language modelling over the texts of some sets.

Task-adaptive pretraining (Gururangan et al., ACL 2020): the encoder guesses hidden words of texts
like those that it will classify. Their labels are not looked at.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from export.config import TrainConfig
from export.data import load_read
from export.training.machine import keep_freed_memory
from export.training.make_trainer import SAVE_STEPS
from export.training.run_folder import (
    MODEL,
    claim,
    elapsed_seconds,
    finish,
    is_finished,
    last_checkpoint,
    telling_full_disk,
)
from export.training.torch_models import load_guessing, load_tokenizer, locate_base
from export.training.training_arguments import training_arguments
from serving.classifier.preprocess import normalise

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

    from export.training.trainer import CheckpointClock

    tokenizer = load_tokenizer(location)
    texts = [normalise(example.text) for one in load_read(config, data) for example in one.examples]
    ids = tokenizer(texts, truncation=True, max_length=config.train_tokens)["input_ids"]
    print(f"reading {len(texts):,} texts of {', '.join(config.adapt_on)}", flush=True)
    set_seed(config.seed)
    encoder, guessing = load_guessing(location)
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
    with telling_full_disk(folder):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        encoder.save_pretrained(folder / MODEL)
        tokenizer.save_pretrained(folder / MODEL)
    finish(folder, {"seconds": round(elapsed_seconds(folder))})
    return folder / MODEL
