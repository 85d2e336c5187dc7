"""Export documents with a fault: it is named by its place, without a word of the document."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from export.errors import DataError
from tests.support.export.feedback import Document, a_document, read, told, written

SECRET = "what nobody else may read"


def without_consent(document: Document) -> None:
    document["user"]["consented_at"] = None


def without_word_of_consent(document: Document) -> None:
    del document["user"]["consented_at"]


def without_posts(document: Document) -> None:
    del document["posts"]


def with_unknown_mood(document: Document) -> None:
    document["feedback"][0]["mood"] = SECRET


def about_another_analysis(document: Document) -> None:
    document["feedback"][0]["analysis_id"] = SECRET


def at_no_time(document: Document) -> None:
    document["feedback"][0]["created_at"] = SECRET


def with_unknown_ownership(document: Document) -> None:
    document["posts"][1]["ownership"] = SECRET


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without_consent, r"its user's consent is not on record"),
        (without_word_of_consent, r"user\.consented_at: Field required"),
        (without_posts, r"posts: Field required"),
        (with_unknown_mood, r"feedback\.0\.mood: Input should be 'Depressed', 'Stressed'"),
        (about_another_analysis, r"feedback\.0: its analysis is not in the document"),
        (at_no_time, r"feedback\.0\.created_at: Input should be a valid datetime"),
        (with_unknown_ownership, r"posts\.1\.ownership: Input should be 'own', 'shared'"),
    ],
)
def test_a_fault_is_named_with_its_place_and_without_a_word_of_the_document(
    tmp_path: Path, change: Callable[[Document], None], fault: str
) -> None:
    faulty = a_document("Cheerful", told("Cheerful"))
    faulty["posts"][0]["text"] = SECRET
    change(faulty)
    path = written(tmp_path / "all.jsonl", a_document(), faulty)

    with pytest.raises(DataError, match=rf"all\.jsonl:2: {fault}") as caught:
        read(path)

    shown = "".join(traceback.format_exception(caught.value))
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("content", "fault"),
    [(f'{{"posts": "{SECRET}', "is not JSON"), ("[]", "document: Input should be an object")],
)
def test_a_file_that_is_no_document_is_named(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(DataError, match=rf"export\.json: {fault}") as caught:
        read(path)

    assert SECRET not in "".join(traceback.format_exception(caught.value))
