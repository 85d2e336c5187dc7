"""Client of the X API v2: tweepy's methods over BoundedHttpClient, and X's refusals as errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import requests
import tweepy

from api.errors import (
    SourceAccountNotFoundError,
    SourceAccountProtectedError,
    SourceAccountSuspendedError,
    SourceForbiddenError,
    SourcePaymentRequiredError,
    SourceRefusedError,
    SourceUnauthorisedError,
)
from api.ports.clock import Clock
from api.sources.http_client import Answer, BoundedHttpClient
from api.sources.refusals import rate_limited

_DAY_LIMITS = ("x-app-limit-24hour", "x-user-limit-24hour")
_ERRORS: Mapping[int, tuple[type[SourceRefusedError], str]] = {
    401: (SourceUnauthorisedError, "X does not accept the key or the sign-in (401)."),
    402: (SourcePaymentRequiredError, "X asks for credits before it gives out more (402)."),
    403: (SourceForbiddenError, "X does not let this app read that (403)."),
    404: (SourceAccountNotFoundError, "X has no such account (404)."),
}


class XClient(tweepy.Client):  # type: ignore[misc]  # tweepy ships no types
    """tweepy's client with another transport; its methods return an Answer.

    tweepy's own transport has one fixed host, no timeout, and logs the token at DEBUG.
    """

    def __init__(self, http: BoundedHttpClient, url: str, token: str, clock: Clock) -> None:
        super().__init__(bearer_token=token, return_type=requests.Response)
        self._http = http
        self._url = url
        self._clock = clock

    def request(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any] | None = None,
        json: object = None,  # noqa: ARG002  no call made here has a body
        user_auth: bool = False,  # noqa: ARG002  OAuth 1.0a, which is not used
    ) -> Answer:
        """Call X's API for tweepy; raise as PostSource.page does unless the status is 200."""
        answer = self._http.send(
            method,
            self._url + route,
            params=params,
            headers={"Authorization": f"Bearer {self.bearer_token}"},
        )
        if answer.status == 200:
            return answer
        if answer.status == 429 and "usage" not in _words([answer.fields()]):
            raise rate_limited("X", _stated_resets(answer.headers), self._clock())
        raise refusal(answer.status, answer.fields())


def refusal(status: int, fields: Mapping[str, Any]) -> SourceRefusedError:
    """Return the error for an answer without data, whether its status is 200 or not."""
    stated = fields.get("errors")
    words = _words([fields, *(stated if isinstance(stated, list) else ())])
    if "suspended" in words:
        return SourceAccountSuspendedError("X has suspended this account.")
    if "usage" in words and status in (403, 429):
        return SourcePaymentRequiredError("The reads that X's plan allows are used up.")
    if status == 200 and "not-found" in words:
        return SourceAccountNotFoundError("X has no such account.")
    if status == 200 and "not-authorized-for-resource" in words:
        return SourceAccountProtectedError("X shows the posts of this account to few.")
    kind, detail = _ERRORS.get(
        status, (SourceRefusedError, f"X refused the call ({status}) and said no more.")
    )
    return kind(detail)


def _words(problems: Sequence[object]) -> str:
    """Return the text of problem documents: to search for words in, never to show."""
    return " ".join(
        str(problem.get(name, ""))
        for problem in problems
        if isinstance(problem, dict)
        for name in ("type", "title", "detail", "reason")
    ).lower()


def _stated_resets(headers: Mapping[str, str]) -> list[str | None]:
    spent = [name for name in _DAY_LIMITS if headers.get(f"{name}-remaining") == "0"]
    return [headers.get(f"{name}-reset") for name in ("x-rate-limit", *spent)]
