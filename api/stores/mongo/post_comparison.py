"""Compares a staged import with the stored posts: what it creates and changes, and what gives way.

Ids and times are collected, texts are not. Only posts of the same minute can be the same
(`content_key`), and keys are made for those only; the sort key `place` finds them, as it begins
with the time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from api.domain.posts import content_key, is_content_id
from api.ports.store import SavedPosts
from api.stores.mongo.connections import Document, MongoDatabase
from api.stores.mongo.documents import equal, post_of
from api.stores.same_posts import giving_way, standing_of

_BATCH = 500
_RANGES = 100  # conditions of one query
_MINUTE = 60_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Item = TypeVar("Item")


@dataclass(slots=True)
class Comparison:
    """What an import changes.

    left_out are the ids of its posts that are not saved, removed those of stored posts. places maps
    the id of a stored post to the id of the new one that takes its place. kept are the stored posts
    of which the import has duplicates. content_ids is whether the user has posts with such an id
    afterwards.
    """

    saved: SavedPosts
    saved_at: datetime
    content_ids: bool
    left_out: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Staged:
    """What is collected of the staged posts: of each id what its last version says."""

    saved_at: datetime = _EPOCH
    outcomes: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    earlier_ids: dict[str, Sequence[str]] = field(default_factory=dict)


def compare(database: MongoDatabase, user: Mapping[str, Any], import_id: str) -> Comparison:
    """Compare a staged import with the posts of a user, of whom only the key must be known."""
    key = user["key"]
    staged = _staged(database, import_id)
    gone = _earlier_versions(database, key, staged)
    stored_gone = [
        one["post_id"]
        for ids in batches(gone)
        for one in database.posts.find(with_ids(key, ids), {"post_id": 1})
    ]
    edits = len(gone.intersection(staged.outcomes).union(stored_gone))
    stored_content_ids = user.get("content_ids")
    if stored_content_ids is None:
        stored_content_ids = _has_content_ids(database, key)
    content_ids = any(map(is_content_id, staged.outcomes))
    result = Comparison(
        SavedPosts(), staged.saved_at, content_ids or stored_content_ids, gone, stored_gone
    )
    duplicates = 0
    if result.content_ids:
        candidates = sorted(
            _candidates(database, key, import_id, staged, gone, everywhere=stored_content_ids)
        )
        compared = ((content, standing, post_id) for content, standing, _, post_id in candidates)
        for post_id, kept, takes_place in giving_way(compared):
            came = post_id in staged.outcomes
            duplicates += came or not takes_place
            if takes_place:
                result.places[post_id] = kept
                staged.outcomes[kept] = "updated"
            elif not came or staged.outcomes[post_id] != "created":
                result.removed.append(post_id)
            if came:
                result.left_out.add(post_id)
            if kept not in staged.outcomes:
                result.kept.add(kept)
    counts = Counter(
        outcome for post_id, outcome in staged.outcomes.items() if post_id not in result.left_out
    )
    result.saved = SavedPosts(**counts, duplicates=duplicates, edits=edits)
    return result


def batches(items: Iterable[Item], size: int = _BATCH) -> Iterator[list[Item]]:
    """Yield the items in lists of at most size."""
    stream = iter(items)
    while batch := list(islice(stream, size)):
        yield batch


def known_posts(database: MongoDatabase, staged: Document) -> Iterable[Document]:
    """Return the stored posts whose ids a staged chunk has."""
    ids = [post["post_id"] for post in staged["posts"]]
    return database.posts.find(with_ids(staged["user_key"], ids))


def chunks(database: MongoDatabase, import_id: str) -> Iterable[Document]:
    """Return the staged chunks of posts in their order."""
    found = database.imports.find({**equal(import_id=import_id), "chunk": {"$gte": 0}})
    return found.sort("chunk", 1)


def with_ids(user_key: str, ids: Sequence[str]) -> Document:
    """Return the filter of the posts of a user with these ids."""
    return {**equal(user_key=user_key), "post_id": {"$in": list(ids)}}


def _staged(database: MongoDatabase, import_id: str) -> _Staged:
    found = _Staged()
    for staged in chunks(database, import_id):
        stored = {post["post_id"]: post for post in known_posts(database, staged)}
        found.saved_at = staged["saved_at"]
        for post in staged["posts"]:
            post_id, known = post["post_id"], stored.get(post["post_id"])
            found.outcomes.pop(post_id, None)  # so that their order is that of the last versions
            if known is None:
                outcome = "created"
            else:
                same = all(known.get(name) == value for name, value in post.items())
                outcome = "unchanged" if same else "updated"
            found.outcomes[post_id] = outcome
            found.places[post_id] = post["place"]
            found.earlier_ids.pop(post_id, None)
            if "earlier_ids" in post:
                found.earlier_ids[post_id] = post["earlier_ids"]
    return found


def _earlier_versions(database: MongoDatabase, key: str, staged: _Staged) -> set[str]:
    """Return the ids that another post names as its earlier versions.

    Of two posts that name each other the newer one is none.
    """
    named: defaultdict[str, dict[str, str]] = defaultdict(dict)  # by which post, and its place
    of_user = {**equal(user_key=key), "earlier_ids": {"$exists": True}}
    if database.posts.find_one(of_user, {"_id": 1}) is not None:
        fields = {"post_id": 1, "place": 1, "earlier_ids": 1}
        for ids in batches(staged.outcomes):
            wanted = set(ids)
            naming = {**equal(user_key=key), "earlier_ids": {"$in": ids}}
            for one in database.posts.find(naming, fields):
                for earlier in wanted.intersection(one["earlier_ids"]):
                    named[earlier][one["post_id"]] = one["place"]
    for post_id, earlier_ids in staged.earlier_ids.items():
        for earlier in earlier_ids:
            named[earlier][post_id] = staged.places[post_id]
    return {
        earlier
        for earlier, by in named.items()
        if any(
            post_id != earlier and place > named.get(post_id, {}).get(earlier, "")
            for post_id, place in by.items()
        )
    }


def _has_content_ids(database: MongoDatabase, key: str) -> bool:
    found = {**equal(user_key=key), "post_id": {"$regex": "^[0-9a-f]{32}$"}}
    return database.posts.find_one(found, {"_id": 1}) is not None


def _candidates(
    database: MongoDatabase,
    key: str,
    import_id: str,
    staged: _Staged,
    gone: set[str],
    *,
    everywhere: bool,
) -> Iterator[tuple[str, int, int, str]]:
    """Yield the posts that may be the same: content key, standing, number, id.

    everywhere is whether any stored post may have a content id, not only those that are staged.
    """
    ids_of: defaultdict[int, list[str]] = defaultdict(list)
    for post_id, place in staged.places.items():
        if post_id not in gone:
            ids_of[_minute_of(place)].append(post_id)
    shared = {
        minute for minute, ids in ids_of.items() if len(ids) > 1 and any(map(is_content_id, ids))
    }
    looked_at = (
        minute for minute, ids in ids_of.items() if everywhere or any(map(is_content_id, ids))
    )
    for minutes in batches(looked_at, _RANGES):
        stored: defaultdict[int, list[Document]] = defaultdict(list)
        for post in database.posts.find(_in_minutes(key, minutes)):
            if post["post_id"] not in staged.outcomes and post["post_id"] not in gone:
                stored[_minute_of(post["place"])].append(post)
        for minute, posts in stored.items():
            ids = [*ids_of[minute], *(post["post_id"] for post in posts)]
            if any(map(is_content_id, ids)):
                shared.add(minute)
                for post in posts:
                    yield *_compared(post, known=True), 0, post["post_id"]
    if not shared:
        return
    spooled: dict[str, tuple[str, int]] = {}  # of the last version of each id
    for chunk in chunks(database, import_id):
        for post in chunk["posts"]:
            post_id = post["post_id"]
            if post_id not in gone and _minute_of(staged.places[post_id]) in shared:
                known = staged.outcomes[post_id] != "created"
                spooled[post_id] = _compared(post, known=known)
    for number, post_id in enumerate(staged.outcomes):
        if post_id in spooled:
            yield *spooled[post_id], number, post_id


def _compared(post: Document, *, known: bool) -> tuple[str, int]:
    """Return the content key and the standing of a post."""
    standing = standing_of(known=known, content_id=is_content_id(post["post_id"]))
    return content_key(post_of(post)), standing


def _minute_of(place: str) -> int:
    return int(place[:18]) // _MINUTE


def _in_minutes(key: str, minutes: list[int]) -> Document:
    ranges = [
        {"place": {"$gte": f"{minute * _MINUTE:018d}", "$lt": f"{(minute + 1) * _MINUTE:018d}"}}
        for minute in minutes
    ]
    return {**equal(user_key=key), "$or": ranges}
