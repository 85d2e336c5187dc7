"""Source of a user's own, shared and liked posts at X."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.domain.posts import Post, RejectedPost
from api.errors import NotOwnAccountError, SourceAccountProtectedError, SourceForbiddenError
from api.intake.post_fields import PostIntake, nested
from api.ports.clock import Clock
from api.ports.sources import SourcePage, SourcePrices
from api.sources.http_client import Answer, BoundedHttpClient
from api.sources.own_accounts import OwnAccounts, invalid_account
from api.sources.x.client import XClient, refusal

TIMELINE_LIMIT = 3_200
"""Posts that X gives out of a timeline. Leaving out replies would make it 800, so none are."""

_NAME = re.compile(r"[A-Za-z0-9_]{1,15}")
_FIELDS = ["created_at", "public_metrics", "referenced_tweets", "note_tweet", "lang", "entities"]
_SMALLEST_PAGE, _LARGEST_PAGE = 5, 100


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a call reads in an account's posts: which list, and how much of it was read."""

    user_id: str
    stream: str = "timeline"
    read: int = 0
    token: str = ""

    def __str__(self) -> str:
        return f"{self.user_id} {self.stream} {self.read} {self.token}"

    @classmethod
    def of(cls, text: str) -> _Position:
        user_id, stream, read, token = text.split(" ")
        return cls(user_id, stream, int(read), token)


@dataclass(frozen=True, slots=True)
class XSource:
    """PostSource on the X API v2.

    The first call looks the account up, the next ones read its timeline, and the last, where the
    owner signed in, the newest liked posts: X has no increments of those, and no time of the like,
    so the post's own counts. Posts are read in full; a repost has the text of its original.
    bearer_token is the app's, for own_accounts, or None where people sign in; liked_posts is how
    many of the newest likes are read each time, at most 100.
    """

    http: BoundedHttpClient
    url: str
    clock: Clock
    bearer_token: str | None = field(repr=False)
    own_accounts: OwnAccounts
    prices: SourcePrices
    liked_posts: int = _LARGEST_PAGE

    def account(self, name: str, *, signed_in: bool) -> str:
        """Return the name in lower case, if its owner signed in or the operator lists it."""
        account = name.removeprefix("@").lower()
        if not _NAME.fullmatch(account):
            rule = "must be 1 to 15 letters, digits or underscores"
            raise invalid_account("That is no account at X.", rule)
        if not signed_in and not (self.bearer_token and account in self.own_accounts):
            raise NotOwnAccountError(
                "X forbids reading how others feel out of their posts. Sign in at"
                " /v1/sign-in/x as that account, or have the operator name it in X_OWN_ACCOUNTS"
                " and set X_BEARER_TOKEN."
            )
        return account

    def page(
        self,
        account: str,
        *,
        at: str | None,
        newer_than: str | None,
        wanted: int | None,
        access: str | None,
    ) -> SourcePage:
        """Make one call; see PostSource."""
        client = XClient(self.http, self.url, access or self.bearer_token or "", self.clock)
        if at is None:
            return _looked_up(client, account, signed_in=access is not None)
        position = _Position.of(at)
        if position.stream == "likes":
            return self._likes(client, position)
        size = min(max(wanted or _LARGEST_PAGE, _SMALLEST_PAGE), _LARGEST_PAGE)
        answer: Answer = client.get_users_tweets(
            position.user_id,
            expansions=["referenced_tweets.id"],
            max_results=size,
            pagination_token=position.token or None,
            since_id=newer_than if newer_than and newer_than.isdecimal() else None,
            tweet_fields=_FIELDS,
        )
        fields = answer.required_fields("X")
        listed = _list_in(fields, "data")
        if not listed and _list_in(fields, "errors"):
            raise refusal(answer.status, fields)
        meta = nested(fields, "meta")
        token, read = meta.get("next_token"), position.read + len(listed)
        following: _Position | None = None
        if isinstance(token, str) and token and " " not in token and read < TIMELINE_LIMIT:
            following = _Position(position.user_id, read=read, token=token)
        elif access is not None and self.liked_posts:
            following = _Position(position.user_id, "likes")
        return SourcePage(
            self._posts(listed, fields),
            str(following) if following else None,
            newest=_id_of(meta, "newest_id") if position.read == 0 else None,
            posts_read=_read_in(fields),
        )

    def _likes(self, client: XClient, position: _Position) -> SourcePage:
        try:
            answer: Answer = client.get_liked_tweets(
                position.user_id,
                expansions=["referenced_tweets.id"],
                max_results=max(self.liked_posts, _SMALLEST_PAGE),
                tweet_fields=[*_FIELDS, "author_id"],
            )
        except SourceForbiddenError:
            # A plan may leave likes out; the user's own posts matter more.
            return SourcePage((RejectedPost("liked posts", "X does not give them to this app"),))
        fields = answer.required_fields("X")
        # What the user wrote is their own, also where they like it.
        liked = [
            {**tweet, "ownership": "liked"} if isinstance(tweet, dict) else tweet
            for tweet in _list_in(fields, "data")
            if not isinstance(tweet, dict) or tweet.get("author_id") != position.user_id
        ]
        return SourcePage(self._posts(liked, fields), posts_read=_read_in(fields))

    def _posts(
        self, listed: list[Any], fields: Mapping[str, Any]
    ) -> tuple[Post | RejectedPost, ...]:
        originals = {
            tweet.get("id"): tweet
            for tweet in _list_in(nested(fields, "includes"), "tweets")
            if isinstance(tweet, dict)
        }
        intake = PostIntake(self.clock())
        return tuple(_post(tweet, originals, intake) for tweet in listed)


