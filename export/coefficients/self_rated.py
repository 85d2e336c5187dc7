"""People's own ratings: dated texts whose writers said how they felt, and the model's reading.

SemEval-2026 Task 2 (train people): valence -2 (very bad) to 2, arousal 0 to 2. The classifications
are cached in a run folder under a hash of model and texts, and hold no text.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Post
from export.errors import DataError, writing
from export.evaluation.metrics import classify_all
from export.training.sources.text_files import csv_rows
from serving.classifier.artifact import open_model
from serving.classifier.classifier import EmotionClassifier

FILE = Path("more") / "self_rated_train.csv"


@dataclass(frozen=True)
class RatedText:
    """One text with its writer's rating of that moment; words tells a list of feeling words."""

    person: str
    text: str
    written_at: datetime
    words: bool
    valence: float
    arousal: float


def read_self_rated(data: Path) -> list[RatedText]:
    """Return the texts by person and time; raises DataError when the file is not as expected."""
    path = data / FILE
    texts = []
    for number, row in enumerate(csv_rows(path), start=1):
        try:
            texts.append(
                RatedText(
                    person=str(row["user_id"]),
                    text=str(row["text"]),
                    written_at=datetime.fromisoformat(str(row["timestamp"])).replace(tzinfo=UTC),
                    words=str(row["is_words"]) == "True",
                    valence=float(row["valence"] or ""),
                    arousal=float(row["arousal"] or ""),
                )
            )
        except (KeyError, ValueError) as exc:
            raise DataError(
                f"{path}: row {number}: needs text, user_id, timestamp, is_words, valence and "
                f"arousal ({exc})"
            ) from exc
    if not texts:
        raise DataError(f"{path}: has no rows")
    return sorted(texts, key=lambda one: (one.person, one.written_at))


def classified(
    texts: Sequence[RatedText], model: Path, run: Path
) -> tuple[list[ClassifiedPost], str]:
    """Return the texts as classified posts, in order, and the name and version of the model.

    Raises StorageError when the cache cannot be written, and what open_model raises.
    """
    artifact = open_model(model)
    digest = hashlib.sha256(artifact.model_path.read_bytes())
    digest.update((model / "manifest.json").read_bytes())  # temperatures are in it
    digest.update("\0".join(one.text for one in texts).encode())
    cache = run / f"{digest.hexdigest()[:16]}.npz"
    if cache.is_file():
        scores = np.load(cache)["scores"]
    else:
        with EmotionClassifier(artifact) as classifier:
            results = classify_all(classifier, [one.text for one in texts])
        scores = np.array(
            [[*(one.scores[name] for name in EMOTIONS), one.irony] for one in results]
        )
        with writing(cache):
            run.mkdir(parents=True, exist_ok=True)
            np.savez(cache, scores=scores)
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    posts = [
        ClassifiedPost(
            Post(f"{index:06}", one.text, one.written_at),
            Classification(
                label=EMOTIONS[int(np.argmax(row[:-1]))],
                scores=dict(zip(EMOTIONS, map(float, row[:-1]), strict=True)),
                irony=float(row[-1]),
                tokens=0,
                truncated=False,
            ),
        )
        for index, (one, row) in enumerate(zip(texts, scores, strict=True))
    ]
    return posts, f"{manifest['name']} {manifest['version']}"
