"""Labelled files as people have them: `text;label` lines, or TweetEval's two files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from export.errors import DataError
from export.labels import EMOTIONS, GOEMOTIONS_TO_EMOTION, TWEETEVAL_TO_EMOTION
from export.training.examples import Example
from export.training.sources.text_files import read_lines
from export.training.sources.tweeteval import IRONY_NAMES, read_mapping, read_pair

_TASK_IDS = {
    "emotion": {"0": "anger", "1": "joy", "2": "optimism", "3": "sadness"},
    "irony": {"0": "non_irony", "1": "irony"},
}
_MEANING = {
    **GOEMOTIONS_TO_EMOTION,
    **TWEETEVAL_TO_EMOTION,
    **{emotion: emotion for emotion in EMOTIONS},
}


@dataclass(frozen=True)
class Labelled:
    """The examples of a file, and what had to be assumed to read it."""

    examples: tuple[Example, ...]
    kind: Literal["emotion", "irony"]
    note: str


def read_labelled(texts: Path, labels: Path | None) -> Labelled:
    """Read `text;label` lines, or texts and labels side by side.

    Labels are names, or ids of a mapping.txt beside either file; without one, TweetEval's
    own ids are assumed and the note says so. Raises DataError when a file is missing, empty
    or does not read so.
    """
    if labels is None:
        return _as_examples(_split_lines(texts), str(texts), "")
    mapping, note = _mapping_for(texts, labels)
    return _as_examples(list(read_pair(texts, labels, mapping)), str(labels), note)


def _split_lines(path: Path) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        text, mark, label = line.rpartition(";")
        if not mark:
            raise DataError(f"{path}:{number}: is not `text;label`")
        pairs.append((text, label.strip()))
    return pairs


def _mapping_for(texts: Path, labels: Path) -> tuple[dict[str, str], str]:
    """Return what each label in `labels` is called, and what was assumed."""
    for folder in (labels.parent, texts.parent):
        if (folder / "mapping.txt").is_file():
            return read_mapping(folder / "mapping.txt"), ""
    used = {line.strip() for line in read_lines(labels)}
    if not all(label.isdigit() for label in used):
        return {label: label for label in used}, ""
    task = "irony" if used <= set(_TASK_IDS["irony"]) else "emotion"
    return _TASK_IDS[task], f"no mapping.txt: the ids are taken as TweetEval's {task}"


def _as_examples(pairs: Sequence[tuple[str, str]], where: str, note: str) -> Labelled:
    """Give the labels their meaning, restricted to those that occur."""
    if not pairs:
        raise DataError(f"{where}: has no labelled texts")
    names = {label for _, label in pairs}
    if names <= set(IRONY_NAMES):
        examples = tuple(Example(text, irony=IRONY_NAMES[label]) for text, label in pairs)
        return Labelled(examples, "irony", note)
    _refuse_unknown(names, where)
    known = tuple(label for label in EMOTIONS if label in {_MEANING[name] for name in names})
    merged = sorted(name for name in names if _MEANING[name] != name)
    if merged:
        merging = ", ".join(f"{name} as {_MEANING[name]}" for name in merged)
        note = "; ".join(part for part in (note, f"counted {merging}") if part)
    examples = tuple(Example(text, (_MEANING[label],), known) for text, label in pairs)
    return Labelled(examples, "emotion", note)


def _refuse_unknown(names: Iterable[str], where: str) -> None:
    for name in sorted(names):
        if name not in _MEANING:
            raise DataError(
                f"{where}: label {name!r} is none of {', '.join(EMOTIONS)}, irony, non_irony"
            )
