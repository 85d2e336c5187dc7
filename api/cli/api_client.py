"""Call a running API the way a front end does, for the commands that a person runs."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

POLL_SECONDS = 0.2
TIMEOUT = httpx.Timeout(10.0, read=120.0, write=120.0)


class ApiCallError(Exception):
    """Say what the API answered that was not success, or that it did not answer."""


class AnalysisEndedError(ApiCallError):
    """Say that an analysis ended without a result, and why."""


class ApiClient:
    """Hold one connection to the API at `url`, with a key where it asks for one.

    Use it as a context manager.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        # Loopback calls must not go through a proxy that the environment names.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def answers(self) -> bool:
        """Tell whether a ready API answers at the address."""
        try:
            return self._http.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def import_posts(
        self,
        user_name: str,
        file: Path,
        *,
        on_sent: Callable[[int, int], None] = lambda *_: None,
    ) -> dict[str, Any]:
        """Send a file of posts; return the counts and the reasons for what was skipped.

        on_sent is told, as the file goes out, how many of its bytes are sent, and how many it has;
        once both are the same, the API reads what came, which may take long.
        """
        with _FileOnItsWay(file, on_sent) as body:
            return self._call(
                "POST", f"/v1/users/{user_name}/posts", files={"file": (file.name, body)}
            )

    def analyse(
        self,
        user_name: str,
        *,
        as_of: str,
        source: str = "imported",
        max_posts: int | None = None,
        on_progress: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Start an analysis, with the user's consent, and return it once it has succeeded.

        Raises AnalysisEndedError where it fails or is cancelled.
        """
        analysis = self._call(
            "POST",
            "/v1/analyses",
            json={
                "user_name": user_name,
                "source": source,
                "consent": True,
                "as_of": as_of,
                "max_posts": max_posts,
            },
        )
        while analysis["state"] in ("queued", "running"):
            on_progress(analysis)
            time.sleep(POLL_SECONDS)
            analysis = self._call("GET", f"/v1/analyses/{analysis['analysis_id']}")
        on_progress(analysis)
        if analysis["state"] == "cancelled":
            raise AnalysisEndedError("the analysis was cancelled")
        if analysis["state"] != "succeeded":
            problem = analysis["problem"]
            raise AnalysisEndedError(
                f"the analysis failed: {problem['title']}: {problem['detail']}"
            )
        return analysis

    def user(self, user_name: str) -> dict[str, Any]:
        """Return a user's newest mood and what it rests on."""
        return self._call("GET", f"/v1/users/{user_name}")

    def recommendations(self, user_name: str) -> dict[str, Any]:
        """Return what is recommended to a user whose mood is known."""
        return self._call("GET", f"/v1/users/{user_name}/recommendations")

    def erase(self, user_name: str) -> None:
        """Erase everything that is held about a user."""
        self._call("DELETE", f"/v1/users/{user_name}")

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise ApiCallError(f"no answer to {method} {path}: {error}") from error
        if answer.is_error:
            raise ApiCallError(_explain(answer))
        body: dict[str, Any] = answer.json() if answer.content else {}
        return body


class _FileOnItsWay(io.FileIO):
    """Be a file that is sent block by block: who asks for the next one has sent those before."""

    def __init__(self, path: Path, on_sent: Callable[[int, int], None]) -> None:
        super().__init__(path)
        self._size = os.fstat(self.fileno()).st_size
        self._on_sent = on_sent

    def read(self, size: int | None = -1, /) -> bytes:
        self._on_sent(self.tell(), self._size)
        return super().read(size)


def _explain(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        text = f"{problem['title']}: {problem['detail']}"
        for fault in problem.get("errors", []):
            text += f"\n  {fault.get('where', '')}: {fault.get('reason', '')}"
    except (ValueError, KeyError, TypeError):
        text = f"HTTP {answer.status_code}"
    return text
