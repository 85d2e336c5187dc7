"""Read when a source takes calls again out of what it says, however it says it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(hours=24)
UNSAID = timedelta(minutes=15)
"""How long to wait where the source does not say: the span that X and Bluesky count calls in."""


def retry_at(stated: Iterable[str | None], now: datetime) -> datetime:
    """Return the latest time that a source states, from SHORTEST to LONGEST after now.

    Times are seconds since 1970 or ISO 8601; what cannot be read is passed over, and UNSAID holds
    where nothing can.
    """
    moments = [moment for text in stated if (moment := _moment(text)) is not None]
    latest = max(moments, default=now + UNSAID)
    return min(max(latest, now + SHORTEST), now + LONGEST)


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
