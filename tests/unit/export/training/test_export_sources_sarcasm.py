"""Sets about sarcasm: minimal pairs, and which posts are held back."""

from pathlib import Path

import pytest

from export.errors import DataError
from export.training.sources.sarcasm import FIGLANG_TWITTER, read_isarcasm
from tests.support.export.sets import write

HEADER = "text,sarcastic,rephrase\n"


def isarcasm(root: Path, rows: str) -> Path:
    write(root / "more" / "isarcasm_train.csv", HEADER + rows)
    return root


def test_a_post_and_its_sincere_version_are_never_on_different_sides(tmp_path: Path) -> None:
    root = isarcasm(tmp_path, "".join(f"ironic {n},1,sincere {n}\n" for n in range(300)))

    train = [example.text for example in read_isarcasm(root, "train")]
    held = [example.text for example in read_isarcasm(root, "val")]

    assert 10 < len(held) < 60
    assert all(text.startswith("ironic") for text in held)
    assert not {text.replace("ironic", "sincere") for text in held} & set(train)
    assert len(train) == 2 * (300 - len(held))


def test_the_sincere_version_is_not_ironic_and_a_plain_post_has_none(tmp_path: Path) -> None:
    rows = "".join(f"ironic {n},1,sincere {n}\nplain {n},0,\n" for n in range(20))
    examples = list(read_isarcasm(isarcasm(tmp_path, rows), "train"))

    assert {example.irony for example in examples if example.text.startswith("ironic")} == {True}
    others = [example for example in examples if not example.text.startswith("ironic")]
    assert {example.irony for example in others} == {False}
    assert all(not example.emotions and not example.known for example in examples)


def test_replies_labelled_with_a_missing_context_are_only_trained_on(tmp_path: Path) -> None:
    write(tmp_path / "more" / "figlang_twitter_train.csv", "text,sarcastic\nsure,1\nfine,0\n")

    assert [example.irony for example in FIGLANG_TWITTER.read(tmp_path, "train")] == [True, False]
    assert not list(FIGLANG_TWITTER.read(tmp_path, "val"))


@pytest.mark.parametrize("row", ["sure,2,\n", "sure\n"])
def test_a_malformed_row_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError, match="row 1: text is missing or sarcastic is not 0 or 1"):
        list(read_isarcasm(isarcasm(tmp_path, row), "train"))
