"""GoEmotions (Demszky et al., ACL 2020): lines of `text<TAB>label ids<TAB>comment id`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from export.errors import DataError
from export.labels import EMOTIONS, map_labels
from export.training.examples import Example, Source, Split
from export.training.sources.text_files import read_lines

_GOEMOTIONS = {
    "anger": "anger annoyance disapproval disgust",
    "fear": "fear nervousness",
    "joy": "admiration amusement approval excitement gratitude joy optimism pride relief desire",
    "love": "love caring",
    "sadness": "sadness disappointment embarrassment grief remorse",
    "surprise": "surprise realization confusion curiosity",
    "neutral": "neutral",
}

GOEMOTIONS_TO_EMOTION: Mapping[str, str] = {
    fine: emotion for emotion, names in _GOEMOTIONS.items() for fine in names.split()
}
"""The 27 emotions and neutral of GoEmotions (Demszky et al. 2020), mapped to the seven."""


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
        emotions = map_labels(own, GOEMOTIONS_TO_EMOTION, where)
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
    terms="CC BY 4.0",
    split_names=("train", "dev"),
    read=read,
    own_labels=tuple(GOEMOTIONS_TO_EMOTION),
)
