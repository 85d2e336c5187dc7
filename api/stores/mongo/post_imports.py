"""Atomic import of posts without a transaction: stage_chunk, compare, decide_import, apply.

Staged chunks are invisible. What gives way is staged too, before the chunks (`post_comparison`).
The deciding write names the import on the user (`pending_import`) and counts it (`imports`); it
succeeds only if no other import was decided since this one was compared, otherwise it is compared
again. From then on every reader of the user's posts applies the import first. Posts have a version
(import and chunk), so a late writer cannot restore older ones; and what it inserts although a later
import was decided had been removed since, so it removes it again.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from api.domain.posts import Post
from api.errors import NotFoundError
from api.ports.store import SavedPosts
from api.stores.mongo.connections import Document, MongoDatabase
from api.stores.mongo.documents import ALIVE, equal, stored_post
from api.stores.mongo.post_comparison import (
    Comparison,
    batches,
    chunks,
    compare,
    known_posts,
    with_ids,
)
from api.stores.mongo.users import known_or_created, purge, user_exists

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
        characters += len(post.text) + sum(map(len, post.earlier_ids))
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
    **gives_way: list[Any],
) -> None:
    """Store a chunk that no reader sees yet."""
    staged = {"user_key": user_key, "import_id": import_id, "chunk": chunk}
    database.imports.insert_one({**staged, "posts": posts, "saved_at": at, **gives_way})


def decide_import(database: MongoDatabase, user: Mapping[str, Any], import_id: str) -> SavedPosts:
    """Decide a staged import and return what it changes.

    Raises NotFoundError if the user was erased.
    """
    while True:
        now = user_after_import(database, user["_id"])
        if now is None or now["key"] != user["key"]:
            raise NotFoundError(f"user {user['_id']!r} was erased while the posts were read")
        result = compare(database, now, import_id)
        _stage_comparison(database, now["key"], import_id, result)
        decided = database.users.update_one(
            {
                **equal(id=user["_id"], key=user["key"], imports=now["imports"]),
                **equal(pending_import=None),
                **ALIVE,
            },
            {
                "$set": {
                    "pending_import": import_id,
                    "imports": now["imports"] + 1,
                    "content_ids": result.content_ids,
                }
            },
        )
        if decided.matched_count:
            return result.saved
        _drop_comparison(database, import_id)


def user_of_import(
    database: MongoDatabase, import_id: str, user_id: str, user_name: str, at: datetime, *, key: str
) -> Document:
    """Create the user of an import that is staged under a key that was nobody's; return the user.

    If others have created the user meanwhile, what is staged becomes theirs.
    """
    user = known_or_created(database, user_id, user_name, at, key=key)
    if user["key"] != key:
        theirs = {"$set": {"user_key": user["key"]}}
        database.imports.update_many(equal(import_id=import_id), theirs)
    return user


def drop_import(database: MongoDatabase, import_id: str) -> None:
    """Delete what is staged of an import."""
    database.imports.delete_many(equal(import_id=import_id))


def user_after_import(database: MongoDatabase, user_id: str) -> Document | None:
    """Return the user after applying a pending import, or None if unknown."""
    user = database.users.find_one({**equal(id=user_id), **ALIVE})
    if user is None or "pending_import" not in user:
        return user
    import_id, key = user.pop("pending_import"), user["key"]
    for staged in database.imports.find(equal(import_id=import_id)).sort("chunk", 1):
        _apply(database, user, staged)
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


def apply_chunk(database: MongoDatabase, staged: Document, number: int) -> list[str]:
    """Write one staged chunk of a user's n-th import; idempotent. Return the ids it inserted."""
    if staged["chunk"] < 0:
        return _give_way(database, staged, number)
    key, version = staged["user_key"], _version_of(staged, number)
    texts = {post["post_id"]: post["text"] for post in known_posts(database, staged)}
    left_out = frozenset(staged.get("left_out", ()))
    changes = {}
    for post in staged["posts"]:
        if post["post_id"] in left_out:
            continue
        fields = {name: value for name, value in post.items() if name != "post_id"}
        change = {"$set": {**fields, "saved_at": staged["saved_at"], "version": version}}
        if texts.get(post["post_id"]) != post["text"]:
            # The classification and correction of another text say nothing about this one.
            change["$unset"] = {"model": "", "classification": "", "correction": ""}
        older = {**equal(user_key=key, post_id=post["post_id"]), "version": {"$lt": version}}
        changes[post["post_id"]] = UpdateOne(older, change, upsert=True)
    return _inserted(database, changes)


