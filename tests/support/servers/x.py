"""Stand-in for the X API v2: the part that is used; what X does not document is refused."""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.servers.loopback import Asked, LoopbackServer, Reply, minutes_into_2026

BEARER = "app-bearer-token-AAAA"
CLIENT_ID, CLIENT_SECRET = "the-client", "the-client-secret"
RESET = 1772366700  # 2026-03-01T12:05:00Z

_PROBLEMS = "https://api.twitter.com/2/problems"

_TWEET_FIELDS = {
    "article", "attachments", "author_id", "card_uri", "community_id", "context_annotations",
    "conversation_id", "created_at", "display_text_range", "edit_controls",
    "edit_history_tweet_ids", "entities", "geo", "id", "in_reply_to_user_id", "lang",
    "media_metadata", "note_tweet", "possibly_sensitive", "public_metrics", "referenced_tweets",
    "reply_settings", "scopes", "source", "suggested_source_links", "text", "withheld",
}  # fmt: skip
_USER_FIELDS = {
    "created_at", "description", "entities", "id", "location", "most_recent_tweet_id", "name",
    "pinned_tweet_id", "profile_image_url", "protected", "public_metrics", "url", "username",
    "verified", "verified_type",
}  # fmt: skip
_LISTS = {
    "tweet.fields": _TWEET_FIELDS,
    "user.fields": _USER_FIELDS,
    "expansions": frozenset({"author_id", "referenced_tweets.id", "pinned_tweet_id"}),
}
_OF_USER = frozenset({"user.fields", "tweet.fields", "expansions"})
_OF_TWEETS = _OF_USER | {"max_results", "pagination_token"}
_OF_TIMELINE = _OF_TWEETS | {"since_id", "until_id", "start_time", "end_time", "exclude"}


@dataclass
class Account:
    """An account; tweets are newest first, with every field that X has."""

    id: str
    username: str
    protected: bool = False
    suspended: bool = False
    tweets: list[dict[str, Any]] = field(default_factory=list)
    likes: list[dict[str, Any]] = field(default_factory=list)


