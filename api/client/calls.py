"""HTTP calls with one deadline each, tried again where that is safe and there is time left."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import httpx

from api.client.errors import (
    BusyError,
    KeyRefusedError,
    NotFoundError,
    ProblemError,
    UnreachableError,
)

Sleep = Callable[[float], None]
Clock = Callable[[], float]

_FIRST_WAIT_SECONDS = 0.2
_TRIES = 3
_CONNECT_SECONDS = 10.0
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class Calls:
    """Calls to the API at one address, with a key if given.

    A call is tried again, three times in all, if it was answered with 429 or 503, after the
    Retry-After of the answer, and if it was not answered, unless it may have changed something.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        deadline_seconds: float,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
        clock: Clock = time.monotonic,
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        # Loopback calls must not go through the environment's proxy.
        self._http = httpx.Client(
            base_url=url, headers=headers, trust_env=False, transport=transport
        )
        self._deadline_seconds = deadline_seconds
        self._sleep, self.clock = sleep, clock

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def wait(self, seconds: float) -> None:
        """Wait, as between two calls."""
        self._sleep(seconds)

    def json(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        deadline_seconds: float | None = None,
        **arguments: Any,
    ) -> Any:
        """Return the JSON of an answer, {} for an empty one; see body."""
        body = self.body(
            method, path, repeatable=repeatable, deadline_seconds=deadline_seconds, **arguments
        )
        try:
            return json.loads(body) if body else {}
        except ValueError as error:
            raise UnreachableError(f"{method} {path}: the answer is not JSON") from error

    def body(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        deadline_seconds: float | None = None,
        **arguments: Any,
    ) -> bytes:
        """Make a call and return the body of its answer.

        repeatable says that it does no harm twice. Raises ProblemError if it is refused, and
        UnreachableError if the deadline, which holds for all tries together, passes first.
        """
        seconds = self._deadline_seconds if deadline_seconds is None else deadline_seconds
        end = self.clock() + seconds
        wait = _FIRST_WAIT_SECONDS
        for left in reversed(range(_TRIES)):
            try:
                with self.stream(method, path, end, **arguments) as answer:
                    return self._read(answer, end)
            except BusyError as error:
                wait = max(wait, error.retry_after)
                if not left or self.clock() + wait >= end:
                    raise
            except UnreachableError:
                if not left or not repeatable or self.clock() + wait >= end:
                    raise
            self._sleep(wait)
            wait *= 2
        raise AssertionError("the last try returns or raises")

    @contextmanager
    def stream(self, method: str, path: str, end: float, **arguments: Any) -> Iterator[Any]:
        """Yield the answer of one try whose body is still to be read; end is when to give up.

        Errors of the connection while it is read are raised as UnreachableError as well.
        """
        left = end - self.clock()
        if left <= 0:
            raise UnreachableError(f"no answer to {method} {path} before the deadline")
        timeout = httpx.Timeout(left, connect=min(left, _CONNECT_SECONDS))
        try:
            with self._http.stream(method, path, timeout=timeout, **arguments) as answer:
                if answer.is_error:
                    _refuse(answer, self._read(answer, end))
                yield answer
        except httpx.HTTPError as error:
            raise UnreachableError(f"no answer to {method} {path}: {error}") from error

    def _read(self, answer: httpx.Response, end: float) -> bytes:
        parts = []
        for part in answer.iter_bytes():
            parts.append(part)
            if self.clock() > end:
                raise UnreachableError("the answer did not end before the deadline")
        return b"".join(parts)


def _refuse(answer: httpx.Response, body: bytes) -> NoReturn:
    try:
        found: Any = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, Mapping) or not {"title", "detail", "type"} <= {*found}:
        # Something between here and the API answered.
        found = {"type": "about:blank", "title": f"HTTP {answer.status_code}", "detail": ""}
    problem: Any = {"status": answer.status_code, "trace_id": None, "errors": [], **found}
    if answer.status_code in _BUSY:
        asked = answer.headers.get("Retry-After", "")
        raise BusyError(problem, float(asked) if asked.isdecimal() else 0.0)
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise KeyRefusedError(problem)
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NotFoundError(problem)
    raise ProblemError(problem)
