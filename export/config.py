"""Configuration of a training run: a frozen model, read from YAML and saved in the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from export.errors import ConfigError
from export.labels import EMOTIONS
from export.yaml_files import read_yaml

DEFAULT_CONFIG = Path(__file__).parent / "configs" / "default.yaml"


class SetConfig(BaseModel):
    """One data set of the mixture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, le=100)
    """Visits per example and pass; 0.5 draws another half of the set in each pass."""
    path: Path | None = None
    """Training file of a custom set (CSV or JSON lines of text, label)."""
    val_path: Path | None = None
    """Validation file of a custom set."""
    known: tuple[str, ...] | None = None
    """Emotions that a custom set distinguishes; by default those that occur in it."""
    trust: float = Field(default=1.0, ge=0, le=1)
    """Weight of its emotions in the loss; 0 leaves them out."""
    own_weight: float = Field(default=0.0, ge=0, le=10)
    """Weight of the set's own labels, learned on outputs that are removed afterwards."""
    teacher_weight: float = Field(default=0.0, ge=0, le=10)
    """Weight of the teacher's logits on its texts."""
    most: int | None = Field(default=None, ge=1)
    """Maximum number of training examples, drawn at random with a seed; None takes all."""

    @model_validator(mode="after")
    def _known_are_emotions(self) -> Self:
        unknown = sorted(set(self.known or ()) - set(EMOTIONS))
        if unknown:
            raise ValueError(f"known: {', '.join(unknown)} is none of {', '.join(EMOTIONS)}")
        return self


