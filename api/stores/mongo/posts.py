"""Keep posts and what a model said about them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from api.domain.analyses import Lease
from api.domain.posts import Classification, ClassifiedPost, Post
from api.errors import NotFoundError, StoreUnavailableError
from api.ports.store import SavedPosts
from api.stores.mongo.connections import Connections
from api.stores.mongo.documents import classification_of, post_of, stored_classification
from api.stores.mongo.erasure import is_alive
from api.stores.mongo.imports import chunks_of, decide, drop_staged, settled, stage
from api.stores.mongo.leases import analysis_held
from api.stores.mongo.queries import equal
from api.stores.mongo.users import user_known

Document = dict[str, Any]

_NEWEST = [("place", -1)]


class PostPart:
    """Be the part of the store that knows posts; api.ports.store says what its methods do."""

    _connections: Connections

    def save_posts(self, user_id: str, posts: Iterable[Post], at: datetime) -> SavedPosts:
        """Keep posts; one that comes twice counts once, and its last version is kept.

        Raises NotFoundError for an unknown user, and for one erased while the posts were read.
        """
        with self._connections.using() as database:
            user = user_known(database, user_id)
        import_id = uuid.uuid4().hex
        try:
            staged = self._stage(user["key"], import_id, posts, at)
        except BaseException:
            with suppress(StoreUnavailableError), self._connections.using() as database:
                drop_staged(database, import_id)  # else it expires, as posts do
            raise
        with self._connections.using() as database:
            if staged:
                saved = decide(database, user, import_id)
                alive = settled(database, user_id) is not None
            else:
                saved, alive = SavedPosts(), is_alive(database, user_id, user["key"])
        if not alive:
            raise NotFoundError(f"user {user_id!r} was erased while the posts were saved")
        return saved

    def _stage(self, user_key: str, import_id: str, posts: Iterable[Post], at: datetime) -> int:
        staged = 0
        for chunk in chunks_of(posts):  # not within using(): errors of the iterable are its own
            with self._connections.using() as database:
                stage(database, user_key, import_id, staged, chunk, at)
            staged += 1
        return staged

    def count_posts(self, user_id: str) -> int:
        """Count the user's posts."""
        with self._connections.using() as database:
            user = settled(database, user_id)
            return 0 if user is None else database.posts.count_documents(_of(user))

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        """Return the user's newest posts that the model has not classified."""
        if limit < 1:
            return []  # to the driver 0 means: no limit
        with self._connections.using() as database:
            window = _window(database, user_id, max_posts)
            if window is None:
                return []
            found = database.posts.find({**window, "model": {"$ne": model}})
            return [post_of(one) for one in found.sort(_NEWEST).limit(limit)]

    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        """Count the user's posts that the model has not classified."""
        with self._connections.using() as database:
            window = _window(database, user_id, max_posts)
            if window is None:
                return 0
            return database.posts.count_documents({**window, "model": {"$ne": model}})

    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        """Keep classifications in place of any other model's; posts that are gone are left out.

        Each is whole, but of a batch some may be kept where the store fails in its midst: the next
        run then has fewer left to do. A run that loses its lease right after it was checked may
        still keep some, which are as true as those of the run that holds it.
        """
        with self._connections.using() as database:
            key = analysis_held(database, lease)["user_key"]
            changes = [
                UpdateOne(
                    equal(user_key=key, post_id=post_id),
                    {"$set": {"model": model, "classification": stored_classification(said)}},
                )
                for post_id, said in classified
            ]
            if changes:
                database.posts.bulk_write(changes, ordered=False)

    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        """Return the user's newest posts that the model has classified."""
        with self._connections.using() as database:
            window = _window(database, user_id, max_posts)
            return _classified(database, window, {"$eq": model})

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        """Return the user's posts that any model has classified."""
        with self._connections.using() as database:
            return _classified(database, _window(database, user_id, None), {"$gt": ""})


def _of(user: Document) -> Document:
    return equal(user_key=user["key"])


def _window(database: Database[Document], user_id: str, max_posts: int | None) -> Document | None:
    """Return the filter of the user's newest max_posts posts; None where there can be none."""
    user = settled(database, user_id)
    if user is None or (max_posts is not None and max_posts < 1):
        return None
    if max_posts is None:
        return _of(user)
    found = database.posts.find(_of(user), {"place": 1, "_id": 0}).sort(_NEWEST)
    oldest = list(found.skip(max_posts - 1).limit(1))
    return {**_of(user), "place": {"$gte": oldest[0]["place"]}} if oldest else _of(user)


def _classified(
    database: Database[Document], window: Document | None, model: Document
) -> list[ClassifiedPost]:
    if window is None:
        return []
    found = database.posts.find({**window, "model": model}).sort(_NEWEST)
    return [ClassifiedPost(post_of(one), classification_of(one)) for one in found]