def _looked_up(client: XClient, account: str, *, signed_in: bool) -> SourcePage:
    answer: Answer = client.get_user(username=account, user_fields=["protected"])
    fields = answer.required_fields("X")
    user = nested(fields, "data")
    user_id = _id_of(user, "id")
    if user_id is None:
        raise refusal(answer.status, fields)
    if user.get("protected") is True and not signed_in:
        raise SourceAccountProtectedError("The posts of this account are protected at X.")
    return SourcePage(next_at=str(_Position(user_id)), users_read=1)


def _post(
    tweet: object, originals: Mapping[Any, Mapping[str, Any]], intake: PostIntake
) -> Post | RejectedPost:
    post_id = _id_of(tweet, "id") if isinstance(tweet, dict) else None
    if not isinstance(tweet, dict) or post_id is None:
        return RejectedPost("an item of X's answer", "it is no post with an id", "id")
    where = f"post {post_id}"
    shared = _shared_id(tweet)
    if shared is None:
        return intake.take(_in_full(tweet), where)
    original = originals.get(shared)
    if original is None:
        return RejectedPost(
            where, "the post that was shared can no longer be read", "referenced_tweets"
        )
    words = {name: original.get(name) for name in ("text", "note_tweet", "lang", "entities")}
    return intake.take(_in_full({"ownership": "shared", **tweet, **words}), where)


def _in_full(tweet: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields with the hashtags of a long post's whole text, not of its beginning."""
    note = tweet.get("note_tweet")
    return {**tweet, "entities": note.get("entities")} if isinstance(note, dict) else tweet


def _shared_id(tweet: Mapping[str, Any]) -> str | None:
    for reference in _list_in(tweet, "referenced_tweets"):
        if isinstance(reference, dict) and reference.get("type") == "retweeted":
            return str(reference.get("id"))
    return None


def _read_in(fields: Mapping[str, Any]) -> int:
    """Return how many posts an answer gave out, with the originals that came along."""
    tweets = [*_list_in(fields, "data"), *_list_in(nested(fields, "includes"), "tweets")]
    return len({str(tweet.get("id")) for tweet in tweets if isinstance(tweet, dict)})


def _list_in(fields: Mapping[str, Any], name: str) -> list[Any]:
    value = fields.get(name)
    return value if isinstance(value, list) else []


def _id_of(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) and value.isdecimal() and value.isascii() else None
