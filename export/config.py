"""What a training run is told: one frozen model, read from YAML, saved beside the result."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

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
    base: str = Field(min_length=1)
    """`all-MiniLM-L6-v2`, a folder or a hub name of a BERT checkpoint."""
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
    bf16: Literal["auto", "on", "off"] = "auto"
    """`auto` uses bfloat16 only where the hardware multiplies it."""
    select_on: tuple[str, ...] = Field(min_length=1)
    """`set/figure` names whose mean picks the best pass, e.g. `carer/accuracy`."""
    seed: int = Field(default=17, ge=0)

    @model_validator(mode="after")
    def _sets_are_distinct(self) -> Self:
        names = [chosen.name for chosen in self.sets]
        if len(set(names)) < len(names):
            raise ValueError("sets: a name is used twice")
        return self


def load_config(path: Path) -> TrainConfig:
    """Read the configuration at `path`.

    Raises ConfigError when the file is missing, not YAML, or has a key or value that
    cannot be meant.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read ({exc.strerror})") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: is not YAML ({str(exc).splitlines()[0]})") from exc
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: must be a mapping of settings")
    try:
        return TrainConfig.model_validate(content)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "settings"
        raise ConfigError(f"{path}: {where}: {first['msg']}") from exc


def save_config(config: TrainConfig, path: Path) -> None:
    """Write `config` to `path` as YAML that `load_config` reads back to the same."""
    content = config.model_dump(mode="json", exclude_none=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
