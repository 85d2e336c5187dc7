"""Invented people, the same ones for the same seed, and an empty store filled with them.

Each has one finished analysis, mood and post. The rows are not written through the store's own
methods, which would sync to disk six times per person; what is measured later uses only them.
"""

import json
import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from api.domain.analyses import AnalysisRequest, AnalysisState, Progress
from api.domain.mood import results
from api.domain.mood.moods import Mood
from api.domain.mood.scoring import preset
from api.domain.posts import EMOTIONS, Classification, ClassifiedPost, Post
from api.ports.store import Retention
from api.stores.mongo import MongoStore
from api.stores.mongo.documents import stored_post
from api.stores.sqlite import SqliteStore
from api.stores.values import stored_time

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MATCHABLE = 0.3
"""Share of people who agreed to be matched."""
HASHTAGS = 5_000
"""Number of hashtags; the n-th is used 1/n as often as the first (Zipf)."""
_MOST_HASHTAGS = 20  # what a finished analysis keeps at most
_DAYS = 60
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Person:
    """A user whose posts were analysed once."""

    number: int
    mood: str
    mood_at: datetime
    matchable: bool
    hashtags: tuple[str, ...]

    @property
    def user_id(self) -> str:
        """Key of the user."""
        return f"u{self.number:09d}"

    @property
    def user_name(self) -> str:
        """Name as the user writes it."""
        return f"U{self.number:09d}"


def people(count: int, seed: int = 7) -> Iterator[Person]:
    """Yield people with moods of the last 60 days and 0 to 20 hashtags, popular ones more often."""
    chance = random.Random(seed)
    moods = [mood.value for mood in Mood]
    names = [f"tag{rank}" for rank in range(1, HASHTAGS + 1)]
    weights = list(accumulate(1 / rank for rank in range(1, HASHTAGS + 1)))
    for number in range(count):
        drawn = chance.choices(names, cum_weights=weights, k=chance.randint(0, _MOST_HASHTAGS))
        yield Person(
            number,
            chance.choice(moods),
            NOW - timedelta(microseconds=chance.randrange(_DAYS * 86_400_000_000)),
            chance.random() < MATCHABLE,
            tuple(dict.fromkeys(drawn)),
        )


def a_result() -> str:
    """Return the JSON of a result of sixty posts, as long as real results are."""
    said = Classification("joy", dict.fromkeys(EMOTIONS, 1 / 7), 0.1, 17, False)
    posts = [
        ClassifiedPost(Post(str(n), f"What a day it was, again ({n})", NOW - timedelta(n)), said)
        for n in range(60)
    ]
    result = results.mood_result(
        posts, as_of=NOW, now=NOW, config=preset("default"), model="moodline@1"
    )
    return json.dumps(result.to_dict(), separators=(",", ":"))


def fill_sqlite(path: Path, people: Iterable[Person]) -> None:
    """Fill a new file; indexes are created after the rows."""
    SqliteStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -262144"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        result = a_result()
        for chunk in _chunks(people):
            _insert(connection, chunk, result)
        for _, statement in indexes:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def _chunks(people: Iterable[Person]) -> Iterator[list[Person]]:
    stream = iter(people)
    while chunk := list(islice(stream, _CHUNK)):
        yield chunk


def _insert(connection: sqlite3.Connection, chunk: list[Person], result: str) -> None:
    keyed = [
        (person.number + 1, round(person.mood_at.timestamp() * 1e6), person) for person in chunk
    ]
    connection.executemany(
        "INSERT INTO users (user_key, user_id, user_name, created_at, consented_at, matchable, "
        "mood, mood_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(key, one.user_id, one.user_name, at, at, one.matchable, one.mood, at)
         for key, at, one in keyed],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO user_hashtags (user_key, position, hashtag, mood, mood_at, matchable) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(key, index, hashtag, one.mood, at, one.matchable)
         for key, at, one in keyed for index, hashtag in enumerate(one.hashtags)],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO analyses (analysis_key, analysis_id, user_key, source, as_of, created_at, "
        "state, finished_at, result) VALUES (?, ?, ?, 'imported', 'now', ?, 'succeeded', ?, ?)",
        [(key, f"a{key:031d}", key, at, at, result) for key, at, _ in keyed],
    )
    connection.executemany(
        "INSERT INTO moods (mood_key, user_key, analysis_key, mood, created_at) "
        "VALUES (?, ?, ?, ?, ?)",
        [(key, key, key, one.mood, at) for key, at, one in keyed],
    )
    connection.executemany(
        "INSERT INTO posts (user_key, post_id, text, created_at, ownership, likes, reposts, "
        "replies, quotes, bookmarks, impressions, hashtags, saved_at) "
        "VALUES (?, ?, 'What a day it was, again', ?, 'own', 0, 0, 0, 0, 0, 0, ?, ?)",
        [(key, str(key), at, json.dumps(one.hashtags), at) for key, at, one in keyed],
    )


def fill_mongo(url: str, people: Iterable[Person], retention: Retention) -> None:
    """Fill an empty database with the documents that the store's own methods would write."""
    MongoStore(url, retention=retention).close()
    result = a_result()
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        for chunk in _chunks(people):
            keyed = [(f"{one.number:032x}", stored_time(one.mood_at), one) for one in chunk]
            database.users.insert_many(
                (user_document(key, at, one) for key, at, one in keyed), ordered=False
            )
            database.analyses.insert_many(
                (analysis_document(key, at, one, result) for key, at, one in keyed), ordered=False
            )
            database.posts.insert_many(
                (post_document(key, one) for key, _, one in keyed), ordered=False
            )


def user_document(key: str, at: int, person: Person) -> dict[str, Any]:
    """Return the document of a user."""
    return {
        "_id": person.user_id,
        "key": key,
        "user_name": person.user_name,
        "created_at": at,
        "consented_at": at,
        "consents": [{"at": at, "words": None}],
        "matchable": person.matchable,
        "hashtags": list(person.hashtags),
        "imports": 1,
        "mood": person.mood,
        "mood_at": at,
    }


def analysis_document(key: str, at: int, person: Person, result: str) -> dict[str, Any]:
    """Return the document of the user's finished analysis."""
    return {
        "_id": f"a{key[1:]}",
        "user_key": key,
        **asdict(AnalysisRequest(person.user_id)),
        "created_at": at,
        "state": AnalysisState.SUCCEEDED.value,
        "progress": asdict(Progress()),
        "attempt": 1,
        "token": 1,
        "finished_at": at,
        "ended_on": person.mood_at,
        "mood": person.mood,
        "result": result,
    }


def post_document(key: str, person: Person) -> dict[str, Any]:
    """Return the document of the user's one post."""
    post = Post(str(person.number), "What a day it was, again", person.mood_at)
    kept = stored_post(replace(post, hashtags=person.hashtags))
    return {**kept, "user_key": key, "saved_at": person.mood_at, "version": 1}
