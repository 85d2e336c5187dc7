"""CrowdFlower's "Emotion in Text": `tweet_id,sentiment,content` rows of real tweets.

Each tweet has the label of one crowd worker, with much noise. The set is published without
splits: every twentieth row is kept for validation.
"""

from collections.abc import Iterator
from pathlib import Path

from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example, Source, Split
from export.training.label_map import CROWDFLOWER, meant
from export.training.sources.terms import TERMS
from export.training.sources.text_files import csv_rows

_VAL_EVERY = 20


def read(root: Path, split: Split) -> Iterator[Example]:
    """Yield the examples of `root`/crowdflower; raises DataError."""
    path = root / "crowdflower" / "tweet_emotions.csv"
    for number, row in enumerate(csv_rows(path)):
        where = f"{path}: row {number + 1}"
        text, label = row.get("content"), row.get("sentiment")
        if text is None or label is None:
            raise DataError(f"{where}: sentiment or content is missing")
        if (number % _VAL_EVERY == 0) == (split == "val"):
            emotions = meant([label], CROWDFLOWER, where)
            if split == "train" or len(emotions) == 1:
                yield Example(text, emotions, EMOTIONS, own=(label,))


SOURCE = Source(
    name="crowdflower",
    origin="CrowdFlower, Emotion in Text, 2016",
    terms=TERMS["crowdflower"],
    split_names=("19 of 20 rows", "every 20th row"),
    read=read,
    own_labels=tuple(CROWDFLOWER),
)
