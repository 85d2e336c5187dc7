"""The training mixture: which sources there are, and their examples by split.

`python -m export.data` prints what a configuration would train on.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.config import DEFAULT_CONFIG, SetConfig, TrainConfig, load_config
from export.errors import ConfigError, DataError, run_command
from export.examples import Example, Source, Split
from export.sources import carer, goemotions, tweeteval
from export.sources.own import own_source

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (carer.SOURCE, goemotions.SOURCE, tweeteval.EMOTION, tweeteval.IRONY)
}


@dataclass(frozen=True)
class LoadedSet:
    """One set of the mixture: its source, weight and examples of one split."""

    source: Source
    weight: float
    split: Split
    examples: tuple[Example, ...]


def data_folder(chosen: Path | None) -> Path:
    """Return the data folder: `chosen`, else $MOODLINE_DATA, else ../shared/data.

    Raises DataError when it does not exist.
    """
    fallback = Path(__file__).parents[2] / "shared" / "data"
    folder = chosen or Path(os.environ.get("MOODLINE_DATA") or fallback)
    if not folder.is_dir():
        raise DataError(f"{folder}: no data folder there; name one with --data or MOODLINE_DATA")
    return folder


def source_of(chosen: SetConfig) -> Source:
    """Return the source that a set names; raises ConfigError when there is none."""
    if chosen.name in SOURCES:
        return SOURCES[chosen.name]
    if chosen.path is None:
        known = ", ".join(SOURCES)
        raise ConfigError(f"sets: {chosen.name!r} is none of {known} and has no path")
    return own_source(chosen)


def load_sets(config: TrainConfig, root: Path, split: Split) -> tuple[LoadedSet, ...]:
    """Read `split` of every set of `config`.

    Raises DataError when a file is missing, does not read as its kind, or a training set
    lacks examples of a class that it says it knows.
    """
    loaded = []
    for chosen in config.sets:
        source = source_of(chosen)
        examples = tuple(source.read(root, split))
        if split == "train":
            check_classes(source.name, examples)
        loaded.append(LoadedSet(source, chosen.weight, split, examples))
    return tuple(loaded)


def check_classes(name: str, examples: Sequence[Example]) -> None:
    """Raise DataError when a class of the set has no example to learn from."""
    if not examples:
        raise DataError(f"{name}: has no training examples")
    expected = {label for example in examples for label in example.known}
    missing = expected - {label for example in examples for label in example.emotions}
    if missing:
        raise DataError(f"{name}: no example of {', '.join(sorted(missing))}")
    told = {example.irony for example in examples} - {None}
    if len(told) == 1:
        raise DataError(f"{name}: irony examples are all {told.pop()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print examples and labels of each set and split; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m export.data", description=main.__doc__)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args(arguments)

    def command() -> None:
        config, root = load_config(options.config), data_folder(options.data)
        for split in ("train", "val"):
            for loaded in load_sets(config, root, split):
                counts = Counter(
                    "+".join(example.emotions) or f"irony {example.irony}"
                    for example in loaded.examples
                )
                common = ", ".join(f"{label} {n}" for label, n in counts.most_common(7))
                print(f"{loaded.source.name} {split}: {len(loaded.examples)} ({common})")

    return run_command(command)


if __name__ == "__main__":
    sys.exit(main())