def _apply(database: MongoDatabase, user: Mapping[str, Any], staged: Document) -> None:
    number = user["imports"]
    inserted = apply_chunk(database, staged, number)
    if not inserted:
        return
    now = database.users.find_one(equal(id=user["_id"], key=user["key"]), {"imports": 1})
    if now is not None and now["imports"] > number:
        # This import had been applied by another process before the later one was decided.
        late = {**with_ids(user["key"], inserted), **equal(version=_version_of(staged, number))}
        database.posts.delete_many(late)


def _give_way(database: MongoDatabase, staged: Document, number: int) -> list[str]:
    """Remove stored posts, or copy them to the id that takes their place, and renew the kept."""
    key, first = staged["user_key"], number * _CHUNKS
    older = {"version": {"$lt": first}}
    copies = {}
    for old, new in staged["places"]:
        post = database.posts.find_one({**equal(user_key=key, post_id=old), **older})
        if post is None:
            continue
        fields = {name: post[name] for name in post.keys() - {"_id", "user_key", "post_id"}}
        copy = {"$setOnInsert": {**fields, "version": _version_of(staged, number)}}
        copies[new] = UpdateOne(equal(user_key=key, post_id=new), copy, upsert=True)
    inserted = _inserted(database, copies)
    removed = [*staged["removed"], *(old for old, _ in staged["places"])]
    database.posts.delete_many({**with_ids(key, removed), **older})
    database.posts.update_many(
        {**with_ids(key, staged["kept"]), **older}, {"$max": {"saved_at": staged["saved_at"]}}
    )
    return inserted


def _version_of(staged: Document, number: int) -> int:
    """Return the version of the posts of a chunk, which grows with each import and chunk."""
    return number * _CHUNKS + int(staged["chunk"])


def _inserted(database: MongoDatabase, changes: Mapping[str, UpdateOne]) -> list[str]:
    """Run the updates of posts, by id, and return the ids of those that they inserted."""
    if not changes:
        return []
    try:
        done = database.posts.bulk_write(list(changes.values()), ordered=False)
        inserted: Iterable[int] = done.upserted_ids or ()
    except BulkWriteError as exc:
        # A duplicate is a post that already has this version or a later one.
        if any(error["code"] != _DUPLICATE_KEY for error in exc.details["writeErrors"]):
            raise
        inserted = [one["index"] for one in exc.details["upserted"]]
    ids = list(changes)
    return [ids[index] for index in inserted]


def _stage_comparison(
    database: MongoDatabase, user_key: str, import_id: str, result: Comparison
) -> None:
    """Stage what gives way: stored posts before the chunks, staged ones within them."""
    parts = zip_longest(
        *map(batches, (result.removed, result.places.items(), result.kept)), fillvalue=()
    )
    for number, (removed, places, kept) in enumerate(parts, start=1):
        stage_chunk(
            database,
            user_key,
            import_id,
            -number,
            [],
            result.saved_at,
            removed=list(removed),
            places=[list(pair) for pair in places],
            kept=list(kept),
        )
    if not result.left_out:
        return
    for chunk in chunks(database, import_id):
        left_out = result.left_out.intersection(post["post_id"] for post in chunk["posts"])
        if left_out:
            change = {"$set": {"left_out": sorted(left_out)}}
            database.imports.update_one(equal(id=chunk["_id"]), change)


def _drop_comparison(database: MongoDatabase, import_id: str) -> None:
    database.imports.delete_many({**equal(import_id=import_id), "chunk": {"$lt": 0}})
    database.imports.update_many(equal(import_id=import_id), {"$unset": {"left_out": ""}})
