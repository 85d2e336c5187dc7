"""Source of the public posts of an account at Bluesky: its author feed, which needs no key."""

import html
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from atproto_client import models
from atproto_client.exceptions import ModelError
from atproto_client.models.utils import get_or_create

from api.domain.posts import Post, RejectedPost
from api.errors import SourceAccountSuspendedError
from api.intake.post_fields import PostIntake
from api.ports.clock import Clock
from api.ports.sources import SourcePage, SourcePrices
from api.sources.http_client import Answer, BoundedHttpClient
from api.sources.own_accounts import OwnAccounts, invalid_account
from api.sources.refusals import rate_limited, refusal_of_status

ID_PREFIX = "bsky:"
"""Marks the post ids of this source: a record key is unique only in its account."""

_HANDLE = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}"
    r"|did:(?:plc:[a-z2-7]{24}|web:[a-z0-9.-]{1,245})"
)
_FEED = "/xrpc/app.bsky.feed.getAuthorFeed"
_LARGEST_PAGE = 100
# A record key that is a time (a TID): keys of one account sort by creation.
_TIMED_KEY = re.compile(r"[2-7a-j][2-7a-z]{12}")


@dataclass(frozen=True, slots=True)
class BlueskySource:
    """PostSource on Bluesky's public API.

    Items are read by the models of the package atproto; its client is not used, as it would refuse
    a whole page for one bad item, and follows redirects.
    """

    http: BoundedHttpClient
    url: str
    clock: Clock
    own_accounts: OwnAccounts
    prices: ClassVar[SourcePrices] = SourcePrices()

    def account(self, name: str, *, signed_in: bool) -> str:  # noqa: ARG002  no sign-in here
        """Return the handle in lower case, if the operator lists it."""
        account = name.removeprefix("@").lower()
        if not _HANDLE.fullmatch(account):
            rule = "must be a handle such as ana.bsky.social, or a DID"
            raise invalid_account("That is no account at Bluesky.", rule)
        self.own_accounts.require(account, setting="BLUESKY_OWN_ACCOUNTS")
        return account

    def page(
        self,
        account: str,
        *,
        at: str | None,
        newer_than: str | None,
        wanted: int | None,
        access: str | None,  # noqa: ARG002  no sign-in here
    ) -> SourcePage:
        """Make one call; see PostSource."""
        asked = {
            "actor": account,
            "filter": "posts_with_replies",
            "limit": min(wanted or _LARGEST_PAGE, _LARGEST_PAGE),
        }
        answer = self.http.send(
            "GET", self.url + _FEED, params={**asked, "cursor": at} if at else asked
        )
        if answer.status != 200:
            raise self._refusal(answer)
        fields = answer.required_fields("Bluesky")
        feed, cursor = fields.get("feed"), fields.get("cursor")
        listed = feed if isinstance(feed, list) else []
        items, reached = self._posts(listed, newer_than)
        ids = [item.post_id for item in items if isinstance(item, Post)]
        return SourcePage(
            tuple(items),
            cursor if listed and not reached and isinstance(cursor, str) else None,
            newest=next((each for each in ids if _tid(each)), None) if at is None else None,
            posts_read=len(listed),
        )

    def _posts(
        self, listed: list[Any], newer_than: str | None
    ) -> tuple[list[Post | RejectedPost], bool]:
        """Return the items as posts up to newer_than, and whether that was reached."""
        intake, until = PostIntake(self.clock()), _tid(newer_than or "")
        items: list[Post | RejectedPost] = []
        for number, item in enumerate(listed, start=1):
            post = _post(item, intake, f"item {number} of Bluesky's answer")
            if until and isinstance(post, Post) and "" < _tid(post.post_id) <= until:
                return items, True
            items.append(post)
        return items, False

    def _refusal(self, answer: Answer) -> Exception:
        fields = answer.fields()
        error, message = str(fields.get("error")), str(fields.get("message"))
        if answer.status == 429:
            return rate_limited("Bluesky", [answer.headers.get("ratelimit-reset")], self.clock())
        if error in ("AccountTakedown", "AccountDeactivated"):
            return SourceAccountSuspendedError("Bluesky has closed or suspended this account.")
        status = 404 if "not found" in message.lower() else answer.status
        return refusal_of_status("Bluesky", status, "does not give these posts")


def _post(item: object, intake: PostIntake, where: str) -> Post | RejectedPost:
    try:
        view = get_or_create(item, models.AppBskyFeedDefs.FeedViewPost)
    except (ModelError, TypeError, AttributeError):
        view = None
    if not isinstance(view, models.AppBskyFeedDefs.FeedViewPost) or not isinstance(
        view.post.record, models.AppBskyFeedPost.Record
    ):
        return RejectedPost(where, "it is no post that can be read")
    post, record, reason = view.post, view.post.record, view.reason
    shared = isinstance(reason, models.AppBskyFeedDefs.ReasonRepost)
    key = post.uri.rpartition("/")[2]
    if shared:
        key = reason.uri.rpartition("/")[2] if reason.uri else f"shared-{key}"
    return intake.take(
        {
            "id": f"{ID_PREFIX}{key}",
            # Plain text: what looks like an entity of HTML was written so.
            "text": html.escape(record.text, quote=False),
            "created_at": reason.indexed_at if shared else record.created_at,
            "ownership": "shared" if shared else "own",
            "likes": post.like_count,
            "reposts": post.repost_count,
            "replies": post.reply_count,
            "quotes": post.quote_count,
            "bookmarks": post.bookmark_count,
            "lang": record.langs[0] if record.langs else None,
        },
        where,
    )


def _tid(post_id: str) -> str:
    """Return the record key in a post id of this source, if it is a time (TID), else ""."""
    key = post_id.removeprefix(ID_PREFIX)
    return key if key != post_id and _TIMED_KEY.fullmatch(key) else ""
