"""Translate a source's refusals into errors: rate limits with their reset, missing accounts."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from api.errors import (
    SourceAccountNotFoundError,
    SourceForbiddenError,
    SourceRateLimitedError,
    SourceRefusedError,
)

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(hours=24)
DEFAULT = timedelta(minutes=15)
"""Wait where the source states no rate-limit reset: the span that X and Bluesky count calls in."""


def rate_limited(source: str, stated: Iterable[str | None], now: datetime) -> Exception:
    """Return the error for a rate limit that is reset when the source states; see reset_time."""
    reset = reset_time(stated, now)
    return SourceRateLimitedError(
        f"{source} takes no more calls until {reset:%Y-%m-%d %H:%M:%S} UTC.", reset
    )


def reset_time(stated: Iterable[str | None], now: datetime) -> datetime:
    """Return the latest rate-limit reset that is stated, from SHORTEST to LONGEST after now.

    Times are seconds since 1970 or ISO 8601; what cannot be read is passed over, and DEFAULT is
    used where nothing can.
    """
    times = [time for text in stated if (time := _time(text)) is not None]
    latest = max(times, default=now + DEFAULT)
    return min(max(latest, now + SHORTEST), now + LONGEST)


def refusal_of_status(source: str, status: int, forbidden: str) -> Exception:
    """Return the error for a status below 500 that every source means alike.

    forbidden says what a 401 or 403 of this source means.
    """
    if status == 404:
        return SourceAccountNotFoundError(f"{source} has no account of that name.")
    if status in (401, 403):
        return SourceForbiddenError(f"{source} {forbidden} ({status}).")
    return SourceRefusedError(f"{source} refused the call ({status}).")


def _time(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
