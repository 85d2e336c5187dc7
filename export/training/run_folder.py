"""The folder of a training run: its configuration, progress, summary and free disk space."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from export.config import TrainConfig, load_config, save_config
from export.errors import ConfigError, StorageError

MODEL = "model"
ELAPSED = "elapsed.json"
_SUMMARY = "run.json"
_CHECKPOINTS_BYTES = 2_000_000_000


def claim(run: Path, config: TrainConfig) -> None:
    """Make the folder and save its configuration there.

    Raises ConfigError when it was begun with another one and StorageError when less than 2 GB are
    free for a new run.
    """
    saved = run / "config.yaml"
    if saved.is_file():
        if load_config(saved) != config:
            raise ConfigError(f"{run}: was begun with other settings; name another --run folder")
        return
    run.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(run).free < _CHECKPOINTS_BYTES:
        raise StorageError(f"{run}: checkpoints need 2 GB of disk and less is free")
    save_config(config, saved)


@contextmanager
def naming_full_disk(run: Path) -> Iterator[None]:
    """Raise StorageError when writing a checkpoint or a model fails because the disk is full."""
    from safetensors import SafetensorError

    try:
        yield
    except (RuntimeError, SafetensorError) as exc:
        if shutil.disk_usage(run).free < _CHECKPOINTS_BYTES // 4:
            raise StorageError(f"{run}: the disk is full; free some and start again") from exc
        raise


def last_checkpoint(run: Path) -> Path | None:
    """Return the newest complete checkpoint of `run`, if there is one."""
    # Trainer writes the state last; a checkpoint without it is incomplete.
    finished = [path.parent for path in run.glob("checkpoint-*/trainer_state.json")]
    return max(finished, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def is_finished(run: Path) -> bool:
    """Return whether the run is finished."""
    return (run / _SUMMARY).is_file()


def finish(run: Path, summary: Mapping[str, Any]) -> None:
    """Mark the run as finished, with its figures."""
    (run / _SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def run_summary(run: Path) -> dict[str, Any]:
    """Return what `finish` saved; raises OSError or ValueError when there is nothing."""
    summary: dict[str, Any] = json.loads((run / _SUMMARY).read_text(encoding="utf-8"))
    return summary


def elapsed_seconds(run: Path) -> float:
    """Return the training seconds of a run, up to its last checkpoint; 0 without one."""
    for name in (_SUMMARY, ELAPSED):
        try:
            return float(json.loads((run / name).read_text(encoding="utf-8"))["seconds"])
        except (OSError, ValueError, KeyError):
            continue
    return 0.0
