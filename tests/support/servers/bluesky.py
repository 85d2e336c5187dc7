"""Stand-in for Bluesky's public server: app.bsky.feed.getAuthorFeed."""

from typing import Any

from tests.support.servers.loopback import Asked, LoopbackServer, Reply, minutes_into_2026

DID = "did:plc:abcdefghijklmnopqrstuvwx"
_FILTERS = (
    "posts_with_replies", "posts_no_replies", "posts_with_media", "posts_and_author_threads",
)  # fmt: skip
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


class BlueskyServer(LoopbackServer):
    """Server with feeds by handle, newest first."""

    def __init__(self) -> None:
        self.feeds: dict[str, list[Any]] = {}
        super().__init__()

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/xrpc/app.bsky.feed.getAuthorFeed":
            return _error(501, "MethodNotImplemented", "Method Not Implemented")
        query = asked.query
        size = query.get("limit", "50")
        if set(query) - {"actor", "limit", "cursor", "filter", "includePins"}:
            return _error(400, "InvalidRequest", "Error: unknown parameter")
        if not 1 <= int(size) <= 100 or query.get("filter", _FILTERS[0]) not in _FILTERS:
            return _error(400, "InvalidRequest", "Error: Params must have sound values")
        if query["actor"] not in self.feeds:
            return _error(400, "InvalidRequest", "Profile not found")
        feed, start = self.feeds[query["actor"]], int(query.get("cursor", 0))
        body: dict[str, Any] = {"feed": feed[start : start + int(size)]}
        if start + int(size) < len(feed):
            body["cursor"] = str(start + int(size))
        return Reply(body=body)


def _error(status: int, error: str, message: str) -> Reply:
    return Reply(status, {"error": error, "message": message})


def key(number: int) -> str:
    """Return a record key (a TID); higher numbers are newer."""
    digits = "".join(_DIGITS[number // 32**power % 32] for power in (3, 2, 1, 0))
    return f"3lkmnopqr{digits}"


def a_feed_item(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """Return an item of a feed in Bluesky's form; higher numbers are newer."""
    author = {"did": DID, "handle": "ana.bsky.social"}
    at = minutes_into_2026(number)
    return {
        "post": {
            "uri": f"at://{DID}/app.bsky.feed.post/{key(number)}",
            "cid": "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a",
            "author": author,
            "record": {
                "$type": "app.bsky.feed.post",
                "text": text or f"item {number}",
                "createdAt": at,
                "langs": ["en"],
            },
            "replyCount": 2,
            "repostCount": 1,
            "likeCount": 3,
            "quoteCount": 4,
            "indexedAt": at,
        },
        **more,
    }
