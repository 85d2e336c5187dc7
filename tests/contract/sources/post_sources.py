"""Name every source of posts that must pass the contract suite, each with a server to read.

A new source joins by one entry in NETWORKS and a server in tests/servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.domain.posts import Post, RejectedPost
from api.ports.sources import PostSource, SourcePage, SourcePrices
from api.sources.bluesky import BlueskySource
from api.sources.http_client import Outgoing
from api.sources.mastodon import MastodonSource
from api.sources.own_accounts import OwnAccounts
from api.sources.x import XSource
from tests.support.servers import BlueskyServer, LoopbackServer, MastodonServer, Reply, XServer
from tests.support.servers.bluesky import a_feed_item, key
from tests.support.servers.mastodon import a_status
from tests.support.servers.x import BEARER, Account, a_tweet

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESET = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
PATIENT_SECONDS = 30.0
IMPATIENT_SECONDS = 0.3
"""For servers that never answer; on a busy machine those that do may take longer."""


@dataclass
class Network:
    """Hold a server with one account, and the source that reads it.

    fill gives the account posts by their numbers, newest first; a text in place of a number is an
    item that is no post. limited is how the server says that it takes no more calls until RESET.
    """

    server: LoopbackServer
    outgoing: Outgoing
    source: PostSource
    account: str
    unknown: str
    fill: Callable[[list[Any]], None]
    post_id: Callable[[int], str]
    limited: Reply

    def pages(
        self, *, newer_than: str | None = None, wanted: int | None = None, account: str = ""
    ) -> list[SourcePage]:
        """Return all pages, as the fetch stage reads them."""
        pages: list[SourcePage] = []
        at: str | None = None
        while not pages or at is not None:
            pages.append(
                self.source.page(
                    account or self.account,
                    at=at,
                    newer_than=newer_than,
                    wanted=wanted,
                    access=None,
                )
            )
            at = pages[-1].next_at
        return pages

    def close(self) -> None:
        self.outgoing.close()
        self.server.stop()

    def items(self, **asked: Any) -> list[Post | RejectedPost]:
        return [item for page in self.pages(**asked) for item in page.items]

    def ids(self, **asked: Any) -> list[str]:
        return [item.post_id for item in self.items(**asked) if isinstance(item, Post)]


def _now() -> datetime:
    return NOW


def _x(seconds: float) -> Network:
    server = XServer()
    ana = server.accounts["ana"] = Account("42", "ana")
    outgoing = Outgoing("X", timeout_seconds=seconds)
    source = XSource(
        outgoing,
        server.url,
        _now,
        bearer_token=BEARER,
        own_accounts=OwnAccounts(["ana"]),
        prices=SourcePrices(0.005, 0.01),
    )

    def fill(numbers: list[Any]) -> None:
        ana.tweets = [a_tweet(n) if isinstance(n, int) else _spoilt(n) for n in numbers]

    def _spoilt(_text: str) -> dict[str, Any]:
        return a_tweet(1, created_at="no time at all")

    limited = Reply(429, {}, {"x-rate-limit-reset": str(int(RESET.timestamp()))})
    return Network(
        server, outgoing, source, "ana", "nobody", fill, lambda n: a_tweet(n)["id"], limited
    )


def _bluesky(seconds: float) -> Network:
    server = BlueskyServer()
    outgoing = Outgoing("Bluesky", timeout_seconds=seconds)
    source = BlueskySource(
        outgoing, server.url, _now, own_accounts=OwnAccounts(["ana.bsky.social"])
    )

    def fill(numbers: list[Any]) -> None:
        server.feeds["ana.bsky.social"] = [
            a_feed_item(n) if isinstance(n, int) else {"post": n} for n in numbers
        ]

    fill([])
    limited = Reply(429, {}, {"ratelimit-reset": str(int(RESET.timestamp()))})
    return Network(
        server,
        outgoing,
        source,
        "ana.bsky.social",
        "nobody.bsky.social",
        fill,
        lambda n: f"bsky:{key(n)}",
        limited,
    )


def _mastodon(seconds: float) -> Network:
    server = MastodonServer()
    outgoing = Outgoing("the server", timeout_seconds=seconds)
    source = MastodonSource(outgoing, server.url, _now, own_accounts=OwnAccounts(["ana"]))

    def fill(numbers: list[Any]) -> None:
        server.accounts["ana"] = [
            a_status(n) if isinstance(n, int) else a_status(2, created_at=n) for n in numbers
        ]

    fill([])
    limited = Reply(429, {"error": "Throttled"}, {"X-RateLimit-Reset": RESET.isoformat()})
    return Network(
        server,
        outgoing,
        source,
        "ana",
        "nobody",
        fill,
        lambda n: f"{server.host}/{a_status(n)['id']}",
        limited,
    )


@contextmanager
def opened(name: str, seconds: float = PATIENT_SECONDS) -> Iterator[Network]:
    """Start a network whose source waits so long for an answer, and stop it at the end."""
    network = NETWORKS[name](seconds)
    try:
        yield network
    finally:
        network.close()


NETWORKS: dict[str, Callable[[float], Network]] = {
    "x": _x,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
}
