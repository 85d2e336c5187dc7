"""User data exports as the API returns them, for tests of the source that reads them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from export.training.examples import Example
from export.training.sources.feedback import feedback_source

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
GLAD, SAD = "positive", "negative"

Document = dict[str, Any]
ABSENT = object()


def a_post(post_id: str, text: str, ownership: str = "own") -> dict[str, Any]:
    return {
        "post_id": post_id,
        "text": text,
        "created_at": DAY.isoformat(),
        "ownership": ownership,
        "engagement": {"likes": 0},
        "language": "en",
        "hashtags": [],
        "saved_at": DAY.isoformat(),
        "classification": None,
    }


def an_analysis(
    analysis_id: str, mood: str, moved: dict[str, str], texts: dict[str, str]
) -> dict[str, Any]:
    """Return an analysis; `moved` has the ids of the posts that moved it and to which side."""
    most = [
        {"post_id": post_id, "text": texts[post_id], "ownership": "own", "direction": direction}
        for post_id, direction in moved.items()
    ]
    return {
        "analysis_id": analysis_id,
        "state": "succeeded",
        "result": {"mood": mood, "moved_most": most},
        "problem": None,
    }


def told(mood: str, analysis_id: str = "a1", hours: int = 0) -> dict[str, Any]:
    at = DAY + timedelta(hours=hours)
    return {"analysis_id": analysis_id, "mood": mood, "created_at": at.isoformat()}


def a_document(mood: str = "Cheerful", *feedback: dict[str, Any], user: str = "alice") -> Document:
    """Return the export of one analysis of `mood`, moved by one glad and one sad post."""
    texts = {"1": "a glad post", "2": "a sad post"}
    return {
        "user": {"user_id": user, "user_name": user, "consented_at": DAY.isoformat()},
        "consents": [{"consented_at": DAY.isoformat()}],
        "posts": [a_post(post_id, text) for post_id, text in texts.items()],
        "analyses": [an_analysis("a1", mood, {"1": GLAD, "2": SAD}, texts)],
        "moods": [],
        "feedback": list(feedback),
    }


def with_second_analysis(document: Document, moved: dict[str, str]) -> Document:
    texts = {post["post_id"]: post["text"] for post in document["posts"]}
    document["analyses"].append(an_analysis("a2", "Cheerful", moved, texts))
    return document


def changed(document: Document, changes: Document) -> Document:
    """Set the values at positions such as `posts.1.text`; remove those that are to be ABSENT."""
    for position, value in changes.items():
        *parents, last = (int(key) if key.isdigit() else key for key in position.split("."))
        part: Any = document
        for key in parents:
            part = part[key]
        if value is ABSENT:
            del part[last]
        else:
            part[last] = value
    return document


def written(path: Path, *documents: Document) -> Path:
    lines = [json.dumps(document, ensure_ascii=False) for document in documents]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def read(path: Path) -> list[Example]:
    return list(feedback_source(path, None).read(Path("unused"), "train"))


def answers(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the emotions by text; a text that comes twice fails."""
    examples = read(path)
    assert len({example.text for example in examples}) == len(examples)
    return {example.text: example.emotions for example in examples}
