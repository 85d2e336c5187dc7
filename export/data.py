"""The training mixture: the available sources, and their examples by split.

`python -m export.data` prints what a configuration would train on.
"""

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from export.command_line import command_parser, run_command
from export.config import DEFAULT_CONFIG, SetConfig, TrainConfig, load_config
from export.errors import ConfigError, DataError
from export.training.examples import Example, Source, Split
from export.training.sources import carer, crowdflower, goemotions, tweeteval, written
from export.training.sources.custom import custom_source
from export.training.sources.emotion_csv import EMOTION_CSV_SOURCES
from export.training.sources.feedback import feedback_source
from export.training.sources.sarcasm import FIGLANG_REDDIT, FIGLANG_TWITTER, ISARCASM

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
        written.NEUTRAL_SOURCE,
        written.IRONY_SOURCE,
        *EMOTION_CSV_SOURCES,
        ISARCASM,
        FIGLANG_TWITTER,
        FIGLANG_REDDIT,
    )
}
FEEDBACK = "feedback"


@dataclass(frozen=True)
class LoadedSet:
    """One set of the mixture: its source, its configuration, and its examples of one split."""

    source: Source
    chosen: SetConfig
    split: Split
    examples: tuple[Example, ...]

    @property
    def measurable(self) -> bool:
        """Whether an example has exactly one emotion or is about irony, so that a figure exists."""
        return any(
            one.irony is not None or (one.emotions and not one.any_of and self.chosen.trust)
            for one in self.examples
        )


def data_folder(chosen: Path | None) -> Path:
    """Return `chosen`, else $MOODLINE_DATA, else ../shared/data; raises DataError if missing."""
    fallback = Path(__file__).parents[2] / "shared" / "data"
    folder = chosen or Path(os.environ.get("MOODLINE_DATA") or fallback)
    if not folder.is_dir():
        raise DataError(f"{folder}: no data folder there; name one with --data or MOODLINE_DATA")
    return folder


def source_of(chosen: SetConfig) -> Source:
    """Return the source of a set; raises ConfigError when there is none."""
    if chosen.name in SOURCES:
        return SOURCES[chosen.name]
    if chosen.path is None:
        known = ", ".join(SOURCES)
        raise ConfigError(f"sets: {chosen.name!r} is none of {known} and has no path")
    if chosen.name == FEEDBACK:
        return feedback_source(chosen.path, chosen.val_path)
    return custom_source(chosen)


def load_sets(config: TrainConfig, root: Path, split: Split) -> tuple[LoadedSet, ...]:
    """Read `split` of every set of `config`.

    Raises DataError when a file is missing or malformed, or a training set has no example of a
    class that it distinguishes; ConfigError when own labels are asked of a set without any, or
    `any_use` excludes a set.
    """
    loaded = []
    for chosen in config.sets:
        source = source_of(chosen)
        if config.any_use and not source.terms.any_use:
            raise ConfigError(
                f"sets: {chosen.name} does not allow any use ({source.terms.text}); leave it out, "
                "or take any_use out of the configuration"
            )
        if chosen.own_weight and not source.own_labels:
            raise ConfigError(f"sets: {chosen.name} has no labels of its own; leave out own_weight")
        examples = tuple(source.read(root, split))
        if split == "train":
            examples = _drawn(examples, chosen.most, config.seed)
            check_classes(source.name, examples)
        loaded.append(LoadedSet(source, chosen, split, examples))
    return tuple(loaded)


def load_unlabelled(config: TrainConfig, root: Path) -> tuple[LoadedSet, ...]:
    """Read the training sets of `adapt_on`, used without labels; raises as `load_sets`."""
    sets = tuple(SetConfig(name=name) for name in config.adapt_on)
    return load_sets(config.model_copy(update={"sets": sets}), root, "train")


def _drawn(examples: tuple[Example, ...], most: int | None, seed: int) -> tuple[Example, ...]:
    """Return a random sample of at most `most` examples, in their order."""
    if most is None or most >= len(examples):
        return examples
    chosen = random.Random(seed).sample(range(len(examples)), most)  # noqa: S311 - no secret
    return tuple(examples[index] for index in sorted(chosen))


def check_classes(name: str, examples: Sequence[Example]) -> None:
    """Raise DataError when a class of the set has no training example."""
    if not examples:
        raise DataError(f"{name}: has no training examples")
    expected = {label for example in examples for label in example.known}
    missing = expected - {label for example in examples for label in example.emotions}
    if missing and not any(example.any_of for example in examples):
        raise DataError(f"{name}: no example of {', '.join(sorted(missing))}")
    ironies = {example.irony for example in examples} - {None}
    if len(ironies) == 1:
        raise DataError(f"{name}: irony examples are all {ironies.pop()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print examples and labels of each set and split; return the exit status."""
    return run_command(_print_sets, command_parser("data", main.__doc__, DEFAULT_CONFIG), arguments)


def _print_sets(options: argparse.Namespace) -> None:
    config, root = load_config(options.config), data_folder(options.data)
    for split in get_args(Split):
        for loaded in load_sets(config, root, split):
            counts = Counter(_label(example) for example in loaded.examples)
            common = ", ".join(f"{label} {n}" for label, n in counts.most_common(7))
            print(f"{loaded.source.name} {split}: {len(loaded.examples)} ({common})")


def _label(example: Example) -> str:
    if example.emotions:
        return ("|" if example.any_of else "+").join(example.emotions)
    return "+".join(example.own) or f"irony {example.irony}"


if __name__ == "__main__":
    sys.exit(main())
