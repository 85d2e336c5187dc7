"""Measure what a user, a post and a saved chunk cost the store.

    python -m benchmarks.store.sizes            # prints; --keep writes them to measured.json

In SQLite they are measured, in a file that the store itself has written: bytes by `dbstat`, the
time of a chunk by the clock. For MongoDB they are computed: bytes of BSON of the documents, and of
the keys of the indexes, which WiredTiger compresses further.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson

from api.domain.analyses import WORDS_VERSION, Analysis, AnalysisRequest, Progress
from api.domain.mood.results import mood_result
from api.domain.mood.scoring import preset
from api.domain.posts import EMOTIONS, Classification, Post
from api.ports.store import Store
from api.stores.mongo.schema import COLLECTIONS
from api.stores.sqlite import SqliteStore
from benchmarks.machine import describe_machine
from benchmarks.simulation.check import texts
from benchmarks.simulation.inputs import replace_measured
from benchmarks.store.people import (
    NOW,
    a_result,
    analysis_document,
    people,
    post_document,
    user_document,
)

USERS, POSTS, CHUNK = 40, 512, 256
IDLE_USERS = 2_000
"""Users without posts, so that pages that are half empty do not count in the bytes of a user."""
_MODEL = "moodline-minilm-l6@2.1.0"
_OF_ANALYSES = ("analyses", "moods")
_RECORD_ID = 9  # bytes that an index of WiredTiger keeps per key to find the document


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and write to the file if asked."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.store.sizes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--keep", action="store_true", help="write to simulation/measured.json")
    options = parser.parse_args(arguments)
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="moodline-bench-") as folder:
        found = sqlite_figures(Path(folder) / "sizes.db", options.users)
    found |= mongo_figures()
    for name, value in found.items():
        print(f"{name} {value:.4g}")
    if options.keep:
        source = f"python -m benchmarks.store.sizes, {datetime.now(UTC):%Y-%m-%d}"
        busy = f"load average before {machine['load_average_before']:.1f}"
        timed = {name: value for name, value in found.items() if "seconds" in name}
        replace_measured(timed, f"{source}, {busy}")
        replace_measured({name: found[name] for name in found.keys() - timed.keys()}, source)
    return 0


def sqlite_figures(file: Path, users: int) -> dict[str, float]:
    """Return bytes per user, analysis and post, and the seconds of a chunk, of a new store."""
    store = SqliteStore(file)
    before = _bytes_of(file)
    chunks = fill(store, users)
    for number in range(IDLE_USERS):
        store.ensure_user(f"idle{number}", f"idle{number}", NOW)
        store.set_consent(f"idle{number}", NOW, words=WORDS_VERSION)
    store.close()
    grown = {key: size - before.get(key, 0) for key, size in _bytes_of(file).items()}
    of_posts = grown.pop(("table", "posts")), grown.pop(("index", "posts"))
    of_analyses = sum(size for (_, table), size in grown.items() if table in _OF_ANALYSES)
    return {
        "store_seconds_per_chunk": statistics.median(chunks),
        "sqlite_bytes_per_post": of_posts[0] / (users * POSTS),
        "sqlite_index_bytes_per_post": of_posts[1] / (users * POSTS),
        "sqlite_bytes_per_analysis": of_analyses / users,
        "sqlite_bytes_per_user": (sum(grown.values()) - of_analyses) / (users + IDLE_USERS),
    }


def _bytes_of(file: Path) -> dict[tuple[str, str], int]:
    """Return the bytes of pages by kind (table or index) and table."""
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(
            "SELECT m.type, m.tbl_name, sum(s.pgsize) FROM dbstat s"
            " JOIN sqlite_master m ON m.name = s.name GROUP BY 1, 2"
        )
        return {(kind, table): size for kind, table, size in rows}


def fill(store: Store, users: int) -> list[float]:
    """Have each user analysed once; return the seconds of each chunk of saved classifications."""
    chance = random.Random(5)
    took = []
    for number in range(users):
        user = f"size{number}"
        store.ensure_user(user, user, NOW)
        posts = [
            Post(str(n), text, NOW - timedelta(hours=n))
            for n, text in enumerate(texts(POSTS, chance))
        ]
        store.save_posts(user, posts, NOW)
        store.create_analysis(
            Analysis(f"{number:032x}", AnalysisRequest(user), NOW), idempotency_key=None
        )
        claimed = store.claim(None, owner="sizes", now=NOW, until=NOW + timedelta(hours=1))
        if claimed is None:
            raise RuntimeError("the analysis is not in the queue")
        lease = claimed[1]
        for first in range(0, POSTS, CHUNK):
            chunk = [(post.post_id, _said(chance)) for post in posts[first : first + CHUNK]]
            began = time.perf_counter()
            store.save_classifications(lease, _MODEL, chunk)
            took.append(time.perf_counter() - began)
        result = mood_result(
            store.classified_posts(user, _MODEL, max_posts=None),
            as_of=NOW,
            now=NOW,
            config=preset("default"),
            model=_MODEL,
        )
        store.finish(
            lease,
            at=NOW,
            progress=Progress(),
            mood=result.mood,
            result=result.to_dict(),
            hashtags=(),
        )
    return took


def _said(chance: random.Random) -> Classification:
    weights = [chance.random() for _ in EMOTIONS]
    scores = {
        name: round(one / sum(weights), 6) for name, one in zip(EMOTIONS, weights, strict=True)
    }
    label = max(scores, key=lambda name: scores[name])
    return Classification(label, scores, round(chance.random(), 6), 20, False, "en")


def mongo_figures() -> dict[str, float]:
    """Return bytes of BSON, with those of keys of indexes; of a post both apart."""
    chance = random.Random(5)
    person = next(iter(people(1)))
    key = f"{chance.getrandbits(128):032x}"
    sizes, keys = [], []
    for text in texts(POSTS, chance):
        said = _said(chance)
        post = {
            "_id": bson.ObjectId(),
            **post_document(key, person),
            "text": text,
            "model": _MODEL,
            "classification": {**asdict(said), "scores": dict(said.scores)},
        }
        sizes.append(len(bson.encode(post)))
        keys.append(_key_bytes("posts", post))
    at = 10**15
    user = user_document(key, at, person)
    analysis = analysis_document(key, at, person, a_result())
    return {
        "mongo_bytes_per_post": statistics.fmean(sizes),
        "mongo_index_bytes_per_post": statistics.fmean(keys),
        "mongo_bytes_per_analysis": float(
            len(bson.encode(analysis)) + _key_bytes("analyses", analysis)
        ),
        "mongo_bytes_per_user": float(len(bson.encode(user)) + _key_bytes("users", user)),
    }


def _key_bytes(collection: str, document: Mapping[str, Any]) -> int:
    """Return the bytes of a document's keys in all indexes, `_id` and partial ones included."""
    (declared,) = [one for one in COLLECTIONS if one.name == collection]
    total = len(bson.encode({"": document["_id"]})) + _RECORD_ID
    for index in declared.indexes:
        if index.partial is None or all(
            name in document and (rule == {"$exists": True} or document[name] == rule)
            for name, rule in index.partial.items()
        ):
            values = [_value_at(document, path) for path, _ in index.keys]
            total += sum(len(bson.encode({"": value})) for value in values) + _RECORD_ID
    return total


def _value_at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


if __name__ == "__main__":
    sys.exit(main())
