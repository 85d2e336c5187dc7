"""Collections, validators and indexes of the database; `migrations` applies them.

Only posts grows with what people write, so it is the collection to shard, on (user_key, post_id):
user keys are random, which spreads users evenly; every query names one user, so it goes to one
shard; post_id lets even the posts of a single user be split; and this unique index is needed for
the identity of posts anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import IndexModel

from api.domain.posts import EMOTIONS, ENGAGEMENT

Keys = tuple[tuple[str, int], ...]

TEXT = {"bsonType": "string"}
WHOLE = {"bsonType": ["int", "long"]}
NUMBER = {"bsonType": ["double", "int", "long"]}
TRUTH = {"bsonType": "bool"}
DATE = {"bsonType": "date"}
BINARY = {"bsonType": "binData"}
TEXTS = {"bsonType": "array", "items": TEXT}
ANY = {"bsonType": ["object", "objectId", "string"]}


def or_null(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Return a type that also allows null."""
    types = kind["bsonType"]
    return {**kind, "bsonType": [*([types] if isinstance(types, str) else types), "null"]}


def document(*, optional: Mapping[str, Any] | None = None, **required: Any) -> dict[str, Any]:
    """Return the schema of a document with these fields only."""
    return {
        "bsonType": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Index:
    """An index. None expires: by a server's clock that jumps, MongoDB would delete everything."""

    name: str
    keys: Keys
    unique: bool = False
    partial: Mapping[str, Any] | None = None

    def model(self) -> IndexModel:
        """Return the index as the driver creates it."""
        options: dict[str, Any] = {"name": self.name, "unique": self.unique}
        if self.partial is not None:
            options["partialFilterExpression"] = self.partial
        return IndexModel(list(self.keys), **options)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection with its validator and indexes."""

    name: str
    validator: Mapping[str, Any]
    indexes: tuple[Index, ...] = ()


SHARD_KEYS: Mapping[str, Keys] = {"posts": (("user_key", 1), ("post_id", 1))}

_MATCHABLE = {"matchable": True}

_USERS = Collection(
    "users",
    document(
        _id=TEXT,
        key=TEXT,
        user_name=TEXT,
        created_at=WHOLE,
        consented_at=or_null(WHOLE),
        consents={
            "bsonType": "array",
            "items": document(at=or_null(WHOLE), words=or_null(TEXT), optional={"training": TRUTH}),
        },
        matchable=TRUTH,
        hashtags=TEXTS,
        imports=WHOLE,
        optional={
            "mood": or_null(TEXT),
            "mood_at": WHOLE,
            "pending_import": TEXT,
            # Whether posts may have a content id; unknown where an older version saved them.
            "content_ids": TRUTH,
            "erased_at": WHOLE,
            "training": TRUTH,  # absent where an older version recorded the consent: not agreed to
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
        Index("users_training", (("training", 1), ("erased_at", 1)), partial={"training": True}),
        Index("erasures_pending", (("erased_at", 1),), partial={"erased_at": {"$exists": True}}),
    ),
)

_POST: dict[str, Any] = {
    "post_id": TEXT,
    "text": TEXT,
    "created_at": WHOLE,
    "place": TEXT,
    "ownership": TEXT,
    "engagement": document(**dict.fromkeys(ENGAGEMENT, WHOLE)),
    "language": or_null(TEXT),
    "hashtags": TEXTS,
}

_ADDED_TO_POST = {"own_word": or_null(TEXT), "earlier_ids": TEXTS}  # older documents lack them

_POSTS = Collection(
    "posts",
    document(
        **{"_id": ANY, "user_key": TEXT, **_POST, "saved_at": DATE, "version": WHOLE},
        optional={
            **_ADDED_TO_POST,
            "model": TEXT,
            "classification": document(
                label=TEXT,
                scores=document(**dict.fromkeys(EMOTIONS, NUMBER)),
                irony=NUMBER,
                tokens=WHOLE,
                truncated=TRUTH,
                optional={"language": or_null(TEXT)},
            ),
            "correction": TEXT,
        },
    ),
    (
        Index("posts_identity", SHARD_KEYS["posts"], unique=True),
        # It contains the model, so that finding unclassified posts reads no classified ones.
        # ... and the ownership, so that the posts of one are counted without reading any.
        Index("posts_time", (("user_key", 1), ("place", -1), ("model", 1), ("ownership", 1))),
        Index(
            "posts_emotion",
            (
                ("user_key", 1),
                ("classification.label", 1),
                ("correction", 1),
                ("place", -1),
                ("ownership", 1),
            ),
        ),
        Index(
            "posts_correction",
            (("user_key", 1), ("correction", 1), ("place", -1), ("ownership", 1)),
            partial={"correction": {"$exists": True}},
        ),
        Index(
            "posts_edited",
            (("user_key", 1), ("earlier_ids", 1)),
            partial={"earlier_ids": {"$exists": True}},
        ),
        Index("posts_saved", (("saved_at", 1),)),
        Index(
            "posts_corrected",
            (("user_key", 1), ("ownership", 1)),
            partial={"correction": {"$exists": True}},
        ),
    ),
)

_IMPORTS = Collection(
    "imports",
    document(
        _id=ANY,
        user_key=TEXT,
        import_id=TEXT,
        chunk=WHOLE,
        posts={"bsonType": "array", "items": document(**_POST, optional=_ADDED_TO_POST)},
        saved_at=DATE,
        optional={
            "left_out": TEXTS,
            "removed": TEXTS,
            "places": {"bsonType": "array", "items": TEXTS},
            "kept": TEXTS,
        },
    ),
    (
        Index("imports_chunks", (("import_id", 1), ("chunk", 1)), unique=True),
        Index("imports_user", (("user_key", 1),)),
        Index("imports_saved", (("saved_at", 1),)),
    ),
)

_SOURCE_COST = document(
    **dict.fromkeys(("posts_read", "users_read", "skipped"), WHOLE),
    estimate=NUMBER,
    currency=TEXT,
)

_FETCH_PLACE = document(**dict.fromkeys(("next_at", "newer_than", "newest"), or_null(TEXT)))

_STAGE_SECONDS = document(**dict.fromkeys(("queue", "fetch", "classify", "decide"), NUMBER))

_ANALYSES = Collection(
    "analyses",
    document(
        _id=TEXT,
        user_id=TEXT,
        user_key=TEXT,
        source=TEXT,
        source_user=or_null(TEXT),
        max_posts=or_null(WHOLE),
        as_of=TEXT,
        created_at=WHOLE,
        state=TEXT,
        progress=document(
            **dict.fromkeys(("fetched", "classified", "reused", "total"), WHOLE),
            source_cost=or_null(_SOURCE_COST),
            optional={"place": or_null(_FETCH_PLACE), "seconds": _STAGE_SECONDS},
        ),
        attempt=WHOLE,
        token=WHOLE,
        optional={
            "idempotency_keys": TEXTS,
            "active": TRUTH,
            "waits_from": WHOLE,
            "lease_owner": TEXT,
            "lease_until": WHOLE,
            "started_at": WHOLE,
            "finished_at": WHOLE,
            "ended_on": DATE,
            "mood": or_null(TEXT),
            "result": TEXT,
            "problem": document(**dict.fromkeys(("type", "title", "detail"), TEXT)),
            "untold": TRUTH,
            "hashtags": TEXTS,
        },
    ),
    (
        Index("analyses_active", (("user_key", 1),), unique=True, partial={"active": True}),
        Index(
            "analyses_waiting",
            (("created_at", 1), ("_id", 1), ("waits_from", 1)),
            partial={"active": True},
        ),
        Index("analyses_held", (("waits_from", 1),), partial={"active": True}),
        Index(
            "analyses_idempotency_keys",
            (("user_key", 1), ("idempotency_keys", 1)),
            unique=True,
            partial={"idempotency_keys": {"$exists": True}},
        ),
        Index(
            "analyses_history",
            (("user_key", 1), ("state", 1), ("finished_at", -1), ("_id", -1)),
        ),
        Index("analyses_untold", (("untold", 1),), partial={"untold": True}),
        Index("analyses_ended", (("ended_on", 1),)),
        Index("analyses_failed", (("ended_on", -1),), partial={"state": "failed"}),
    ),
)

_FEEDBACK = Collection(
    "feedback",
    document(_id=TEXT, user_key=TEXT, mood=TEXT, created_at=WHOLE, ended_on=DATE),
    (
        Index("feedback_user", (("user_key", 1),)),
        Index("feedback_ended", (("ended_on", 1),)),
    ),
)

_SOURCE_MARKS = Collection(
    "source_marks",
    document(**dict.fromkeys(("_id", "user_key", "source", "account", "post_id"), TEXT)),
    (Index("source_marks_user", (("user_key", 1),)),),
)

_SIGN_INS = Collection(
    "sign_ins",
    document(**dict.fromkeys(("_id", "user_key", "source", "sealed"), TEXT)),
    (Index("sign_ins_user", (("user_key", 1),)),),
)

# They belong to no user: an API key outlives the users whose data it gives access to.
_API_KEYS = Collection(
    "api_keys",
    document(
        _id=TEXT,
        name=TEXT,
        digest=BINARY,
        scopes=TEXTS,
        users=TEXTS,
        created_at=WHOLE,
        last_used_at=or_null(WHOLE),
    ),
    (Index("api_keys_oldest", (("created_at", 1), ("_id", 1))),),
)

# One document, so that the catalogue is replaced atomically.
_CATALOGUE = Collection(
    "catalogue",
    document(
        _id=TEXT,
        items={
            "bsonType": "array",
            "items": document(**dict.fromkeys(("mood", "kind", "name", "about"), TEXT)),
        },
    ),
)

_TOMBSTONES = Collection(
    "tombstones",
    document(_id=TEXT, erased_at=WHOLE, optional={"keys": TEXTS}),
    (Index("tombstones_to_purge", (("erased_at", 1),), partial={"keys": {"$exists": True}}),),
)

FACTS = Collection("facts", document(_id=TEXT, value={"bsonType": ["int", "long", "binData"]}))

COLLECTIONS = (
    _USERS,
    _POSTS,
    _IMPORTS,
    _ANALYSES,
    _FEEDBACK,
    _SOURCE_MARKS,
    _SIGN_INS,
    _API_KEYS,
    _CATALOGUE,
    _TOMBSTONES,
    FACTS,
)
OF_A_USER = ("imports", "posts", "analyses", "feedback", "source_marks", "sign_ins")
"""Names of the collections whose documents have the key of a user."""
