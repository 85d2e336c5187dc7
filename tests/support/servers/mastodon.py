"""Stand-in for a Mastodon server: the two calls of its API that are used."""

import re
from typing import Any

from tests.support.servers.loopback import Asked, LoopbackServer, Reply, minutes_into_2026

_ALLOWED = {
    "limit", "max_id", "min_id", "since_id", "only_media", "exclude_replies", "exclude_reblogs",
    "pinned", "tagged",
}  # fmt: skip


class MastodonServer(LoopbackServer):
    """Server with accounts by name: their posts, newest first."""

    def __init__(self) -> None:
        self.accounts: dict[str, list[Any]] = {}
        super().__init__()

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def answer(self, asked: Asked) -> Reply:
        names = list(self.accounts)
        if asked.path == "/api/v1/accounts/lookup":
            name = asked.query.get("acct", "")
            if name not in self.accounts:
                return Reply(404, {"error": "Record not found"})
            account = {"id": str(names.index(name)), "username": name, "acct": name}
            return Reply(body={**account, "suspended": False})
        match = re.fullmatch(r"/api/v1/accounts/(\d+)/statuses", asked.path)
        if not match or int(match[1]) >= len(names):
            return Reply(404, {"error": "Record not found"})
        query = asked.query
        if set(query) - _ALLOWED or not 1 <= int(query.get("limit", 20)) <= 40:
            return Reply(422, {"error": "Validation failed"})
        newest, oldest = int(query.get("max_id", 10**18)), int(query.get("since_id", 0))
        statuses = [
            status
            for status in self.accounts[names[int(match[1])]]
            if not isinstance(status, dict) or oldest < int(status.get("id", 1)) < newest
        ]
        return Reply(
            body=statuses[: int(query.get("limit", 20))],
            headers={
                "X-RateLimit-Limit": "300",
                "X-RateLimit-Remaining": "299",
                "X-RateLimit-Reset": "2026-03-01T12:05:00.000000Z",
            },
        )


def a_status(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """Return a status in Mastodon's form; higher numbers are newer."""
    return {
        "id": str(115_000_000_000_000_000 + number),
        "created_at": minutes_into_2026(number),
        "content": f"<p>{text or f'status {number}'}</p>",
        "spoiler_text": "",
        "language": "en",
        "visibility": "public",
        "favourites_count": 3,
        "reblogs_count": 1,
        "replies_count": 2,
        "reblog": None,
        "tags": [],
        **more,
    }