class TrainConfig(BaseModel):
    """All settings of a training run; a pass is an epoch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: str = Field(min_length=1)
    base: Annotated[str, Field(min_length=1)] | TrainConfig
    """`all-MiniLM-L6-v2`, a folder or a hub name of a BERT checkpoint; or another configuration,
    which is run first and whose model this run starts from. In a file, it may be given by its
    path (`*.yaml`, relative to the file)."""
    adapt_on: tuple[str, ...] = ()
    """Sets on whose texts, without labels, the base is first trained as a masked language model
    (Gururangan et al., ACL 2020)."""
    adapt_passes: int = Field(default=1, ge=1, le=100)
    architecture: Literal["bert", "any"] = "bert"
    """`any` encoder is allowed for a teacher, which is never served."""
    freeze_layers: int = Field(default=0, ge=0)
    """Encoder layers, from the bottom, that are not trained; if above 0, nor are the embeddings."""
    teacher: TrainConfig | None = None
    """A configuration whose model is trained first; its logits on each set with a
    `teacher_weight` are learned too (Hinton et al., 2015). In a file, its path."""
    teacher_temperature: float = Field(default=1.0, gt=0, le=20)
    """Divides the logits of both models before they are compared."""
    teacher_irony: bool = True
    """Whether the teacher's irony is learned besides its emotions."""
    sets: tuple[SetConfig, ...] = Field(min_length=1)
    any_use: bool = False
    """Refuse sets whose terms do not allow any use (export/training/sources/terms.py)."""
    passes: int = Field(default=3, ge=1, le=100)
    learning_rate: float = Field(default=1.2e-4, gt=0, lt=1)
    schedule: Literal["linear", "cosine"] = "linear"
    warmup_share: float = Field(default=0.06, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    batch_size: int = Field(default=64, ge=1)
    train_tokens: int = Field(default=128, ge=8, le=512)
    """Longest training text, in tokens."""
    max_tokens: int = Field(default=256, ge=8, le=512)
    """Longest text in serving, in tokens."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    attention_dropout: float = Field(default=0.1, ge=0, lt=1)
    irony_weight: float = Field(default=1.0, ge=0)
    sincere_weight: float = Field(default=0.0, ge=0, le=1)
    """Weight with which a text labelled joy or love, of a set not about irony, is not ironic."""
    irony_base_rate: float | None = Field(default=None, gt=0, lt=1)
    """Share of ironic posts that the probability of irony is calibrated for, on posts labelled by
    their authors; None calibrates on all sets about irony as they are."""
    class_balance: float = Field(default=0.0, ge=0, le=1)
    """An emotion's weight is (its share in the set) ** -class_balance; with 0 all are equal."""
    typo_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the training texts that get typing errors."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of an example's probability spread over all labels that its set knows."""
    focal_gamma: float = Field(default=0.0, ge=0, le=5)
    """Focal loss (Lin et al., ICCV 2017) of the emotions; 0 is plain cross-entropy."""
    r_drop: float = Field(default=0.0, ge=0, le=10)
    """Weight of the divergence between two dropout masks (R-Drop, Liang et al., NeurIPS 2021)."""
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Learning rate of a layer, relative to the layer above it."""
    bf16: Literal["auto", "on", "off"] = "auto"
    """`auto` uses bfloat16 only where the hardware supports it."""
    select_on: tuple[str, ...] = Field(min_length=1)
    """`set/figure` names by whose mean the best pass is selected, e.g. `carer/accuracy`."""
    keep_base: float = Field(default=0.0, ge=0, lt=1)
    """Share of the base's weights in the resulting model, against forgetting (WiSE-FT, Wortsman
    et al., CVPR 2022). The base must have the same head."""
    min_behaviour: float = Field(default=0.0, ge=0, le=1)
    """Share of all behavioural tests that a model must pass to ship."""
    min_capability: float = Field(default=0.0, ge=0, le=1)
    """Share of the tests of each capability that it must pass."""
    patience: int | None = Field(default=None, ge=1)
    """Stop after so many passes without improvement of the selected figure; None runs all."""
    seed: int = Field(default=17, ge=0)
    soup: int = Field(default=1, ge=1, le=20)
    """Number of runs, with seeds `seed`, `seed` + 1, ..., whose weights are averaged at the end
    (Wortsman et al., ICML 2022)."""

    @property
    def encoder(self) -> str:
        """The pretrained encoder that the first run started from."""
        return self.base if isinstance(self.base, str) else self.base.encoder

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [chosen.name for chosen in self.sets]
        if len(set(names)) < len(names):
            raise ValueError("sets: a name is used twice")
        before = [one for one in (self.base, self.teacher) if isinstance(one, TrainConfig)]
        if self.any_use and not all(one.any_use for one in before):
            raise ValueError("any_use: the base or the teacher is trained without it")
        if self.adapt_on and not isinstance(self.base, str):
            raise ValueError("adapt_on: the base is a configuration; say it there")
        if self.teacher is None and any(chosen.teacher_weight for chosen in self.sets):
            raise ValueError("sets: teacher_weight is given, but no teacher")
        return self


def load_config(path: Path) -> TrainConfig:
    """Read the configuration at `path`.

    Raises ConfigError when the file, or one that its `base` or `teacher` names, is missing, not
    YAML, or has an unknown key or an invalid value.
    """
    return _validated(_read(path, ()), path)


def parse_config(content: dict[str, Any], path: Path) -> TrainConfig:
    """Return the configuration of `content`, a part of the file `path`; raises ConfigError."""
    return _validated(_with_files(content, path, ()), path)


def _validated(content: dict[str, Any], path: Path) -> TrainConfig:
    try:
        return TrainConfig.model_validate(content)
    except ValidationError as exc:
        # The deepest: of a base with a fault inside, the first error is that it is no string.
        fault = max(exc.errors(), key=lambda error: len(error["loc"]))
        loc = fault["loc"]
        # Without what pydantic adds behind `base` for its two types.
        parts = [
            str(part) for before, part in zip(("", *loc), loc, strict=False) if before != "base"
        ]
        raise ConfigError(f"{path}: {'.'.join(parts) or 'settings'}: {fault['msg']}") from exc


def _read(path: Path, within: tuple[Path, ...]) -> dict[str, Any]:
    """Return the settings at `path`, including those of the files that it names."""
    if path.resolve() in within:
        raise ConfigError(f"{path}: is its own base or teacher")
    content = read_yaml(path, ConfigError)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping of settings")
    return _with_files(content, path, within)


def _with_files(content: dict[str, Any], path: Path, within: tuple[Path, ...]) -> dict[str, Any]:
    """Return the settings with the content of the files named by `base` and `teacher`."""
    named = {
        key: _read(path.parent / content[key], (*within, path.resolve()))
        for key in ("base", "teacher")
        if isinstance(content.get(key), str) and content[key].endswith(".yaml")
    }
    return {**content, **named}


def save_config(config: TrainConfig, path: Path) -> None:
    """Write `config` as YAML from which `load_config` reads an equal configuration."""
    content = config.model_dump(mode="json", exclude_none=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
