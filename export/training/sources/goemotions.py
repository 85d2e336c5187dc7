"""GoEmotions (Demszky et al., ACL 2020): lines of `text<TAB>label ids<TAB>comment id`."""

from collections.abc import Iterator
from pathlib import Path

from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example, Source, Split
from export.training.label_map import GOEMOTIONS, meant
from export.training.sources.terms import TERMS
from export.training.sources.text_files import read_lines


def read(root: Path, split: Split) -> Iterator[Example]:
    """Yield the examples of `root`/goemotions; raises DataError.

    A comment may have several of the seven emotions. For training they share the probability;
    for validation only comments with exactly one are used. Its own labels are GoEmotions' 27 and
    neutral.
    """
    folder = root / "goemotions"
    names = read_lines(folder / "labels.txt")
    path = folder / ("train.tsv" if split == "train" else "dev.tsv")
    for number, line in enumerate(read_lines(path), start=1):
        where = f"{path}:{number}"
        fields = line.split("\t")
        if len(fields) != 3:
            raise DataError(f"{where}: is not text, label ids and comment id")
        own = _fine_labels(fields[1], names, where)
        emotions = meant(own, GOEMOTIONS, where)
        if split == "train" or len(emotions) == 1:
            yield Example(fields[0], emotions, EMOTIONS, own=tuple(own))


def _fine_labels(ids: str, names: list[str], where: str) -> list[str]:
    try:
        return [names[int(number)] for number in ids.split(",")]
    except (ValueError, IndexError) as exc:
        raise DataError(f"{where}: label ids {ids!r} are not in labels.txt") from exc


SOURCE = Source(
    name="goemotions",
    origin="GoEmotions, Demszky et al., ACL 2020",
    terms=TERMS["goemotions"],
    split_names=("train", "dev"),
    read=read,
    own_labels=tuple(GOEMOTIONS),
)
