"""Snapshot of the embedded store and of all files of a service, for the checker."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from api.stores.shared_rules import user_hash
from tests.support.faults.checker import Snapshot, StoredAnalysis, StoredUser


def snapshot(
    store_file: Path,
    files: Iterable[Path],
    *,
    markers: Iterable[str],
    users: Iterable[str],
    states: Mapping[str, str | None],
) -> Snapshot:
    """Read the store, and search the files for the markers of texts that must be gone."""
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


def _found(files: Iterable[Path], markers: Iterable[str]) -> set[str]:
    wanted = {marker: marker.encode() for marker in markers}
    found = set()
    for file in files:
        if wanted and file.is_file():
            content = file.read_bytes()
            found |= {marker for marker, text in wanted.items() if text in content}
    return found
