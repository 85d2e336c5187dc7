"""Keep what matching friends reads, and rank candidates by it."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest

from api.domain.recommendations import FriendCandidate
from api.stores.values import stored_text, time_of

MOST_PER_HASHTAG = 100
"""How many users, the freshest, are looked at for one hashtag.

It bounds the work at a million users. Up to as many users of one mood and hashtag the ranking is
exact; past that, a user who shares several hashtags but is stale in each may be missed.
"""
MOST_HASHTAGS = 50
"""How many hashtags are compared, the first ones."""

_BY_HASHTAG = (
    "SELECT user_key, mood_at FROM user_hashtags "
    "WHERE mood = ? AND hashtag = ? AND matchable = 1 ORDER BY mood_at DESC, user_key LIMIT ?"
)
_FRESHEST = (
    "SELECT user_key FROM users WHERE mood = ? AND matchable = 1 "
    "ORDER BY mood_at DESC, user_key LIMIT ?"
)


def set_mood(
    connection: sqlite3.Connection,
    user_key: int,
    mood: str | None,
    mood_at: int,
    hashtags: Iterable[str],
) -> None:
    """Put the user's latest mood and hashtags in place of the earlier ones."""
    (matchable,) = connection.execute(
        "UPDATE users SET mood = ?, mood_at = ? WHERE user_key = ? RETURNING matchable",
        (mood, mood_at, user_key),
    ).fetchone()
    connection.execute("DELETE FROM user_hashtags WHERE user_key = ?", (user_key,))
    connection.executemany(
        "INSERT INTO user_hashtags (user_key, hashtag, position, mood, mood_at, matchable) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [
            (user_key, hashtag, position, mood, mood_at, matchable)
            for position, hashtag in enumerate(dict.fromkeys(map(stored_text, hashtags)))
        ],
    )


def candidates_of(connection: sqlite3.Connection, keys: Sequence[int]) -> list[FriendCandidate]:
    """Return the users of these keys, in their order."""
    places = ", ".join("?" * len(keys))  # all that is put into the statements
    hashtags_of = f"SELECT user_key, hashtag FROM user_hashtags WHERE user_key IN ({places})"  # noqa: S608
    users_of = f"SELECT user_key, user_id, user_name, mood, mood_at FROM users WHERE user_key IN ({places})"  # noqa: S608,E501
    hashtags: defaultdict[int, list[str]] = defaultdict(list)
    for key, hashtag in connection.execute(f"{hashtags_of} ORDER BY user_key, position", keys):
        hashtags[key].append(hashtag)
    users = connection.execute(users_of, keys)
    found = {
        key: FriendCandidate(user_id, user_name, mood, time_of(mood_at), tuple(hashtags[key]))
        for key, user_id, user_name, mood, mood_at in users
    }
    return [found[key] for key in keys]


def ranked_candidates(
    connection: sqlite3.Connection,
    mood: str,
    hashtags: Sequence[str],
    *,
    limit: int,
    without: int | None,
) -> list[int]:
    """Return the keys of up to `limit` users: most shared hashtags first, then freshest mood."""
    shared: Counter[int] = Counter()
    mood_at: dict[int, int] = {}
    for hashtag in list(dict.fromkeys(map(stored_text, hashtags)))[:MOST_HASHTAGS]:
        found = dict(map(tuple, connection.execute(_BY_HASHTAG, (mood, hashtag, MOST_PER_HASHTAG))))
        shared.update(found.keys())
        mood_at.update(found)
    if without is not None:
        del shared[without]
    ranked = nsmallest(limit, shared, key=lambda key: (-shared[key], -mood_at[key], key))
    if len(ranked) < limit:
        # Those who share nothing come last: as many as may be needed past the ones found and the
        # user themselves.
        freshest = connection.execute(_FRESHEST, (mood, limit + 1))
        known = {*ranked, without}
        ranked += [row["user_key"] for row in freshest if row["user_key"] not in known]
    return ranked[:limit]
