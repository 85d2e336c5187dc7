"""Browsing: the posts of a user that a filter wants, and their past analyses, page by page."""

from collections.abc import Iterator

from api.domain.analyses import Analysis, AnalysisState
from api.domain.posts import StoredPost
from api.ports.browsing import AnalysisPlace, PostFilter, PostPlace
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import (
    ALIVE,
    analysis_of,
    equal,
    sort_key,
    stored_post_of,
    time_key,
)
from api.stores.mongo.post_imports import user_after_import
from api.stores.text_search import holding
from api.stores.values import stored_time, time_of

_NEWEST = [("place", -1)]
_HISTORY = [("finished_at", -1), ("_id", -1)]


class BrowsingPart(StorePart):
    """Posts that a filter wants, and past analyses; api.ports.store documents the methods."""

    def found_posts(
        self, user_id: str, wanted: PostFilter, *, after: PostPlace | None, limit: int
    ) -> list[StoredPost]:
        with self._connections.using() as database:
            asked = _asked(database, user_id, wanted, after)
            if asked is None or limit < 1:  # 0 means no limit to the driver
                return []
            if wanted.text is not None:
                found = list(holding(_texts(database, asked), wanted.text, limit))
                asked = {"user_key": asked["user_key"], "post_id": {"$in": found}}
                posts = sorted(
                    database.posts.find(asked), key=lambda one: str(one["place"]), reverse=True
                )
                return [stored_post_of(one) for one in posts]
            return [
                stored_post_of(one) for one in database.posts.find(asked).sort(_NEWEST).limit(limit)
            ]

    def count_found_posts(self, user_id: str, wanted: PostFilter) -> int:
        with self._connections.using() as database:
            asked = _asked(database, user_id, wanted, None)
            if asked is None:
                return 0
            if wanted.text is not None:
                return sum(1 for _ in holding(_texts(database, asked), wanted.text, None))
            return database.posts.count_documents(asked)

    def found_place(self, user_id: str, wanted: PostFilter, number: int) -> PostPlace | None:
        with self._connections.using() as database:
            asked = _asked(database, user_id, wanted, None)
            if asked is None:
                return None
            fields = {"created_at": 1, "post_id": 1, "_id": 0}
            found = database.posts.find(asked, fields).sort(_NEWEST).skip(number - 1).limit(1)
            for one in found:
                return PostPlace(time_of(one["created_at"]), one["post_id"])
        return None

    def succeeded_analyses(
        self, user_id: str, *, after: AnalysisPlace | None, limit: int
    ) -> list[Analysis]:
        analyses: list[Analysis] = []
        with self._connections.using() as database:
            user = database.users.find_one({**equal(id=user_id), **ALIVE}, {"key": 1})
            if user is None or limit < 1:
                return []
            asked = equal(user_key=user["key"], state=AnalysisState.SUCCEEDED.value)
            if after is not None:
                asked["finished_at"] = {"$lte": stored_time(after.finished_at)}
            for one in database.analyses.find(asked).sort(_HISTORY):
                # Those that ended at the very time of the place, but before it in the order.
                if after is not None and _place_of(one) >= (
                    stored_time(after.finished_at),
                    after.analysis_id,
                ):
                    continue
                analyses.append(analysis_of(one))
                if len(analyses) == limit:
                    break
        return analyses


def _asked(
    database: MongoDatabase, user_id: str, wanted: PostFilter, after: PostPlace | None
) -> Document | None:
    """Return the filter of the posts wanted but for their text; None if the user is unknown."""
    user = user_after_import(database, user_id)
    if user is None:
        return None
    asked = equal(user_key=user["key"])
    if wanted.emotion is not None:
        label, correction = "classification.label", "correction"
        asked["$or"] = [
            {label: {"$eq": wanted.emotion}, correction: {"$eq": None}},
            {correction: {"$eq": wanted.emotion}},
        ]
    if wanted.ownership is not None:
        asked["ownership"] = {"$eq": wanted.ownership.value}
    places: Document = {}
    if after is not None:  # it lies within start and end, as oldest does
        places["$lt"] = sort_key(after.created_at, after.post_id)
    elif wanted.end is not None:
        places["$lt"] = time_key(wanted.end)
    if wanted.oldest is not None:
        places["$gte"] = sort_key(wanted.oldest.created_at, wanted.oldest.post_id)
    elif wanted.start is not None:
        places["$gte"] = time_key(wanted.start)
    return {**asked, "place": places} if places else asked


def _texts(database: MongoDatabase, asked: Document) -> Iterator[tuple[str, str]]:
    fields = {"post_id": 1, "text": 1, "_id": 0}
    for one in database.posts.find(asked, fields).sort(_NEWEST):
        yield one["post_id"], one["text"]


def _place_of(analysis: Document) -> tuple[int, str]:
    return analysis["finished_at"], analysis["_id"]
