"""Masked language modelling on the texts of some sets, before labels are learned.

Task-adaptive pretraining (Gururangan et al., ACL 2020): the encoder predicts masked words of
texts like those that it will classify. Their labels are not used.
"""

from dataclasses import replace
from pathlib import Path

from export.config import TrainConfig
from export.data import load_unlabelled
from export.training.machine import keep_freed_memory
from export.training.run_folder import (
    MODEL,
    claim,
    elapsed_seconds,
    finish,
    is_finished,
    last_checkpoint,
    naming_full_disk,
)
from export.training.torch_models import load_masked_language_model, load_tokenizer, locate_base
from serving.classifier.preprocess import normalise

ADAPTED = "adapted"
"""Folder of this stage, below that of its run."""


def pretrain(config: TrainConfig, start: str, data: Path, run: Path) -> Path:
    """Pretrain the encoder `start` on the texts of `adapt_on`; return the folder of the result.

    Started again, an interrupted stage continues. Raises BaseModelError when `start` is no masked
    language model, and the errors of reading the sets and of `claim`.
    """
    folder = run / ADAPTED
    claim(folder, config)
    if is_finished(folder):
        return folder / MODEL
    location = locate_base(start)  # first: it decides whether the imports below stay offline
    from transformers import DataCollatorForLanguageModeling, Trainer, set_seed

    from export.training.trainer import SAVE_STEPS, CheckpointClock, training_arguments

    tokenizer = load_tokenizer(location)
    sets = load_unlabelled(config, data)
    texts = [normalise(example.text) for one in sets for example in one.examples]
    ids = tokenizer(texts, truncation=True, max_length=config.train_tokens)["input_ids"]
    print(f"reading {len(texts):,} texts of {', '.join(config.adapt_on)}", flush=True)
    set_seed(config.seed)
    encoder, masked = load_masked_language_model(location)
    keep_freed_memory()
    trainer = Trainer(
        model=masked,
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
    with naming_full_disk(folder):
        trainer.train(resume_from_checkpoint=str(last) if last else None)
        encoder.save_pretrained(folder / MODEL)
        tokenizer.save_pretrained(folder / MODEL)
    finish(folder, {"seconds": round(elapsed_seconds(folder))})
    return folder / MODEL
