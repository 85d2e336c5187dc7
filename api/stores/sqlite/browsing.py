"""Browsing: the posts of a user that a filter wants, and their past analyses, page by page."""

import sqlite3
from collections.abc import Iterator

from api.domain.analyses import Analysis
from api.domain.posts import StoredPost
from api.ports.browsing import AnalysisPlace, PostFilter, PostPlace
from api.stores.sqlite.analyses import analysis_of
from api.stores.sqlite.connections import StorePart
from api.stores.sqlite.posts import IN_ORDER, stored_post_of
from api.stores.text_search import holding
from api.stores.values import stored_time, time_of

_PLACE = "(created_at, length(post_id), post_id)"
_USER_KEY = "user_key = (SELECT user_key FROM users WHERE user_id = ?)"
_BY_KEY = "SELECT * FROM posts WHERE post_key = ?"
# The state is a literal, not a parameter: only then does SQLite see that the partial index serves.
_HISTORY = (
    "SELECT analyses.*, user_id FROM analyses JOIN users USING (user_key) "
    "WHERE analyses.user_key = (SELECT user_key FROM users WHERE user_id = ?) "
    "AND state = 'succeeded' AND (finished_at, analysis_id) < (?, ?) "
    "ORDER BY finished_at DESC, analysis_id DESC LIMIT ?"
)
_NEWEST = (2**63 - 1, "")

_Parameters = tuple[str | int, ...]


class BrowsingPart(StorePart):
    """Posts that a filter wants, and past analyses; api.ports.store documents the methods."""

    def found_posts(
        self, user_id: str, wanted: PostFilter, *, after: PostPlace | None, limit: int
    ) -> list[StoredPost]:
        where, parameters = _where(user_id, wanted, after)
        if wanted.text is None:
            statement = f"SELECT * {where} {IN_ORDER} LIMIT ?"
            return [stored_post_of(row) for row in self._rows(statement, *parameters, limit)]
        with self._connections.snapshot() as connection:
            texts = _texts(connection, where, parameters)
            keys = list(holding(texts, wanted.text, limit))
            return [stored_post_of(connection.execute(_BY_KEY, (key,)).fetchone()) for key in keys]

    def count_found_posts(self, user_id: str, wanted: PostFilter) -> int:
        where, parameters = _where(user_id, wanted, None)
        if wanted.text is None:
            ((count,),) = self._rows(f"SELECT count(*) {where}", *parameters)
            return int(count)
        with self._connections.reading() as connection:
            texts = _texts(connection, where, parameters)
            return sum(1 for _ in holding(texts, wanted.text, None))

    def found_place(self, user_id: str, wanted: PostFilter, number: int) -> PostPlace | None:
        where, parameters = _where(user_id, wanted, None)
        statement = f"SELECT created_at, post_id {where} {IN_ORDER} LIMIT 1 OFFSET ?"
        rows = self._rows(statement, *parameters, number - 1)
        return PostPlace(time_of(rows[0][0]), rows[0][1]) if rows else None

    def succeeded_analyses(
        self, user_id: str, *, after: AnalysisPlace | None, limit: int
    ) -> list[Analysis]:
        place = _NEWEST if after is None else (stored_time(after.finished_at), after.analysis_id)
        return [analysis_of(row) for row in self._rows(_HISTORY, user_id, *place, limit)]


def _where(user_id: str, wanted: PostFilter, after: PostPlace | None) -> tuple[str, _Parameters]:
    """Return the FROM and WHERE of the posts wanted, but for their text, with its parameters.

    created_at alone bounds SQLite's walk of the index, so it stands beside each place; a place lies
    within start and end, which are then left out.
    """
    tests: list[str] = [_USER_KEY]
    parameters: list[str | int] = [user_id]

    def test(condition: str, *values: str | int) -> None:
        tests.append(condition)
        parameters.extend(values)

    if wanted.emotion is not None:
        test("coalesce(correction, label) = ?", wanted.emotion)  # as the index has it
    if after is not None:
        test(f"created_at <= ? AND {_PLACE} < (?, ?, ?)", *_bound(after))
    elif wanted.end is not None:
        test("created_at < ?", stored_time(wanted.end))
    if wanted.oldest is not None:
        test(f"created_at >= ? AND {_PLACE} >= (?, ?, ?)", *_bound(wanted.oldest))
    elif wanted.start is not None:
        test("created_at >= ?", stored_time(wanted.start))
    if wanted.ownership is not None:
        test("ownership = ?", wanted.ownership.value)
    return f"FROM posts WHERE {' AND '.join(tests)}", tuple(parameters)


def _bound(place: PostPlace) -> tuple[int, int, int, str]:
    at = stored_time(place.created_at)
    return at, at, len(place.post_id), place.post_id


def _texts(
    connection: sqlite3.Connection, where: str, parameters: _Parameters
) -> Iterator[tuple[int, str]]:
    yield from connection.execute(f"SELECT post_key, text {where} {IN_ORDER}", parameters)
