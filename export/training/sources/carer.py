"""CARER (Saravia et al., EMNLP 2018): lines of `text;label`."""

from collections.abc import Iterator
from pathlib import Path

from export.labels import EMOTIONS, map_labels
from export.training.examples import Example, Source, Split
from export.training.sources.text_files import read_labelled_lines

_KNOWN = tuple(emotion for emotion in EMOTIONS if emotion != "neutral")
_SAME = {emotion: emotion for emotion in _KNOWN}


def read(root: Path, split: Split) -> Iterator[Example]:
    """Yield the examples of `root`/carer; raises DataError."""
    path = root / "carer" / f"{split}.txt"
    for number, text, label in read_labelled_lines(path):
        yield Example(text, map_labels([label], _SAME, f"{path}:{number}"), _KNOWN)


SOURCE = Source(
    name="carer",
    origin="CARER, Saravia et al., EMNLP 2018",
    terms="distributed for educational and research purposes only",
    read=read,
)
