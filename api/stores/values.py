"""Convert times, texts and hashtags to stored values, and stored fields to domain objects.

Times are whole microseconds since 1970 in UTC: that is the resolution of Python's datetime, so a
time is read back equal to what was stored, and integers compare and index without conversion.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.domain.analyses import (
    Analysis,
    AnalysisRequest,
    AnalysisState,
    FetchPosition,
    Problem,
    Progress,
    SourceCost,
    StageSeconds,
)
from api.domain.api_keys import ApiKey, Scope
from api.ports.store import UserRecord

Fields = Mapping[str, Any]
"""Stored fields, which every store names alike."""

LARGEST = 2**63 - 1
"""The largest count that stores accept: 64 bits, signed."""

_JSON = json.JSONEncoder(separators=(",", ":"))  # made once: json.dumps makes one per call
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stored_time(at: datetime) -> int:
    """Return an aware time as microseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def time_of(stored: int) -> datetime:
    """Return the UTC time of stored microseconds."""
    return _EPOCH + timedelta(microseconds=stored)


def optional_stored_time(at: datetime | None) -> int | None:
    """Return an aware time as microseconds since 1970 in UTC, or None."""
    return None if at is None else stored_time(at)


def optional_time_of(stored: int | None) -> datetime | None:
    """Return the UTC time of stored microseconds, or None."""
    return None if stored is None else time_of(stored)


def stored_text(text: str) -> str:
    """Return text that UTF-8 can encode: a lone surrogate becomes U+FFFD.

    Archives contain lone surrogates if an emoji was cut in two.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def stored_hashtags(hashtags: Iterable[str]) -> list[str]:
    """Return hashtags as stored text, each once, in their order."""
    return list(dict.fromkeys(map(stored_text, hashtags)))


def stored_json(value: Any) -> str:
    """Return JSON values as text."""
    return _JSON.encode(value)


def read_user(user_id: str, fields: Fields) -> UserRecord:
    """Read a user."""
    return UserRecord(
        user_id=user_id,
        user_name=fields["user_name"],
        created_at=time_of(fields["created_at"]),
        consented_at=optional_time_of(fields["consented_at"]),
        matchable=bool(fields["matchable"]),
        training=bool(fields.get("training")),  # an older version of the stores has it not
    )


def read_analysis(
    analysis_id: str,
    fields: Fields,
    *,
    progress: Fields,
    problem: Fields | None,
    waits_until: int | None,
) -> Analysis:
    """Read an analysis; a stored result is JSON text, waits_until a stored time."""
    result, cost, position = fields.get("result"), progress["source_cost"], progress.get("place")
    seconds = progress.get("seconds")  # unknown of an analysis from before they were kept
    return Analysis(
        analysis_id=analysis_id,
        request=AnalysisRequest(
            user_id=fields["user_id"],
            source=fields["source"],
            max_posts=fields["max_posts"],
            as_of=fields["as_of"],
            source_user=fields["source_user"],
        ),
        created_at=time_of(fields["created_at"]),
        state=AnalysisState(fields["state"]),
        progress=Progress(
            **{
                **progress,
                "source_cost": None if cost is None else SourceCost(**cost),
                "place": None if position is None else FetchPosition(**position),
                "seconds": StageSeconds() if seconds is None else StageSeconds(**seconds),
            }
        ),
        attempt=fields["attempt"],
        started_at=optional_time_of(fields.get("started_at")),
        finished_at=optional_time_of(fields.get("finished_at")),
        result=None if result is None else json.loads(result),
        problem=None if problem is None else Problem(**problem),
        waits_until=optional_time_of(waits_until),
    )


def read_key(prefix: str, fields: Fields, scopes: Iterable[str], users: Iterable[str]) -> ApiKey:
    """Read an API key."""
    return ApiKey(
        prefix=prefix,
        name=fields["name"],
        digest=bytes(fields["digest"]),
        scopes=frozenset(map(Scope, scopes)),
        users=frozenset(users),
        created_at=time_of(fields["created_at"]),
        last_used_at=optional_time_of(fields["last_used_at"]),
    )
