"""Base models: where their files are, and how they load under our head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from export.errors import BaseModelError
from export.labels import LABELS
from export.training.packaged import packaged_base

if TYPE_CHECKING:
    from transformers import (
        PretrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerFast,
    )


def locate_base(name: str) -> str:
    """Return the folder of a base carried by packages, or `name` itself.

    Raises BaseModelError when the packages are not installed.
    """
    return str(packaged_base(name) or name)


def load_model(
    location: str,
    dropout: float = 0.0,
    attention_dropout: float = 0.0,
    side: Sequence[str] = (),
    architecture: str = "bert",
) -> PreTrainedModel:
    """Load the encoder at `location` under a head of `LABELS` and, behind them, `side`.

    A head that is there already keeps the rows of `LABELS`; other rows are new. Raises
    BaseModelError when nothing loads there or the architecture is not the one that is named
    (`any` takes all that transformers knows as encoders).
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # a new head is what is wanted, not worth a warning
    try:
        config = AutoConfig.from_pretrained(location)
    except (OSError, ValueError) as exc:
        raise BaseModelError(f"{location}: no model there ({_first_line(exc)})") from exc
    if architecture not in ("any", config.model_type):
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


def load_guessing(location: str) -> tuple[PreTrainedModel, PreTrainedModel]:
    """Return the encoder at `location` and a masked language model around its very layers.

    The encoder keeps its pooler, which a masked language model has no place for. Raises
    BaseModelError when nothing there can guess words.
    """
    from transformers import AutoModel, AutoModelForMaskedLM
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the new head is wanted
    try:
        encoder = AutoModel.from_pretrained(location)
        guessing = AutoModelForMaskedLM.from_pretrained(location)
    except (OSError, ValueError) as exc:
        raise BaseModelError(f"{location}: cannot guess words ({_first_line(exc)})") from exc
    for name, part in guessing.base_model.named_children():
        setattr(guessing.base_model, name, getattr(encoder, name, part))
    guessing.tie_weights()
    return encoder, guessing


def resize_head(model: PreTrainedModel, outputs: Sequence[str]) -> None:
    """Give the head these outputs; the rows of `LABELS` stay, the others are new."""
    import torch

    holder, name = _head(model)
    old = getattr(holder, name)
    if not model.config.num_labels == len(outputs) == len(LABELS):
        new = torch.nn.Linear(old.in_features, len(outputs))
        torch.nn.init.normal_(new.weight, std=model.config.initializer_range)
        torch.nn.init.zeros_(new.bias)
        with torch.no_grad():
            new.weight[: len(LABELS)] = old.weight[: len(LABELS)]
            new.bias[: len(LABELS)] = old.bias[: len(LABELS)]
        setattr(holder, name, new)
        model.num_labels = len(outputs)  # type: ignore[assignment]  # modules take plain values too
    _name_outputs(model.config, outputs)


def _head(model: PreTrainedModel) -> tuple[Any, str]:
    """Return what holds the last linear layer, and its name there: not all heads are one."""
    head = model.classifier
    return (head, "out_proj") if hasattr(head, "out_proj") else (model, "classifier")


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
