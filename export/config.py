"""What a training run is told: one frozen model, read from YAML, saved beside the result."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from export.errors import ConfigError
from export.labels import EMOTIONS

DEFAULT_CONFIG = Path(__file__).parent / "configs" / "default.yaml"


class SetConfig(BaseModel):
    """One data set of the mixture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, le=100)
    """Visits per example and pass; 0.5 draws a fresh half of the set at each pass."""
    path: Path | None = None
    """Training file of an own set (CSV or JSON lines of text, label)."""
    val_path: Path | None = None
    """Validation file of an own set."""
    known: tuple[str, ...] | None = None
    """Emotions an own set could have said; by default those that occur in it."""
    trust: float = Field(default=1.0, ge=0, le=1)
    """How much its emotions count in the loss; 0 leaves them out."""
    own_weight: float = Field(default=0.0, ge=0, le=10)
    """How much the set's own labels count, learned on outputs that are dropped afterwards."""
    teacher_weight: float = Field(default=0.0, ge=0, le=10)
    """How much what the run's teacher says of its texts counts."""
    most: int | None = Field(default=None, ge=1)
    """Training examples that are taken at most, a seeded draw; None takes all."""

    @model_validator(mode="after")
    def _known_are_emotions(self) -> Self:
        unknown = sorted(set(self.known or ()) - set(EMOTIONS))
        if unknown:
            raise ValueError(f"known: {', '.join(unknown)} is none of {', '.join(EMOTIONS)}")
        return self


