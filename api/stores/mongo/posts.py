"""Posts and their classifications: saving a stream of posts, and reading the newest."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from pymongo import ReturnDocument, UpdateOne

from api.domain.analyses import Lease
from api.domain.posts import Classification, ClassifiedPost, Post, StoredPost
from api.errors import NotFoundError, StoreUnavailableError
from api.ports.store import LabelledPosts, SavedPosts
from api.stores.mongo.analyses import leased_analysis
from api.stores.mongo.connections import Document, MongoDatabase, StorePart
from api.stores.mongo.documents import ALIVE, classified_post_of, equal, post_of, stored_post_of
from api.stores.mongo.post_comparison import compare
from api.stores.mongo.post_imports import (
    chunks_of,
    decide_import,
    drop_import,
    stage_chunk,
    user_after_import,
    user_of_import,
)
from api.stores.mongo.users import agreed_to_training, user_exists
from api.stores.shared_rules import labelled_posts_of, no_such_post
from api.stores.values import stored_text

_NEWEST = [("place", -1)]


class PostPart(StorePart):
    """Posts and their classifications; api.ports.store documents the methods."""

    def save_posts(
        self,
        user_id: str,
        posts: Iterable[Post],
        at: datetime,
        *,
        new_user: str | None = None,
        dry_run: bool = False,
    ) -> SavedPosts:
        """Stage the posts, then import them as a whole (see `post_imports`)."""
        with self._connections.using() as database:
            known = user_after_import(database, user_id)
        if known is None and new_user is None and not dry_run:
            raise NotFoundError(f"there is no user {user_id!r}")
        # The key for somebody unknown is nobody's until they are created with it.
        user = known or {"key": uuid.uuid4().hex}
        import_id = uuid.uuid4().hex
        try:
            staged = 0
            for chunk in chunks_of(posts):  # outside using(): errors of the iterable stay unchanged
                with self._connections.using() as database:
                    stage_chunk(database, user["key"], import_id, staged, chunk, at)
                staged += 1
        except BaseException:
            with suppress(StoreUnavailableError), self._connections.using() as database:
                # If this fails they expire, as posts do.
                drop_import(database, import_id)
            raise
        if dry_run:
            with self._connections.using() as database:
                now = user_after_import(database, user_id) or user
                saved = compare(database, now, import_id).saved if staged else SavedPosts()
                drop_import(database, import_id)
            return saved
        if known is None and not staged:
            return SavedPosts()
        with self._connections.using() as database:
            if known is None and new_user is not None:
                user = user_of_import(database, import_id, user_id, new_user, at, key=user["key"])
            if staged:
                saved = decide_import(database, user, import_id)
                alive = user_after_import(database, user_id) is not None
            else:
                saved, alive = SavedPosts(), user_exists(database, user_id, user["key"])
        if not alive:
            raise NotFoundError(f"user {user_id!r} was erased while the posts were saved")
        return saved

    def count_posts(self, user_id: str) -> int:
        with self._connections.using() as database:
            user = user_after_import(database, user_id)
            return 0 if user is None else database.posts.count_documents(_of(user))

    def unclassified_posts(
        self, user_id: str, model: str, *, max_posts: int | None, limit: int
    ) -> list[Post]:
        if limit < 1:
            return []  # 0 means no limit to the driver
        with self._connections.using() as database:
            window = _window(database, user_id, max_posts)
            if window is None:
                return []
            found = database.posts.find({**window, "model": {"$ne": model}})
            return [post_of(one) for one in found.sort(_NEWEST).limit(limit)]

    def count_unclassified(self, user_id: str, model: str, *, max_posts: int | None) -> int:
        with self._connections.using() as database:
            window = _window(database, user_id, max_posts)
            if window is None:
                return 0
            return database.posts.count_documents({**window, "model": {"$ne": model}})

    def save_classifications(
        self, lease: Lease, model: str, classified: Sequence[tuple[str, Classification]]
    ) -> None:
        """Save classifications; a run that loses its lease after the check may still save some.

        They are as valid as those of the run that has the lease.
        """
        with self._connections.using() as database:
            key = leased_analysis(database, lease)["user_key"]
            changes = []
            for post_id, one in classified:
                stored = {**asdict(one), "scores": dict(one.scores)}
                change = {"$set": {"model": model, "classification": stored}}
                changes.append(UpdateOne(equal(user_key=key, post_id=post_id), change))
            if changes:
                database.posts.bulk_write(changes, ordered=False)

    def classified_posts(
        self, user_id: str, model: str, *, max_posts: int | None
    ) -> list[ClassifiedPost]:
        with self._connections.using() as database:
            window = _window(database, user_id, max_posts)
            return _classified(database, window, {"$eq": model})

    def latest_classified_posts(self, user_id: str) -> list[ClassifiedPost]:
        with self._connections.using() as database:
            return _classified(database, _window(database, user_id, None), {"$gt": ""})

    def correct_post(self, user_id: str, post_id: str, emotion: str | None) -> StoredPost:
        change: Document = {"$set": {"correction": emotion}}
        if emotion is None:
            change = {"$unset": {"correction": ""}}
        with self._connections.using() as database:
            user = user_after_import(database, user_id)
            if user is None:
                raise no_such_post(user_id, post_id)
            found = database.posts.find_one_and_update(
                {**_of(user), **equal(post_id=stored_text(post_id))},
                change,
                return_document=ReturnDocument.AFTER,
            )
        if found is None:
            raise no_such_post(user_id, post_id)
        return stored_post_of(found)

    def labelled_posts(self) -> LabelledPosts:
        corrected = {"correction": {"$exists": True}}
        found = []
        with self._connections.using() as database:
            for user in database.users.find({**equal(training=True), **ALIVE}):
                if not agreed_to_training(user):
                    continue
                user_after_import(database, user["_id"])
                for post in database.posts.find({**_of(user), **corrected}):
                    found.append((post["ownership"], post["text"], post["correction"]))
        return labelled_posts_of(found)


def _of(user: Document) -> Document:
    return equal(user_key=user["key"])


def _window(database: MongoDatabase, user_id: str, max_posts: int | None) -> Document | None:
    """Return the filter of the user's newest max_posts posts, or None if there can be none."""
    user = user_after_import(database, user_id)
    if user is None or (max_posts is not None and max_posts < 1):
        return None
    if max_posts is None:
        return _of(user)
    found = database.posts.find(_of(user), {"place": 1, "_id": 0}).sort(_NEWEST)
    oldest = list(found.skip(max_posts - 1).limit(1))
    return {**_of(user), "place": {"$gte": oldest[0]["place"]}} if oldest else _of(user)


def _classified(
    database: MongoDatabase, window: Document | None, model: Document
) -> list[ClassifiedPost]:
    if window is None:
        return []
    found = database.posts.find({**window, "model": model}).sort(_NEWEST)
    return [classified_post_of(one) for one in found]
