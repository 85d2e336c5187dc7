"""Feedback on moods as training data, from user data exports written here and by a store.

A fault is named with its position and without quoting the export.
"""

import json
import traceback
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api.domain.analyses import Analysis, AnalysisRequest
from api.domain.mood.scoring import preset
from api.domain.posts import Ownership
from api.jobs.runner import AnalysisRunner
from api.metrics import Metrics
from api.stores.sqlite import SqliteStore
from export.errors import DataError
from export.labels import EMOTIONS
from export.training.examples import Example
from export.training.sources.feedback import feedback_source
from tests.support.export.feedback import (
    ABSENT,
    GLAD,
    Document,
    a_document,
    a_post,
    answers,
    changed,
    read,
    told,
    with_second_analysis,
    written,
)
from tests.support.fakes.clock import FakeClock
from tests.support.fakes.emotions import FakeEmotionClient
from tests.support.fakes.languages import FakeLanguageDetector
from tests.support.fakes.runs import LIMITS
from tests.support.posts import posts


@pytest.mark.parametrize(
    ("mood", "text", "emotions"),
    [
        ("Cheerful", "a glad post", ("joy", "love", "surprise")),
        ("Satisfied", "a glad post", ("joy", "love", "surprise")),
        ("Stressed", "a sad post", ("anger",)),
        ("Depressed", "a sad post", ("fear", "sadness")),
    ],
)
def test_any_emotion_of_the_told_mood_is_right_for_the_posts_that_made_it(
    tmp_path: Path, mood: str, text: str, emotions: tuple[str, ...]
) -> None:
    path = written(tmp_path / "export.json", a_document(mood, told(mood)))

    assert read(path) == [Example(text, emotions, EMOTIONS, any_of=True)]


def test_feedback_against_the_result_labels_all_posts_that_moved_it(tmp_path: Path) -> None:
    path = written(tmp_path / "export.json", a_document("Cheerful", told("Depressed")))

    assert answers(path) == {
        "a glad post": ("fear", "sadness"),
        "a sad post": ("fear", "sadness"),
    }


def test_a_post_that_moved_little_is_not_used(tmp_path: Path) -> None:
    document = a_document("Stressed", told("Cheerful"))
    document["posts"].append(a_post("3", "counted, but not among those that moved most"))

    path = written(tmp_path / "export.json", document)

    assert list(answers(path)) == ["a glad post", "a sad post"]


MOVED_FIRST = "analyses.0.result.moved_most.0.text"


@pytest.mark.parametrize(
    "changes",
    [
        {"posts.0": ABSENT},
        {"posts.0.text": "another text"},
        {"posts.0.text": " ", MOVED_FIRST: " "},
        {"posts.0.ownership": "shared"},
        {"posts.0.ownership": "liked"},
    ],
    ids=["deleted", "edited", "blank", "shared", "liked"],
)
def test_only_own_posts_that_are_stored_as_analysed_are_used(
    tmp_path: Path, changes: Document
) -> None:
    document = changed(a_document("Stressed", told("Cheerful")), changes)

    path = written(tmp_path / "export.json", document)

    assert list(answers(path)) == ["a sad post"]


@pytest.mark.parametrize(
    "changes",
    [
        {"analyses.0.state": "failed", "analyses.0.result": None},
        {"analyses.0.result.mood": None},
        {"analyses.0.result.moved_most": []},
    ],
    ids=["failed", "without mood", "without posts that moved it"],
)
def test_feedback_on_an_analysis_without_result_is_skipped(
    tmp_path: Path, changes: Document
) -> None:
    document = with_second_analysis(
        a_document("Cheerful", told("Cheerful"), told("Cheerful", "a2")), {"2": GLAD}
    )

    path = written(tmp_path / "export.json", changed(document, changes))

    assert list(answers(path)) == ["a sad post"]


def test_the_latest_feedback_on_an_analysis_counts_over_several_exports(tmp_path: Path) -> None:
    written(tmp_path / "a.json", a_document("Cheerful", told("Stressed", hours=9)))
    written(tmp_path / "b.json", a_document("Cheerful", told("Cheerful", hours=1)))

    assert answers(tmp_path) == {"a glad post": ("anger",), "a sad post": ("anger",)}


