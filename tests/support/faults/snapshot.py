"""Snapshot of a store and of all files of a service, for the checker."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from pymongo import MongoClient

from api.stores.shared_rules import user_hash
from tests.support.faults.checker import Snapshot, StoredAnalysis, StoredUser


class TakeSnapshot(Protocol):
    """Read the store, and search it and the files for the markers of texts that must be gone."""

    def __call__(
        self,
        files: Iterable[Path],
        *,
        markers: Iterable[str],
        users: Iterable[str],
        states: Mapping[str, str | None],
    ) -> Snapshot: ...


def snapshot(
    store_file: Path,
    files: Iterable[Path],
    *,
    markers: Iterable[str],
    users: Iterable[str],
    states: Mapping[str, str | None],
) -> Snapshot:
    """Take the snapshot of an embedded store."""
    with closing(sqlite3.connect(store_file)) as connection:
        names = dict(connection.execute("SELECT user_key, user_id FROM users"))
        texts: dict[str, dict[str, str]] = defaultdict(dict)
        unread: Counter[str] = Counter()
        rows = "SELECT user_key, post_id, text, model IS NULL FROM posts"
        for key, post_id, text, not_read in connection.execute(rows):
            texts[names[key]][post_id] = text
            unread[names[key]] += not_read
        consented = dict(connection.execute("SELECT user_id, consented_at IS NOT NULL FROM users"))
        moods = Counter(key for (key,) in connection.execute("SELECT analysis_key FROM moods"))
        keys: dict[int, list[str]] = defaultdict(list)
        for key, idempotency_key in connection.execute(
            "SELECT analysis_key, idempotency_key FROM idempotency_keys"
        ):
            keys[key].append(idempotency_key)
        analyses = {
            one: StoredAnalysis(names[user_key], state, tuple(keys[key]), moods[key])
            for key, one, user_key, state in connection.execute(
                "SELECT analysis_key, analysis_id, user_key, state FROM analyses"
            )
        }
        (salt,) = connection.execute(
            "SELECT value FROM facts WHERE name = 'tombstone_salt'"
        ).fetchone()
        hashes = {each for (each,) in connection.execute("SELECT user_hash FROM tombstones")}
    return Snapshot(
        users={
            name: StoredUser(texts[name], unread[name], bool(consented[name]))
            for name in names.values()
        },
        analyses=analyses,
        tombstones=frozenset(one for one in users if user_hash(salt, one) in hashes),
        left_texts=frozenset(_found(files, markers)),
        states=states,
    )


def mongo_snapshot(
    url: str,
    files: Iterable[Path],
    *,
    markers: Iterable[str],
    users: Iterable[str],
    states: Mapping[str, str | None],
) -> Snapshot:
    """Take the snapshot of a MongoDB database; its own files, which keep what they like, are not
    searched, but whatever a query finds is."""
    wanted = set(markers)
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        known = {one["key"]: one for one in database.users.find() if "erased_at" not in one}
        names = {key: one["_id"] for key, one in known.items()}
        posts = list(database.posts.find())
        waiting = [post for each in database.imports.find() for post in each["posts"]]
        analyses = {
            one["_id"]: StoredAnalysis(
                one["user_id"],
                one["state"],
                tuple(one.get("idempotency_keys", ())),
                int("result" in one),
            )
            for one in database.analyses.find()
            if one["user_key"] in names
        }
        salt = bytes(database.facts.find_one({"_id": "tombstone_salt"})["value"])  # type: ignore[index]
        hashes = {one["_id"] for one in database.tombstones.find()}
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    unread: Counter[str] = Counter()
    for post in posts:
        texts[post["user_key"]][post["post_id"]] = post["text"]
        unread[post["user_key"]] += "model" not in post
    found = " ".join(post["text"] for post in (*posts, *waiting))
    return Snapshot(
        users={
            names[key]: StoredUser(texts[key], unread[key], one["consented_at"] is not None)
            for key, one in known.items()
        },
        analyses=analyses,
        tombstones=frozenset(one for one in users if user_hash(salt, one).hex() in hashes),
        left_texts=frozenset({one for one in wanted if one in found} | _found(files, wanted)),
        states=states,
    )


def _found(files: Iterable[Path], markers: Iterable[str]) -> set[str]:
    wanted = {marker: marker.encode() for marker in markers}
    found = set()
    for file in files:
        if wanted and file.is_file():
            content = file.read_bytes()
            found |= {marker for marker, text in wanted.items() if text in content}
    return found