class XServer(LoopbackServer):
    """Server with accounts, sign-ins and posts; others are the originals of reposts."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.others: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.codes: dict[str, tuple[str, str, str]] = {}
        self.refresh_tokens: dict[str, str] = {}
        self.likes_allowed = True
        super().__init__()

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/2/oauth2/token":
            return self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token != BEARER and token not in self.tokens:
            return _problem(401, "Unauthorized", "about:blank", "Unauthorized")
        reply = self._read(asked, self.tokens.get(token))
        limits = {"x-rate-limit-limit": "900", "x-rate-limit-remaining": "899"}
        return Reply(
            reply.status, reply.body, {**limits, "x-rate-limit-reset": str(RESET), **reply.headers}
        )

    def sign_in(self, username: str, token: str, refresh_token: str) -> None:
        self.tokens[token] = username
        self.refresh_tokens[refresh_token] = username

    def _read(self, asked: Asked, signed_in: str | None) -> Reply:
        if match := re.fullmatch(r"/2/users/by/username/(\w{1,15})", asked.path):
            return _checked(asked, _OF_USER) or self._user(match[1], asked)
        if asked.path == "/2/users/me":
            if signed_in is None:
                return _problem(
                    403, "Unsupported Authentication", "unsupported-authentication", "not for apps"
                )
            return _checked(asked, _OF_USER) or self._user(signed_in, asked)
        match = re.fullmatch(r"/2/users/(\d{1,19})/(tweets|liked_tweets)", asked.path)
        found = [each for each in self.accounts.values() if match and each.id == match[1]]
        if not match or not found:
            return _problem(404, "Not Found", "about:blank", "Not Found")
        if match[2] == "tweets":
            return _checked(asked, _OF_TIMELINE) or self._timeline(found[0], asked, signed_in)
        if signed_in != found[0].username or not self.likes_allowed:
            return _problem(403, "Forbidden", "about:blank", "Forbidden")
        return _checked(asked, _OF_TWEETS) or self._page(found[0].likes, asked)

    def _user(self, username: str, asked: Asked) -> Reply:
        account = self.accounts.get(username.lower())
        if account is None or account.suspended:
            problem = {
                "parameter": "username", "resource_type": "user", "value": username,
                "title": "Forbidden" if account else "Not Found Error",
                "detail": f"User has been suspended: [{username}]." if account
                else f"Could not find user with username: [{username}].",
                "type": f"{_PROBLEMS}/resource-not-found",
            }  # fmt: skip
            return Reply(body={"errors": [problem]})
        user = {"id": account.id, "name": account.username.title(), "username": account.username}
        if "protected" in asked.query.get("user.fields", ""):
            user["protected"] = account.protected  # type: ignore[assignment]
        return Reply(body={"data": user})

    def _timeline(self, account: Account, asked: Asked, signed_in: str | None) -> Reply:
        if account.protected and signed_in != account.username:
            problem = {
                "title": "Authorization Error",
                "detail": f"Sorry, you are not authorized to see the user with id: [{account.id}].",
                "resource_type": "user",
                "type": f"{_PROBLEMS}/not-authorized-for-resource",
            }
            return Reply(body={"errors": [problem]})
        since = int(asked.query.get("since_id", 0))
        return self._page([t for t in account.tweets if int(t["id"]) > since], asked)

    def _page(self, tweets: list[dict[str, Any]], asked: Asked) -> Reply:
        size = int(asked.query.get("max_results", 10))
        start = int(asked.query.get("pagination_token", "t0").removeprefix("t"))
        page = tweets[start : start + size]
        wanted = {"id", "text", *asked.query.get("tweet.fields", "").split(",")}
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if start + size < len(tweets):
            meta["next_token"] = f"t{start + size}"
        body: dict[str, Any] = {"meta": meta}
        if page:
            body["data"] = [_only(tweet, wanted) for tweet in page]
        if page and "referenced_tweets.id" in asked.query.get("expansions", ""):
            self._expand(page, wanted, body)
        return Reply(body=body)

    def _expand(self, page: list[dict[str, Any]], wanted: set[str], body: dict[str, Any]) -> None:
        ids = [ref["id"] for tweet in page for ref in tweet.get("referenced_tweets", ())]
        found = [_only(self.others[each], wanted) for each in ids if each in self.others]
        if found:
            body["includes"] = {"tweets": found}
        gone = [
            {
                "value": each,
                "parameter": "referenced_tweets.id",
                "resource_type": "tweet",
                "title": "Not Found Error",
                "detail": f"Could not find tweet with referenced_tweets.id: [{each}].",
                "type": f"{_PROBLEMS}/resource-not-found",
            }
            for each in ids
            if each not in self.others
        ]
        if gone:
            body["errors"] = gone

    def _token(self, asked: Asked) -> Reply:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        form = asked.form
        if asked.headers.get("authorization") != f"Basic {basic}":
            return Reply(401, {"error": "unauthorized_client", "error_description": "no"})
        if form.get("grant_type") == "authorization_code":
            challenge, redirect_uri, username = self.codes.pop(form.get("code", ""), ("", "", ""))
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            sound = shown == challenge and form.get("redirect_uri") == redirect_uri
        elif form.get("grant_type") == "refresh_token":
            username = self.refresh_tokens.pop(form.get("refresh_token", ""), "")
            sound = bool(username)
        else:
            sound, username = False, ""
        if not sound:
            return Reply(400, {"error": "invalid_request", "error_description": "not valid"})
        number = len(self.tokens) + 1
        self.sign_in(username, f"user-access-token-{number}", f"user-refresh-token-{number}")
        return Reply(
            body={
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": f"user-access-token-{number}",
                "refresh_token": f"user-refresh-token-{number}",
                "scope": "tweet.read users.read like.read offline.access",
            }
        )


def _problem(status: int, title: str, kind: str, detail: str) -> Reply:
    return Reply(status, {"title": title, "type": kind, "detail": detail, "status": status})


def _checked(asked: Asked, allowed: frozenset[str]) -> Reply | None:
    """Return X's refusal of unknown or bad parameters, None where all are sound."""
    query, faults = asked.query, []
    faults += [name for name in query if name not in allowed]
    faults += [
        name
        for name, known in _LISTS.items()
        if name in query and not known.issuperset(query[name].split(","))
    ]
    if "max_results" in query and not 5 <= int(query["max_results"]) <= 100:
        faults.append("max_results")
    faults += [name for name in ("since_id", "until_id") if not query.get(name, "1").isdecimal()]
    if not faults:
        return None
    said = [{"parameters": {name: [query[name]]}, "message": f"{name} is bad"} for name in faults]
    return Reply(
        400,
        {
            "errors": said,
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{_PROBLEMS}/invalid-request",
        },
    )


def _only(tweet: dict[str, Any], wanted: set[str]) -> dict[str, Any]:
    return {name: value for name, value in tweet.items() if name in wanted}


def a_tweet(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    """Return a tweet in X's form; higher numbers are newer."""
    return {
        "id": str(1_900_000_000_000_000_000 + number),
        "text": text or f"tweet {number}",
        "author_id": "42",
        "created_at": minutes_into_2026(number),
        "lang": "en",
        "public_metrics": {
            "retweet_count": 1, "reply_count": 2, "like_count": 3, "quote_count": 4,
            "bookmark_count": 5, "impression_count": 600,
        },
        **more,
    }  # fmt: skip
