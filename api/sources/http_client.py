"""HTTP client for sources whose calls always end, whatever the other side does.

Each call has one deadline and its answer a size limit: a timeout per read, as HTTP libraries have
it, lets a server keep a thread for ever with a byte now and then. Only an event loop can end a call
at any point, also while a header is read, so each call has one. Redirects are not followed, so
that no token goes where it was not meant to. Nothing here logs what is sent.
"""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from api.errors import SourceUnavailableError

MAX_ANSWER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer; header names are lower-cased."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def fields(self) -> dict[str, Any]:
        """Return the JSON object in the body; empty where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def required_fields(self, source: str) -> dict[str, Any]:
        """Return the JSON object in the body. Raises SourceUnavailableError where it is none."""
        fields = self.fields()
        if not fields:
            raise SourceUnavailableError(f"{source} gave an answer that cannot be read.")
        return fields


class BoundedHttpClient:
    """HTTP client of one service, with a deadline per call and a size limit per answer."""

    def __init__(self, name: str, *, timeout_seconds: float) -> None:
        """Name the service for messages; timeout_seconds is for a whole call."""
        self._name = name
        self._seconds = timeout_seconds
        self._tls = httpx.create_ssl_context()  # as it takes long to make, one for all calls

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        credentials: tuple[str, str] | None = None,
    ) -> Answer:
        """Return the answer, whatever its status below 500; credentials are for HTTP Basic.

        Raises SourceUnavailableError where there is none in time, or it is too large or a 5xx.
        """
        try:
            answer = _run(
                self._answer(
                    method, url, params=params, headers=headers, data=form, auth=credentials
                )
            )
        except TimeoutError as error:
            raise SourceUnavailableError(f"{self._name} took too long to answer.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The libraries' messages may show the URL; the class says enough.
            raise SourceUnavailableError(
                f"{self._name} could not be reached ({type(error).__name__})."
            ) from error
        if answer.status >= 500:
            raise SourceUnavailableError(
                f"{self._name} answered with a fault of its own ({answer.status})."
            )
        return answer

    async def _answer(self, method: str, url: str, **asked: Any) -> Answer:
        client = httpx.AsyncClient(timeout=self._seconds, follow_redirects=False, verify=self._tls)
        async with (
            asyncio.timeout(self._seconds),
            client,
            client.stream(method, url, **asked) as response,
        ):
            return Answer(response.status_code, dict(response.headers), await self._body(response))

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise SourceUnavailableError(
                    f"{self._name} gave an answer larger than {MAX_ANSWER_BYTES:,} bytes."
                )
        return bytes(body)


def _run(call: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine; unlike asyncio.run, do not wait for a name that is still looked up."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(call)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
