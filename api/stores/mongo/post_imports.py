"""Atomic import of posts without a transaction: stage_chunk, compare, decide_import, apply.

Staged chunks are invisible. The deciding write names the import on the user (`pending_import`) and
counts it (`imports`); it succeeds only if no other import was decided since this one was compared,
otherwise it is compared again. From then on every reader of the user's posts applies the import
first. Posts have a version (import and chunk), so a late writer cannot restore older ones.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from api.domain.posts import Post
from api.errors import NotFoundError
from api.ports.store import SavedPosts
from api.stores.mongo.connections import Document, MongoDatabase
from api.stores.mongo.documents import ALIVE, equal, stored_post
from api.stores.mongo.users import purge, user_exists

_CHUNK_POSTS = 500
_CHUNK_CHARACTERS = 2_000_000  # at most four bytes each, and a document may have 16 MiB
_CHUNKS = 2**20  # more than an import can have
_DUPLICATE_KEY = 11000


def chunks_of(posts: Iterable[Post]) -> Iterator[list[Document]]:
    """Yield stored posts in chunks that fit into a document, each post once per chunk."""
    chunk: dict[str, Document] = {}
    characters = 0
    for post in posts:
        chunk[post.post_id] = stored_post(post)
        characters += len(post.text)
        if len(chunk) >= _CHUNK_POSTS or characters >= _CHUNK_CHARACTERS:
            yield list(chunk.values())
            chunk, characters = {}, 0
    if chunk:
        yield list(chunk.values())


def stage_chunk(
    database: MongoDatabase,
    user_key: str,
    import_id: str,
    chunk: int,
    posts: list[Document],
    at: datetime,
) -> None:
    """Store a chunk that no reader sees yet."""
    staged = {"user_key": user_key, "import_id": import_id, "chunk": chunk}
    database.imports.insert_one({**staged, "posts": posts, "saved_at": at})


def decide_import(database: MongoDatabase, user: Mapping[str, Any], import_id: str) -> SavedPosts:
    """Decide a staged import and return what it changes.

    Raises NotFoundError if the user was erased.
    """
    while True:
        now = user_after_import(database, user["_id"])
        if now is None or now["key"] != user["key"]:
            raise NotFoundError(f"user {user['_id']!r} was erased while the posts were read")
        saved = _compared(database, import_id)
        decided = database.users.update_one(
            {
                **equal(id=user["_id"], key=user["key"], imports=now["imports"]),
                **equal(pending_import=None),
                **ALIVE,
            },
            {"$set": {"pending_import": import_id, "imports": now["imports"] + 1}},
        )
        if decided.matched_count:
            return saved


def user_after_import(database: MongoDatabase, user_id: str) -> Document | None:
    """Return the user after applying a pending import, or None if unknown."""
    user = database.users.find_one({**equal(id=user_id), **ALIVE})
    if user is None or "pending_import" not in user:
        return user
    import_id, key = user.pop("pending_import"), user["key"]
    for staged in database.imports.find(equal(import_id=import_id)).sort("chunk", 1):
        apply_chunk(database, staged, user["imports"])
        database.imports.delete_one(equal(id=staged["_id"]))
    database.users.update_one(
        equal(id=user_id, key=key, pending_import=import_id), {"$unset": {"pending_import": ""}}
    )
    if not user_exists(database, user_id, key):
        purge(database, key)  # posts written for a user who was erased meanwhile
        return None
    return user


def known_user(database: MongoDatabase, user_id: str) -> Document:
    """Return the user after applying a pending import. Raises NotFoundError."""
    found = user_after_import(database, user_id)
    if found is None:
        raise NotFoundError(f"there is no user {user_id!r}")
    return found


def apply_chunk(database: MongoDatabase, staged: Document, number: int) -> None:
    """Write the posts of one staged chunk of a user's n-th import; idempotent."""
    key, version = staged["user_key"], number * _CHUNKS + staged["chunk"]
    texts = {post["post_id"]: post["text"] for post in _known(database, staged)}
    changes = []
    for post in staged["posts"]:
        fields = {name: value for name, value in post.items() if name != "post_id"}
        change = {"$set": {**fields, "saved_at": staged["saved_at"], "version": version}}
        if texts.get(post["post_id"]) != post["text"]:
            # The classification of another text says nothing about this one.
            change["$unset"] = {"model": "", "classification": ""}
        older = {**equal(user_key=key, post_id=post["post_id"]), "version": {"$lt": version}}
        changes.append(UpdateOne(older, change, upsert=True))
    try:
        database.posts.bulk_write(changes, ordered=False)
    except BulkWriteError as exc:
        # A duplicate is a post that already has this version or a later one.
        if any(error["code"] != _DUPLICATE_KEY for error in exc.details["writeErrors"]):
            raise


def _compared(database: MongoDatabase, import_id: str) -> SavedPosts:
    outcomes: dict[str, str] = {}
    for staged in database.imports.find(equal(import_id=import_id)).sort("chunk", 1):
        known = {post["post_id"]: post for post in _known(database, staged)}
        for post in staged["posts"]:
            stored = known.get(post["post_id"])
            if stored is None:
                outcomes[post["post_id"]] = "created"
            else:
                same = post.items() <= stored.items()
                outcomes[post["post_id"]] = "unchanged" if same else "updated"
    return SavedPosts(**Counter(outcomes.values()))


def _known(database: MongoDatabase, staged: Document) -> Iterable[Document]:
    ids = [post["post_id"] for post in staged["posts"]]
    return database.posts.find({**equal(user_key=staged["user_key"]), "post_id": {"$in": ids}})
