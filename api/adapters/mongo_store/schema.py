"""Declare collections, validators and indexes, in one place; `migrations` brings them about.

posts alone grows with what people write, so it is the one to shard, on (user_key, post_id): keys of
users are random, which spreads users evenly; all queries name one user, so each goes to one shard;
post_id lets even a single user's posts be split; and it is the unique index that identity needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel

from api.domain.posts import EMOTIONS

Keys = tuple[tuple[str, int], ...]

SHARD_KEYS: Mapping[str, Keys] = {"posts": (("user_key", 1), ("post_id", 1))}

_TEXT = {"bsonType": "string"}
_WHOLE = {"bsonType": ["int", "long"]}
_NUMBER = {"bsonType": ["double", "int", "long"]}
_TRUTH = {"bsonType": "bool"}
_DATE = {"bsonType": "date"}
_TEXTS = {"bsonType": "array", "items": _TEXT}
_ANY = {"bsonType": ["object", "objectId", "string"]}


def _or_null(kind: Mapping[str, Any]) -> dict[str, Any]:
    types = kind["bsonType"]
    return {"bsonType": [*([types] if isinstance(types, str) else types), "null"]}


def _document(
    required: Mapping[str, Any], optional: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "bsonType": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Index:
    """Declare one index; kept_as names the setting of Retention after which documents expire."""

    name: str
    keys: Keys
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    kept_as: str | None = None

    def model(self, seconds: int | None) -> IndexModel:
        """Return what the driver makes of it."""
        options: dict[str, Any] = {"name": self.name, "unique": self.unique}
        if self.partial is not None:
            options["partialFilterExpression"] = self.partial
        if seconds is not None:
            options["expireAfterSeconds"] = seconds
        return IndexModel(list(self.keys), **options)


@dataclass(frozen=True, slots=True)
class Collection:
    """Declare one collection."""

    name: str
    validator: Mapping[str, Any]
    indexes: tuple[Index, ...] = ()


_MATCHABLE = {"matchable": True}

_USERS = Collection(
    "users",
    _document(
        {
            "_id": _TEXT,
            "key": _TEXT,
            "user_name": _TEXT,
            "created_at": _WHOLE,
            "consented_at": _or_null(_WHOLE),
            "consents": {"bsonType": "array", "items": _or_null(_WHOLE)},
            "matchable": _TRUTH,
            "hashtags": _TEXTS,
            "imports": _WHOLE,
        },
        {
            "mood": _or_null(_TEXT),
            "mood_at": _WHOLE,
            "pending_import": _TEXT,
            "erased_at": _WHOLE,
        },
    ),
    (
        Index(
            "friends_sharing",
            (("mood", 1), ("hashtags", 1), ("mood_at", -1), ("_id", 1)),
            partial=_MATCHABLE,
        ),
        Index("friends_freshest", (("mood", 1), ("mood_at", -1), ("_id", 1)), partial=_MATCHABLE),
        Index("moods_old", (("mood_at", 1),), partial={"mood_at": {"$exists": True}}),
        Index(
            "imports_pending",
            (("pending_import", 1),),
            partial={"pending_import": {"$exists": True}},
        ),
        Index("erasures_pending", (("erased_at", 1),), partial={"erased_at": {"$exists": True}}),
    ),
)

_POST = {
    "post_id": _TEXT,
    "text": _TEXT,
    "created_at": _WHOLE,
    "place": _TEXT,
    "ownership": _TEXT,
    "engagement": _document(
        dict.fromkeys(("likes", "reposts", "replies", "quotes", "bookmarks", "impressions"), _WHOLE)
    ),
    "language": _or_null(_TEXT),
    "hashtags": _TEXTS,
}

_POSTS = Collection(
    "posts",
    _document(
        {"_id": _ANY, "user_key": _TEXT, **_POST, "saved_at": _DATE, "version": _WHOLE},
        {
            "model": _TEXT,
            "classification": _document(
                {
                    "label": _TEXT,
                    "scores": _document(dict.fromkeys(EMOTIONS, _NUMBER)),
                    "irony": _NUMBER,
                    "tokens": _WHOLE,
                    "truncated": _TRUTH,
                }
            ),
        },
    ),
    (
        Index("posts_identity", SHARD_KEYS["posts"], unique=True),
        # It holds the model, so that looking for unclassified posts reads no classified ones.
        Index("posts_newest", (("user_key", 1), ("place", -1), ("model", 1))),
        Index("posts_saved", (("saved_at", 1),), kept_as="posts"),
    ),
)

_IMPORTS = Collection(
    "imports",
    _document(
        {
            "_id": _ANY,
            "user_key": _TEXT,
            "import_id": _TEXT,
            "chunk": _WHOLE,
            "posts": {"bsonType": "array", "items": _document(_POST)},
            "saved_at": _DATE,
        }
    ),
    (
        Index("imports_chunks", (("import_id", 1), ("chunk", 1)), unique=True),
        Index("imports_user", (("user_key", 1),)),
        Index("imports_saved", (("saved_at", 1),), kept_as="posts"),
    ),
)

_ANALYSES = Collection(
    "analyses",
    _document(
        {
            "_id": _TEXT,
            "user_id": _TEXT,
            "user_key": _TEXT,
            "source": _TEXT,
            "max_posts": _or_null(_WHOLE),
            "as_of": _TEXT,
            "created_at": _WHOLE,
            "state": _TEXT,
            "progress": _document(
                dict.fromkeys(("fetched", "classified", "reused", "total"), _WHOLE)
            ),
            "attempt": _WHOLE,
            "token": _WHOLE,
        },
        {
            "idempotency_key": _TEXT,
            "active": _TRUTH,
            "waits_from": _WHOLE,
            "lease_owner": _TEXT,
            "lease_until": _WHOLE,
            "started_at": _WHOLE,
            "finished_at": _WHOLE,
            "ended_on": _DATE,
            "mood": _or_null(_TEXT),
            "result": _TEXT,
            "problem": _document(dict.fromkeys(("type", "title", "detail"), _TEXT)),
            "untold": _TRUTH,
            "hashtags": _TEXTS,
        },
    ),
    (
        Index("analyses_active", (("user_key", 1),), unique=True, partial={"active": True}),
        Index(
            "analyses_waiting",
            (("created_at", 1), ("_id", 1), ("waits_from", 1)),
            partial={"active": True},
        ),
        Index(
            "analyses_idempotency",
            (("user_key", 1), ("idempotency_key", 1)),
            unique=True,
            partial={"idempotency_key": {"$exists": True}},
        ),
        Index("analyses_newest", (("user_key", 1), ("state", 1), ("finished_at", -1))),
        Index("analyses_untold", (("untold", 1),), partial={"untold": True}),
        Index("analyses_ended", (("ended_on", 1),), kept_as="moods"),
    ),
)

_FEEDBACK = Collection(
    "feedback",
    _document(
        {
            "_id": _TEXT,
            "user_key": _TEXT,
            "mood": _TEXT,
            "created_at": _WHOLE,
            "given_on": _DATE,
        }
    ),
    (
        Index("feedback_user", (("user_key", 1),)),
        Index("feedback_given", (("given_on", 1),), kept_as="moods"),
    ),
)

# One document, so that the catalogue is replaced as a whole.
_CATALOGUE = Collection(
    "catalogue",
    _document(
        {
            "_id": _TEXT,
            "items": {
                "bsonType": "array",
                "items": _document(dict.fromkeys(("mood", "kind", "name", "about"), _TEXT)),
            },
        }
    ),
)

_TOMBSTONES = Collection(
    "tombstones",
    _document({"_id": _TEXT, "erased_at": _WHOLE}, {"keys": _TEXTS}),
    (Index("tombstones_to_purge", (("erased_at", 1),), partial={"keys": {"$exists": True}}),),
)

FACTS = Collection(
    "facts", _document({"_id": _TEXT, "value": {"bsonType": ["int", "long", "binData"]}})
)

COLLECTIONS = (_USERS, _POSTS, _IMPORTS, _ANALYSES, _FEEDBACK, _CATALOGUE, _TOMBSTONES, FACTS)
OF_A_USER = ("imports", "posts", "analyses", "feedback")
"""Name the collections that hold a user's documents under the user's key."""
