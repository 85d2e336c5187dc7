"""CARER (Saravia et al., EMNLP 2018): lines of `text;label`."""

from collections.abc import Iterator
from pathlib import Path

from export.training.examples import Example, Source, Split
from export.training.label_map import CARER, known_emotions, meant
from export.training.sources.terms import TERMS
from export.training.sources.text_files import read_labelled_lines

_KNOWN = known_emotions(CARER)


def read(root: Path, split: Split) -> Iterator[Example]:
    """Yield the examples of `root`/carer; raises DataError."""
    path = root / "carer" / f"{split}.txt"
    for number, text, label in read_labelled_lines(path):
        yield Example(text, meant([label], CARER, f"{path}:{number}"), _KNOWN)


SOURCE = Source(
    name="carer",
    origin="CARER, Saravia et al., EMNLP 2018",
    terms=TERMS["carer"],
    read=read,
)
