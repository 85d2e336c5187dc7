"""Sarcasm: posts whose author said if they were meant so (iSarcasmEval), and FigLang's replies.

Of iSarcasmEval, each sarcastic post stands beside its author's sincere version of it: a minimal
pair. For training both halves are used; of the posts that are held back, neither is, and only the
posts themselves, which people really wrote, are judged on. FigLang's replies were labelled with a
conversation that is not in the file, so they are used for training only.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from export.errors import DataError
from export.training.examples import Example, Source, Split
from export.training.sources.held_back import is_held_back
from export.training.sources.terms import TERMS
from export.training.sources.text_files import csv_rows

_SARCASTIC = {"0": False, "1": True}
_HELD_BACK_ONE_IN = 10


def read_isarcasm(root: Path, split: Split) -> Iterator[Example]:
    """Yield posts; for training, sincere versions of the sarcastic ones too. Raises DataError."""
    for text, sarcastic, rephrased in _rows(root / "more" / "isarcasm_train.csv"):
        if is_held_back(text, _HELD_BACK_ONE_IN) == (split == "val"):
            yield Example(text, irony=sarcastic)
            if rephrased and split == "train":
                yield Example(rephrased, irony=False)


def read_figlang(root: Path, split: Split, name: str) -> Iterator[Example]:
    """Yield the replies of one of FigLang's two sets, all for training; raises DataError."""
    if split == "train":
        for text, sarcastic, _ in _rows(root / "more" / f"{name}_train.csv"):
            yield Example(text, irony=sarcastic)


def _rows(path: Path) -> Iterator[tuple[str, bool, str]]:
    """Yield text, whether it is sarcastic, and its sincere version, empty without one."""
    for number, row in enumerate(csv_rows(path), start=1):
        text, label = row.get("text"), row.get("sarcastic")
        if text is None or label not in _SARCASTIC:
            raise DataError(f"{path}: row {number}: text is missing or sarcastic is not 0 or 1")
        yield text, _SARCASTIC[label], (row.get("rephrase") or "").strip()


ISARCASM = Source(
    name="isarcasm",
    origin="iSarcasmEval, SemEval-2022 Task 6, with the authors' sincere versions",
    terms=TERMS["isarcasm"],
    read=read_isarcasm,
    by_author=True,
    split_names=("9 of 10 posts", "1 of 10 posts"),
)
FIGLANG_TWITTER, FIGLANG_REDDIT = (
    Source(
        name=name,
        origin=f"FigLang 2020, {place}",
        terms=TERMS[name],
        read=partial(read_figlang, name=name),
    )
    for name, place in (("figlang_twitter", "Twitter"), ("figlang_reddit", "Reddit"))
)
