"""Rules and error texts that every store shares."""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from operator import attrgetter

from api.domain.analyses import Analysis, AnalysisRequest, Lease
from api.domain.posts import Ownership
from api.errors import (
    ConflictError,
    IdempotencyKeyReusedError,
    LeaseLostError,
    NotFoundError,
    StoreUnavailableError,
)
from api.ports.store import Erasure, LabelledPost, LabelledPosts
from api.stores.values import stored_hashtags

MILLION = 1_000_000
"""Shares are stored as whole millionths."""
_MOST_KEYS = 100
"""Idempotency keys per analysis: more would let a caller grow the store without limit."""


def check_same_request(known: Analysis, request: AnalysisRequest) -> None:
    """Raise IdempotencyKeyReusedError if a key was used for another request than this one."""
    if known.request != request:
        raise IdempotencyKeyReusedError(
            "this idempotency key was used for another request: send the same request again, or "
            "another key"
        )


def check_key_can_join(active: Analysis, request: AnalysisRequest, keys: int) -> None:
    """Raise ConflictError unless an active analysis with so many keys can be given another one.

    A key belongs to one request, so it cannot stand for an analysis that was asked for differently.
    """
    if active.request != request:
        raise ConflictError(
            f"analysis {active.analysis_id} of this user, which was asked for differently, is "
            f"{active.state.value}: wait for its end or cancel it, then send this request again"
        )
    if keys >= _MOST_KEYS:
        raise ConflictError(
            f"analysis {active.analysis_id} has {keys} idempotency keys already: send one of them, "
            "or none"
        )


def lease_lost(lease: Lease) -> LeaseLostError:
    """Return the error of a write whose lease is no longer valid."""
    return LeaseLostError(
        f"this run no longer owns analysis {lease.analysis_id}: it was taken over, ended or "
        "erased; nothing of this write was kept"
    )


def no_such_post(user_id: str, post_id: str) -> NotFoundError:
    """Return the error of a write to a post that is not stored."""
    return NotFoundError(f"There is no post {post_id!r} of {user_id!r}; it may be deleted.")


def check_version(where: str, version: int, newest: int) -> None:
    """Raise StoreUnavailableError if a newer version than this one wrote the store."""
    if version > newest:
        raise StoreUnavailableError(
            f"the store {where} was written by a newer version (its schema is {version}, this "
            f"version knows {newest}): start the newer version, or restore a backup"
        )


def labelled_posts_of(corrected: Iterable[tuple[str, str, str]]) -> LabelledPosts:
    """Return corrected posts, each as its ownership, text and correction, as they may be lent."""
    own: list[LabelledPost] = []
    of_others = 0
    for ownership, text, correction in corrected:
        if ownership == Ownership.OWN:
            own.append(LabelledPost(text, correction))
        else:
            of_others += 1
    return LabelledPosts(sorted(own, key=attrgetter("text", "label")), of_others)


def compared_hashtags(hashtags: Iterable[str]) -> list[str]:
    """Return the hashtags by which friends are matched: the first 50, each once."""
    return stored_hashtags(hashtags)[:50]


def user_hash(salt: bytes, user_id: str) -> bytes:
    """Return the keyed hash that a tombstone stores instead of the name.

    It gives no list of erased users, yet after restoring a backup one can check for each of its
    users whether they were erased since. User names are few enough to try them all, so for someone
    who has the store this is a pseudonym, not anonymity.
    """
    return hmac.digest(salt, user_id.encode(), "sha256")


def erasure_of(salt: bytes, hashed: bytes, at: datetime) -> Erasure:
    """Return the record of an erasure in the store that has this salt."""
    return Erasure(_name_of(salt), hashed.hex(), at)


def newest_erasures(
    salt: bytes, erasures: Collection[Erasure]
) -> tuple[Mapping[bytes, datetime], int]:
    """Return when each hash was erased last in the store that has this salt, and how many others.

    The others are erasures of another store.
    """
    name, newest = _name_of(salt), dict[bytes, datetime]()
    ours = [erasure for erasure in erasures if erasure.store == name]
    for erasure in ours:
        hashed = bytes.fromhex(erasure.user_hash)
        newest[hashed] = max(erasure.at, newest.get(hashed, erasure.at))
    return newest, len(erasures) - len(ours)


def _name_of(salt: bytes) -> str:
    return hashlib.sha256(salt).hexdigest()[:16]
