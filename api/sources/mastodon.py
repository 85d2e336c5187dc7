"""Source of the public posts of an account at one Mastodon server, which needs no key."""

import html
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError

from api.domain.posts import Post, RejectedPost
from api.errors import SourceAccountSuspendedError, SourceUnavailableError
from api.intake.html_text import text_of_html
from api.intake.post_fields import PostIntake
from api.ports.clock import Clock
from api.ports.sources import SourcePage, SourcePrices
from api.sources.http_client import Answer, BoundedHttpClient
from api.sources.own_accounts import OwnAccounts, invalid_account
from api.sources.refusals import rate_limited, refusal_of_status

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
_LARGEST_PAGE = 40


@dataclass(frozen=True, slots=True)
class MastodonSource:
    """PostSource on one Mastodon server, through Mastodon.py over BoundedHttpClient.

    Accounts of other servers are refused: a server knows only some of their posts. Post ids begin
    with the server's name, as each server numbers its own.
    """

    http: BoundedHttpClient
    url: str
    clock: Clock
    own_accounts: OwnAccounts
    prices: ClassVar[SourcePrices] = SourcePrices()

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc.lower()

    def account(self, name: str, *, signed_in: bool) -> str:  # noqa: ARG002  no sign-in here
        """Return the name without the server, in lower case, if the operator lists it."""
        account, _, host = name.removeprefix("@").lower().partition("@")
        if not _NAME.fullmatch(account) or (host and host != self._host):
            rule = f"must be a name at {self._host}, such as ana"
            raise invalid_account("That is no account that is read here.", rule)
        self.own_accounts.require(account, setting="MASTODON_OWN_ACCOUNTS")
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
        """Make one call; see PostSource. The first looks the account up."""
        session = _Session(self.http)
        try:
            # "throw": the library's default waits for a rate limit in the thread.
            server = Mastodon(api_base_url=self.url, session=session, ratelimit_method="throw")
            if at is None:
                return self._looked_up(server.account_lookup(account))
            user_id, _, max_id = at.partition(" ")
            statuses = server.account_statuses(
                user_id,
                limit=min(wanted or _LARGEST_PAGE, _LARGEST_PAGE),
                max_id=max_id or None,
                since_id=self._own_id(newer_than),
            )
        except MastodonError as error:
            raise self._refusal(session.answer) from error
        return self._page(statuses, user_id, first=not max_id)

    def _looked_up(self, account: Mapping[str, Any]) -> SourcePage:
        user_id = account.get("id")
        if not isinstance(user_id, str | int):
            raise SourceUnavailableError(f"{self._host} gave an answer that cannot be read.")
        if account.get("suspended"):
            raise SourceAccountSuspendedError(f"{self._host} has suspended this account.")
        return SourcePage(next_at=str(user_id), users_read=1)

    def _page(self, statuses: object, user_id: str, *, first: bool) -> SourcePage:
        if not isinstance(statuses, list):
            raise SourceUnavailableError(f"{self._host} gave an answer that cannot be read.")
        intake = PostIntake(self.clock())
        items = tuple(
            self._post(status, intake, f"item {number} of the answer of {self._host}")
            for number, status in enumerate(statuses, start=1)
        )
        ids = [
            str(status["id"]) for status in statuses if isinstance(status, dict) and "id" in status
        ]
        return SourcePage(
            items,
            f"{user_id} {ids[-1]}" if ids else None,
            newest=f"{self._host}/{ids[0]}" if ids and first else None,
            posts_read=len(statuses),
        )

    def _post(self, status: object, intake: PostIntake, where: str) -> Post | RejectedPost:
        if not isinstance(status, dict) or not status.get("id"):
            return RejectedPost(where, "it is no post with an id", "id")
        shared = status.get("reblog")
        said = shared if isinstance(shared, dict) else status
        content, warning = said.get("content"), said.get("spoiler_text")
        parts = (
            warning if isinstance(warning, str) else "",
            text_of_html(content) if isinstance(content, str) else "",
        )
        created_at = status.get("created_at")
        return intake.take(
            {
                "id": f"{self._host}/{status['id']}",
                "text": html.escape("\n\n".join(filter(None, parts)), quote=False),
                "created_at": str(created_at) if created_at is not None else None,
                "ownership": "shared" if said is shared else "own",
                "likes": said.get("favourites_count"),
                "reposts": said.get("reblogs_count"),
                "replies": said.get("replies_count"),
                "quotes": said.get("quotes_count"),
                "lang": said.get("language"),
            },
            where,
        )

    def _own_id(self, post_id: str | None) -> str | None:
        """Return the server's id of a post, or None where it is of another source."""
        host, _, own = (post_id or "").rpartition("/")
        return own if host == self._host else None

    def _refusal(self, answer: Answer | None) -> Exception:
        if answer is None:
            return SourceUnavailableError(f"{self._host} could not be reached.")
        if answer.status == 429:
            stated = answer.headers.get("x-ratelimit-reset")
            return rate_limited(self._host, [stated], self.clock())
        if answer.status == 200:
            return SourceUnavailableError(f"{self._host} gave an answer that cannot be read.")
        if answer.status == 410:
            return SourceAccountSuspendedError(f"{self._host} has suspended this account.")
        return refusal_of_status(
            self._host, answer.status, "gives no posts to those who are not signed in"
        )


class _Session(requests.Session):
    """Transport for Mastodon.py; keeps the last answer, None where there was none."""

    def __init__(self, http: BoundedHttpClient) -> None:
        super().__init__()
        self._http = http
        self.answer: Answer | None = None

    def request(self, method: Any, url: Any, **asked: Any) -> requests.Response:  # type: ignore[override]
        """Make the call and return its answer without the headers that the library trips over."""
        self.answer = None
        self.answer = self._http.send(
            method, url, params=asked.get("params"), headers=asked.get("headers")
        )
        response = requests.Response()
        response.status_code = self.answer.status
        response.raw = io.BytesIO(self.answer.body)
        return response
