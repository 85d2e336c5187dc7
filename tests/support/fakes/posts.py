"""Make posts for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.domain.posts import Post

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def posts(count: int, *, word: str = "joy", start: int = 0) -> list[Post]:
    """Return posts an hour apart whose texts hold a word that the fake classifier knows."""
    return [
        Post(str(n), f"post {n} full of {word}", FIRST_DAY + timedelta(hours=n))
        for n in range(start, start + count)
    ]
