"""TweetEval's packaging of SemEval tasks: one file of texts and one of label ids."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from export.errors import DataError
from export.training.examples import Example, Source, Split
from export.training.label_map import TWEETEVAL_EMOTION, known_emotions, meant
from export.training.sources.terms import TERMS
from export.training.sources.text_files import read_lines

IRONY_NAMES = {"non_irony": False, "irony": True}


def read_mapping(path: Path) -> dict[str, str]:
    """Read a mapping.txt of `id<TAB>name` lines; raises DataError."""
    mapping = {}
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split("\t")
        if len(fields) < 2:
            raise DataError(f"{path}:{number}: is not an id and a name")
        mapping[fields[0].strip()] = fields[1].strip()
    return mapping


def read_pair(texts: Path, labels: Path, mapping: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield text and label name, line by line, of two files; raises DataError."""
    lines, ids = read_lines(texts), read_lines(labels)
    if len(lines) != len(ids):
        raise DataError(f"{texts} has {len(lines)} lines and {labels} has {len(ids)}")
    for number, (line, label) in enumerate(zip(lines, ids, strict=True), start=1):
        if label.strip() not in mapping:
            raise DataError(f"{labels}:{number}: label {label!r} is not in mapping.txt")
        yield line, mapping[label.strip()]


def read_emotion(root: Path, split: Split) -> Iterator[Example]:
    """Yield the examples of `root`/tweeteval/emotion; raises DataError."""
    folder = root / "tweeteval" / "emotion"
    for text, name in _read_split(folder, split):
        emotions = meant([name], TWEETEVAL_EMOTION, str(folder))
        yield Example(text, emotions, known_emotions(TWEETEVAL_EMOTION), own=(name,))


def read_irony(root: Path, split: Split) -> Iterator[Example]:
    """Yield the examples of `root`/tweeteval/irony; raises DataError."""
    folder = root / "tweeteval" / "irony"
    for text, name in _read_split(folder, split):
        if name not in IRONY_NAMES:
            raise DataError(f"{folder}: label {name!r} is neither irony nor non_irony")
        yield Example(text, irony=IRONY_NAMES[name])


def read_own_labels(
    root: Path, split: Split, task: str, labels: tuple[str, ...]
) -> Iterator[Example]:
    """Yield the examples of a task about neither emotions nor irony; raises DataError."""
    folder = root / "tweeteval" / task
    for text, name in _read_split(folder, split):
        if name not in labels:
            raise DataError(f"{folder}: label {name!r} is none of {', '.join(labels)}")
        yield Example(text, own=(name,))


def _read_split(folder: Path, split: Split) -> Iterator[tuple[str, str]]:
    mapping = read_mapping(folder / "mapping.txt")
    return read_pair(folder / f"{split}_text.txt", folder / f"{split}_labels.txt", mapping)


Read = Callable[[Path, Split], Iterator[Example]]
_EMOJI = "❤ 😍 😂 💕 🔥 😊 😎 ✨ 💙 😘 📷 🇺🇸 ☀ 💜 😉 💯 😁 🎄 📸 😜"


def _source(task: str, origin: str, labels: tuple[str, ...], read: Read | None = None) -> Source:
    """Return the source of a task; without `read` it has only its own labels."""
    return Source(
        name=f"tweeteval_{task}",
        origin=f"{origin}, as packaged by TweetEval",
        terms=TERMS[f"tweeteval_{task}"],
        read=read or partial(read_own_labels, task=task, labels=labels),
        own_labels=labels,
    )


EMOTION = _source(
    "emotion",
    "SemEval-2018 Affect in Tweets, Mohammad et al. 2018",
    tuple(TWEETEVAL_EMOTION),
    read_emotion,
)
IRONY = _source("irony", "SemEval-2018 irony detection, Van Hee et al. 2018", (), read_irony)
EMOJI = _source(
    "emoji", "SemEval-2018 emoji prediction, Barbieri et al. 2018", tuple(_EMOJI.split())
)
HATE = _source("hate", "SemEval-2019 HatEval, Basile et al. 2019", ("not-hate", "hate"))
OFFENSIVE = _source(
    "offensive", "SemEval-2019 OffensEval, Zampieri et al. 2019", ("not-offensive", "offensive")
)
