"""The training mixture: which sources there are, and their examples by split.

`python -m export.data` prints what a configuration would train on.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.config import DEFAULT_CONFIG, SetConfig, TrainConfig, load_config
from export.errors import ConfigError, DataError, run_command
from export.training.examples import Example, Source, Split
from export.training.sources import carer, crowdflower, goemotions, tweeteval, written
from export.training.sources.custom import own_source
from export.training.sources.feedback import feedback_source

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        carer.SOURCE,
        goemotions.SOURCE,
        tweeteval.EMOTION,
        tweeteval.IRONY,
        tweeteval.EMOJI,
        tweeteval.HATE,
        tweeteval.OFFENSIVE,
        crowdflower.SOURCE,
        written.EMOTIONS_SOURCE,
        written.IRONY_SOURCE,
    )
}
FEEDBACK = "feedback"


@dataclass(frozen=True)
class LoadedSet:
    """One set of the mixture: its source, what was chosen for it, and examples of one split."""

    source: Source
    chosen: SetConfig
    split: Split
    examples: tuple[Example, ...]

    @property
    def measurable(self) -> bool:
        """Whether its examples tell one emotion or irony, so that there is a figure to measure."""
        return any(
            one.irony is not None or (one.emotions and not one.any_of and self.chosen.trust)
            for one in self.examples
        )


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
    if chosen.name == FEEDBACK:
        return feedback_source(chosen.path, chosen.val_path)
    return own_source(chosen)


def load_sets(config: TrainConfig, root: Path, split: Split) -> tuple[LoadedSet, ...]:
    """Read `split` of every set of `config`.

    Raises DataError when a file is missing, does not read as its kind, or a training set
    lacks examples of a class that it says it knows.
    """
    loaded = []
    for chosen in config.sets:
        source = source_of(chosen)
        _check_own(chosen, source)
        examples = tuple(source.read(root, split))
        if split == "train":
            examples = _drawn(examples, chosen.most, config.seed)
            check_classes(source.name, examples)
        loaded.append(LoadedSet(source, chosen, split, examples))
    return tuple(loaded)


def load_read(config: TrainConfig, root: Path) -> tuple[LoadedSet, ...]:
    """Read the training sets of `adapt_on`; raises what `load_sets` raises."""
    sets = tuple(SetConfig(name=name) for name in config.adapt_on)
    return load_sets(config.model_copy(update={"sets": sets}), root, "train")


def _drawn(examples: tuple[Example, ...], most: int | None, seed: int) -> tuple[Example, ...]:
    """Return `most` of the examples, in their order, or all where there are no more."""
    if most is None or most >= len(examples):
        return examples
    chosen = random.Random(seed).sample(range(len(examples)), most)  # noqa: S311 - no secret
    return tuple(examples[index] for index in sorted(chosen))


def _check_own(chosen: SetConfig, source: Source) -> None:
    """Raise ConfigError when the own labels of a set are asked for and it has none."""
    if chosen.own_weight and not source.own_labels:
        raise ConfigError(f"sets: {chosen.name} has no labels of its own; leave out own_weight")


def check_classes(name: str, examples: Sequence[Example]) -> None:
    """Raise DataError when a class of the set has no example to learn from."""
    if not examples:
        raise DataError(f"{name}: has no training examples")
    expected = {label for example in examples for label in example.known}
    missing = expected - {label for example in examples for label in example.emotions}
    if missing and not any(example.any_of for example in examples):
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
                counts = Counter(_answer(example) for example in loaded.examples)
                common = ", ".join(f"{label} {n}" for label, n in counts.most_common(7))
                print(f"{loaded.source.name} {split}: {len(loaded.examples)} ({common})")

    return run_command(command)


def _answer(example: Example) -> str:
    """Return what an example tells, for people."""
    if example.emotions:
        return ("|" if example.any_of else "+").join(example.emotions)
    return "+".join(example.own) or f"irony {example.irony}"


if __name__ == "__main__":
    sys.exit(main())