class TrainConfig(BaseModel):
    """Everything that decides what comes out of a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9.-]*$")
    version: str = Field(min_length=1)
    base: Annotated[str, Field(min_length=1)] | TrainConfig
    """`all-MiniLM-L6-v2`, a folder or a hub name of a BERT checkpoint; or another
    configuration, whose run comes first and whose model is taken up. In a file, its path
    (`*.yaml`, relative to the file) may stand for it."""
    adapt_on: tuple[str, ...] = ()
    """Sets whose texts, without their labels, the base reads first as a masked language model
    (Gururangan et al., ACL 2020)."""
    adapt_passes: int = Field(default=1, ge=1, le=100)
    architecture: Literal["bert", "any"] = "bert"
    """`any` encoder will do for a teacher, which is never served."""
    freeze_layers: int = Field(default=0, ge=0)
    """Encoder layers, from the bottom, that keep the base's weights, as the embeddings then do."""
    teacher: TrainConfig | None = None
    """A configuration whose model is trained first and then says of the texts of each set with a
    `teacher_weight` what this one has to learn (Hinton et al., 2015). In a file, its path."""
    teacher_temperature: float = Field(default=1.0, gt=0, le=20)
    """Divides both models' logits where they are compared."""
    sets: tuple[SetConfig, ...] = Field(min_length=1)
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
    """How much a text of another set counts as not ironic when it was labelled joy or love."""
    class_balance: float = Field(default=0.0, ge=0, le=1)
    """Weigh an emotion by (its share in the set) ** -class_balance; 0 weighs all the same."""
    typo_share: float = Field(default=0.0, ge=0, le=1)
    """Share of the training texts that are misspelt a little."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of an example's probability given to all labels that its set knows."""
    focal_gamma: float = Field(default=0.0, ge=0, le=5)
    """Focal loss (Lin et al., ICCV 2017) on the emotions; 0 is plain cross-entropy."""
    r_drop: float = Field(default=0.0, ge=0, le=10)
    """Weight of agreement between two dropout masks (Liang et al., NeurIPS 2021); 0 is off."""
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Learning rate of a layer, relative to the layer above it."""
    bf16: Literal["auto", "on", "off"] = "auto"
    """`auto` uses bfloat16 only where the hardware multiplies it."""
    select_on: tuple[str, ...] = Field(min_length=1)
    """`set/figure` names whose mean picks the best pass, e.g. `carer/accuracy`."""
    keep_base: float = Field(default=0.0, ge=0, lt=1)
    """Share of the base's weights in the model that comes out, so that little of what it knew
    is lost (WiSE-FT, Wortsman et al., CVPR 2022). The base must have the same head."""
    min_behaviour: float = Field(default=0.0, ge=0, le=1)
    """Share of all behavioural tests that a model must pass to be shipped."""
    min_capability: float = Field(default=0.0, ge=0, le=1)
    """Share of the tests of each capability that it must pass."""
    patience: int | None = Field(default=None, ge=1)
    """Stop when the selected figure has not risen for so many passes; None runs them all."""
    seed: int = Field(default=17, ge=0)
    soup: int = Field(default=1, ge=1, le=20)
    """Runs, with seeds `seed`, `seed` + 1, ..., whose weights are averaged in the end
    (Wortsman et al., ICML 2022)."""

    @property
    def encoder(self) -> str:
        """The pretrained encoder that the first of the runs started from."""
        return self.base if isinstance(self.base, str) else self.base.encoder

    @model_validator(mode="after")
    def _sets_are_distinct(self) -> Self:
        names = [chosen.name for chosen in self.sets]
        if len(set(names)) < len(names):
            raise ValueError("sets: a name is used twice")
        return self

    @model_validator(mode="after")
    def _reads_before_it_has_a_head(self) -> Self:
        if self.adapt_on and not isinstance(self.base, str):
            raise ValueError("adapt_on: the base is a configuration; say it there")
        return self

    @model_validator(mode="after")
    def _has_the_teacher_it_listens_to(self) -> Self:
        if self.teacher is None and any(chosen.teacher_weight for chosen in self.sets):
            raise ValueError("sets: teacher_weight is given, but no teacher")
        return self


def load_config(path: Path) -> TrainConfig:
    """Read the configuration at `path`.

    Raises ConfigError when the file, or one that its `base` names, is missing, not YAML, or
    has a key or value that cannot be meant.
    """
    return _validated(_read(path, ()), path)


def parse_config(content: dict[str, Any], path: Path) -> TrainConfig:
    """Make a configuration of `content`, which stands in the file `path`; raises ConfigError."""
    return _validated(_with_files(content, path, ()), path)


def _validated(content: dict[str, Any], path: Path) -> TrainConfig:
    try:
        return TrainConfig.model_validate(content)
    except ValidationError as exc:
        # The deepest: a base with a fault inside is said first of all to be no name.
        fault = max(exc.errors(), key=lambda error: len(error["loc"]))
        raise ConfigError(f"{path}: {_place(fault['loc'])}: {fault['msg']}") from exc


def _place(loc: tuple[int | str, ...]) -> str:
    """Return where an error is, without what pydantic adds behind `base` for its two kinds."""
    pairs = zip(("", *loc), loc, strict=False)
    return ".".join(str(part) for before, part in pairs if before != "base") or "settings"


def _read(path: Path, within: tuple[Path, ...]) -> dict[str, Any]:
    """Return the settings at `path`, with those of other files that it names inside."""
    if path.resolve() in within:
        raise ConfigError(f"{path}: is its own base or teacher")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: is not YAML ({str(exc).splitlines()[0]})") from exc
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping of settings")
    return _with_files(content, path, within)


def _with_files(content: dict[str, Any], path: Path, within: tuple[Path, ...]) -> dict[str, Any]:
    """Return the settings with the files that `base` and `teacher` name in their place."""
    named = {
        key: _read(path.parent / content[key], (*within, path.resolve()))
        for key in ("base", "teacher")
        if isinstance(content.get(key), str) and content[key].endswith(".yaml")
    }
    return {**content, **named}


def save_config(config: TrainConfig, path: Path) -> None:
    """Write `config` to `path` as YAML that `load_config` reads back to the same."""
    content = config.model_dump(mode="json", exclude_none=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
