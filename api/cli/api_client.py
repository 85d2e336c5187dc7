"""HTTP client of a running API, for the command line and the demo."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

POLL_SECONDS = 0.2
TIMEOUT = httpx.Timeout(10.0, read=120.0, write=120.0)


class ApiCallError(Exception):
    """The API refused a call or could not be reached."""


class AnalysisEndedError(ApiCallError):
    """An analysis ended without a result."""


class ApiClient:
    """Connection to the API at `url`, with a key if given; a context manager."""

    def __init__(self, url: str, key: str | None = None) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        # Loopback calls must not go through the environment's proxy.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def answers(self) -> bool:
        """Check whether a ready API answers at the address."""
        try:
            return self._http.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def import_posts(
        self,
        user_name: str,
        file: Path,
        *,
        dry_run: bool = False,
        date_order: str | None = None,
        on_sent: Callable[[int, int], None] = lambda *_: None,
    ) -> dict[str, Any]:
        """Upload a file of posts; return what was understood of it and what was stored.

        dry_run stores nothing; date_order, "day_first" or "month_first", is for a file whose dates
        have either order. on_sent is called with the bytes sent so far and the file's size; once
        they are equal, the API imports the file, which may take long.
        """
        with _UploadedFile(file, on_sent) as body:
            return self._call(
                "POST",
                f"/v1/users/{user_name}/posts",
                params={"dry_run": dry_run} | ({"date_order": date_order} if date_order else {}),
                files={"file": (file.name, body)},
            )

    def import_formats(self) -> list[dict[str, Any]]:
        """Return the kinds of files that can be imported."""
        formats: list[dict[str, Any]] = self._call("GET", "/v1/import-formats")["formats"]
        return formats

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

        Raises AnalysisEndedError if it fails or is cancelled.
        """
        request = {
            "user_name": user_name,
            "source": source,
            "consent": True,
            "as_of": as_of,
            "max_posts": max_posts,
        }
        analysis = self._call("POST", "/v1/analyses", json=request)
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
        """Return a user's newest mood and result."""
        return self._call("GET", f"/v1/users/{user_name}")

    def recommendations(self, user_name: str) -> dict[str, Any]:
        """Return the recommendations for a user whose mood is known."""
        return self._call("GET", f"/v1/users/{user_name}/recommendations")

    def erase(self, user_name: str) -> list[str]:
        """Erase everything stored about a user; return where some of it remains for a while."""
        pending: list[str] = self._call("DELETE", f"/v1/users/{user_name}").get("pending", [])
        return pending

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise ApiCallError(f"no answer to {method} {path}: {error}") from error
        if answer.is_error:
            raise ApiCallError(_explain(answer))
        body: dict[str, Any] = answer.json() if answer.content else {}
        return body


class _UploadedFile(io.FileIO):
    # httpx reads block by block, so a read means that the blocks before it were sent.

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
        if problem.get("type") == "/problems/ambiguous-dates":
            text += "\n  Say which it is: --date-order day-first, or --date-order month-first."
    except (ValueError, KeyError, TypeError):
        text = f"HTTP {answer.status_code}"
    return text
