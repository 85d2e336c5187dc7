"""Labelled files to evaluate a model on: `text;label` lines, or TweetEval's pairs of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example
from export.training.label_map import GOEMOTIONS, TWEETEVAL_EMOTION
from export.training.sources.text_files import read_labelled_lines, read_lines
from export.training.sources.tweeteval import (
    IRONY_NAMES,
    read_mapping,
    read_pair,
)

_TASK_IDS = {
    "emotion": {"0": "anger", "1": "joy", "2": "optimism", "3": "sadness"},
    "irony": {"0": "non_irony", "1": "irony"},
}
_MEANING = {
    **{name: meaning.to for name, meaning in (*GOEMOTIONS.items(), *TWEETEVAL_EMOTION.items())},
    **{emotion: (emotion,) for emotion in EMOTIONS},
}


@dataclass(frozen=True)
class Labelled:
    """Examples of a file, and a note on what was assumed to read it."""

    examples: tuple[Example, ...]
    note: str


def read_labelled(texts: Path, labels: Path | None) -> Labelled:
    """Read `text;label` lines, or one file of texts and one of labels.

    Labels are names, or ids of a mapping.txt in the folder of either file; without one,
    TweetEval's own ids are assumed and the note says so. Raises DataError when a file is
    missing, empty or malformed.
    """
    if labels is None:
        pairs = [(text, label.strip()) for _, text, label in read_labelled_lines(texts)]
        return _as_examples(pairs, str(texts), "")
    mapping, note = _mapping_for(texts, labels)
    return _as_examples(list(read_pair(texts, labels, mapping)), str(labels), note)


def _mapping_for(texts: Path, labels: Path) -> tuple[dict[str, str], str]:
    """Return the name of each label in `labels`, and a note on what was assumed."""
    for folder in (labels.parent, texts.parent):
        if (folder / "mapping.txt").is_file():
            return read_mapping(folder / "mapping.txt"), ""
    used = {line.strip() for line in read_lines(labels)}
    if not all(label.isdigit() for label in used):
        return {label: label for label in used}, ""
    task = "irony" if used <= set(_TASK_IDS["irony"]) else "emotion"
    return _TASK_IDS[task], f"no mapping.txt: the ids are taken as TweetEval's {task}"


def _as_examples(pairs: Sequence[tuple[str, str]], where: str, note: str) -> Labelled:
    """Map the labels to emotions or irony; only those that occur count as known."""
    if not pairs:
        raise DataError(f"{where}: has no labelled texts")
    names = {label for _, label in pairs}
    if names <= set(IRONY_NAMES):
        return Labelled(tuple(Example(text, irony=IRONY_NAMES[name]) for text, name in pairs), note)
    if unknown := sorted(names - set(_MEANING)):
        known = ", ".join(EMOTIONS)
        raise DataError(f"{where}: label {unknown[0]!r} is none of {known}, irony, non_irony")
    meant = {emotion for name in names for emotion in _MEANING[name]}
    known_labels = tuple(one for one in EMOTIONS if one in meant)
    if merged := sorted(name for name in names if _MEANING[name] != (name,)):
        merging = "counted " + ", ".join(f"{name} as {_MEANING[name][0]}" for name in merged)
        note = f"{note}; {merging}" if note else merging
    examples = tuple(Example(text, _MEANING[name], known_labels) for text, name in pairs)
    return Labelled(examples, note)
