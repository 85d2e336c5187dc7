"""Files of data sets, and loaded sets without files."""

from pathlib import Path
from typing import Any

from export.config import SetConfig
from export.data import LoadedSet
from export.training.examples import Example, Source
from export.training.sources.terms import OWN


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def tweeteval_folder(root: Path, task: str, mapping: str, labels: str) -> Path:
    """Write two training texts of a task, `one` and `two`, with these labels."""
    folder = root / "tweeteval" / task
    write(folder / "mapping.txt", mapping)
    write(folder / "train_text.txt", "one\ntwo\n")
    write(folder / "train_labels.txt", labels)
    return root


def a_set(
    *examples: Example, name: str = "mine", own_labels: tuple[str, ...] = (), **chosen: Any
) -> LoadedSet:
    """Return a training set of these examples; `chosen` are fields of SetConfig."""
    source = Source(name, "here", OWN, lambda *_: iter(examples), own_labels=own_labels)
    return LoadedSet(source, SetConfig(name=name, **chosen), "train", examples)
