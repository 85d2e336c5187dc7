"""Sources of posts under contract, each with a server to read from.

A new source joins by one entry in NETWORKS and a server in tests/support/servers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.domain.posts import Post, RejectedPost
from api.ports.sources import PostSource, SourcePage, SourcePrices
from api.sources.bluesky import BlueskySource
from api.sources.http_client import BoundedHttpClient
from api.sources.mastodon import MastodonSource
from api.sources.own_accounts import OwnAccounts
from api.sources.x import XSource
from tests.support.servers import BlueskyServer, LoopbackServer, MastodonServer, Reply, XServer
from tests.support.servers.bluesky import a_feed_item, key
from tests.support.servers.mastodon import a_status
from tests.support.servers.x import BEARER, Account, a_tweet

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RESET = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
LONG_TIMEOUT = 30.0
SHORT_TIMEOUT = 0.3
"""For servers that never answer; on a busy machine those that do may take longer."""


@dataclass
class Network:
    """A server with one account, and the source that reads it.

    fill gives the account posts, newest first: a number, an item in the network's own form, or a
    text for an item that is no post. limited is the server's answer when its rate limit is spent
    until RESET.
    """

    server: LoopbackServer
    http: BoundedHttpClient
    source: PostSource
    account: str
    unknown: str
    fill: Callable[[list[Any]], None]
    post_id: Callable[[int], str]
    limited: Reply

    def page(
        self,
        at: str | None = None,
        *,
        newer_than: str | None = None,
        wanted: int | None = None,
        access: str | None = None,
        account: str = "",
    ) -> SourcePage:
        return self.source.page(
            account or self.account, at=at, newer_than=newer_than, wanted=wanted, access=access
        )

    def pages(self, **asked: Any) -> list[SourcePage]:
        """Return all pages, in the order in which the fetch stage reads them."""
        pages = [self.page(**asked)]
        while (at := pages[-1].next_at) is not None:
            pages.append(self.page(at, **asked))
        return pages

    def items(self, **asked: Any) -> list[Post | RejectedPost]:
        return [item for page in self.pages(**asked) for item in page.items]

    def ids(self, **asked: Any) -> list[str]:
        return [item.post_id for item in self.items(**asked) if isinstance(item, Post)]

    def only_post(self) -> Post:
        (post,) = self.items()
        assert isinstance(post, Post), post
        return post


def _now() -> datetime:
    return NOW


def _x(seconds: float) -> Network:
    server = XServer()
    ana = server.accounts["ana"] = Account("42", "ana")
    http = BoundedHttpClient("X", timeout_seconds=seconds)
    source = XSource(
        http,
        server.url,
        _now,
        bearer_token=BEARER,
        own_accounts=OwnAccounts(["ana"]),
        prices=SourcePrices(0.005, 0.01),
    )

    def fill(posts: list[Any]) -> None:
        made = [a_tweet(1, created_at=n) if isinstance(n, str) else n for n in posts]
        ana.tweets = [a_tweet(n) if isinstance(n, int) else n for n in made]

    limited = Reply(429, {}, {"x-rate-limit-reset": str(int(RESET.timestamp()))})
    return Network(server, http, source, "ana", "nobody", fill, lambda n: a_tweet(n)["id"], limited)


def _bluesky(seconds: float) -> Network:
    server = BlueskyServer()
    ana = server.feeds["ana.bsky.social"] = []
    http = BoundedHttpClient("Bluesky", timeout_seconds=seconds)
    source = BlueskySource(http, server.url, _now, own_accounts=OwnAccounts(["ana.bsky.social"]))

    def fill(posts: list[Any]) -> None:
        ana[:] = [a_feed_item(n) if isinstance(n, int) else n for n in posts]

    limited = Reply(429, {}, {"ratelimit-reset": str(int(RESET.timestamp()))})
    account, unknown = "ana.bsky.social", "nobody.bsky.social"
    return Network(
        server, http, source, account, unknown, fill, lambda n: f"bsky:{key(n)}", limited
    )


def _mastodon(seconds: float) -> Network:
    server = MastodonServer()
    ana = server.accounts["ana"] = []
    http = BoundedHttpClient("the server", timeout_seconds=seconds)
    source = MastodonSource(http, server.url, _now, own_accounts=OwnAccounts(["ana"]))

    def fill(posts: list[Any]) -> None:
        made = [a_status(2, created_at=n) if isinstance(n, str) else n for n in posts]
        ana[:] = [a_status(n) if isinstance(n, int) else n for n in made]

    def post_id(number: int) -> str:
        return f"{server.host}/{a_status(number)['id']}"

    limited = Reply(429, {"error": "Throttled"}, {"X-RateLimit-Reset": RESET.isoformat()})
    return Network(server, http, source, "ana", "nobody", fill, post_id, limited)


NETWORKS: dict[str, Callable[[float], Network]] = {
    "x": _x,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
}


@contextmanager
def opened(name: str, timeout: float = LONG_TIMEOUT) -> Iterator[Network]:
    """Start a network whose source has this timeout per call, and stop it at the end."""
    network = NETWORKS[name](timeout)
    try:
        yield network
    finally:
        network.server.stop()