def test_a_post_of_two_analyses_counts_once_by_the_latest_feedback(tmp_path: Path) -> None:
    document = with_second_analysis(
        a_document("Cheerful", told("Cheerful", hours=1), told("Stressed", "a2", hours=2)),
        {"1": GLAD},
    )
    corrected = a_document("Cheerful", told("Depressed", hours=3))

    before = answers(written(tmp_path / "export.json", document))
    after = answers(written(tmp_path / "export.jsonl", document, corrected))

    assert before["a glad post"] == ("anger",)
    assert after["a glad post"] == ("fear", "sadness")


def test_lines_of_a_file_are_documents_of_different_people(tmp_path: Path) -> None:
    other = a_document("Cheerful", told("Cheerful", "b1"), user="bob")
    other["analyses"][0]["analysis_id"] = "b1"
    path = written(tmp_path / "all.jsonl", a_document("Cheerful", told("Cheerful")), other)
    path.write_text(path.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")

    assert [example.text for example in read(path)] == ["a glad post", "a glad post"]


def test_a_document_may_be_spread_over_lines(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    document = a_document("Cheerful", told("Cheerful"))
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")

    assert list(answers(path)) == ["a glad post"]


def test_only_the_json_files_of_a_folder_are_read(tmp_path: Path) -> None:
    written(tmp_path / "alice.json", a_document("Cheerful", told("Cheerful")))
    (tmp_path / "NOTES.txt").write_text("handed over in March", encoding="utf-8")

    assert list(answers(tmp_path)) == ["a glad post"]


def test_a_folder_without_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no file that ends in \.json"):
        read(tmp_path)


def test_validation_documents_are_apart(tmp_path: Path) -> None:
    path = written(tmp_path / "train.json", a_document("Cheerful", told("Cheerful")))
    val_path = written(tmp_path / "val.json", a_document("Stressed", told("Stressed")))

    source = feedback_source(path, val_path)

    assert [example.text for example in source.read(tmp_path, "val")] == ["a sad post"]
    assert list(feedback_source(path, None).read(tmp_path, "val")) == []


def test_an_export_made_by_a_store_is_read(tmp_path: Path) -> None:
    glad, sad = posts(1, word="joy"), posts(1, word="sadness", start=1)
    liked = [replace(post, ownership=Ownership.LIKED) for post in posts(1, word="joy", start=2)]
    clock = FakeClock()
    with closing(SqliteStore(tmp_path / "moodline.db")) as store:
        store.ensure_user("alice", "Alice", clock())
        store.set_consent("alice", clock())
        store.save_posts("alice", [*glad, *sad, *liked], clock())
        for analysis_id in ("a1", "a2"):
            queued = Analysis(analysis_id, AnalysisRequest("alice"), clock())
            store.create_analysis(queued, idempotency_key=None)
            if analysis_id == "a1":
                AnalysisRunner(
                    store,
                    FakeEmotionClient(),
                    FakeLanguageDetector(),
                    {},
                    clock,
                    Metrics(),
                    scoring=preset("default"),
                    limits=LIMITS,
                    owner="tests",
                    pause=clock.pause,
                    stopping=lambda: False,
                ).run()
        store.add_feedback("a1", "Depressed", clock())
        store.add_feedback("a2", "Cheerful", clock())
        exported = json.dumps(store.export_user("alice"), ensure_ascii=False)
    path = tmp_path / "moodline-export.json"
    path.write_text(exported, encoding="utf-8")

    found = answers(path)

    assert found == dict.fromkeys([glad[0].text, sad[0].text], ("fear", "sadness"))


SECRET = "what nobody else may read"


@pytest.mark.parametrize(
    ("position", "value", "fault"),
    [
        ("user.consented_at", None, r"its user's consent is not on record"),
        ("user.consented_at", ABSENT, r"user\.consented_at: Field required"),
        ("posts", ABSENT, r"posts: Field required"),
        ("feedback.0.mood", SECRET, r"feedback\.0\.mood: Input should be 'Depressed', 'Stressed'"),
        ("feedback.0.analysis_id", SECRET, r"feedback\.0: its analysis is not in the document"),
        (
            "feedback.0.created_at",
            SECRET,
            r"feedback\.0\.created_at: Input should be a valid datetime",
        ),
        ("posts.1.ownership", SECRET, r"posts\.1\.ownership: Input should be 'own', 'shared'"),
    ],
)
def test_a_fault_is_named_with_its_position_and_without_quoting_the_export(
    tmp_path: Path, position: str, value: object, fault: str
) -> None:
    faulty = a_document("Cheerful", told("Cheerful"))
    faulty["posts"][0]["text"] = SECRET
    changed(faulty, {position: value})
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
