"""Client of the API that logs what it asks and is promised, and asks again until it is answered."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from tests.support.faults.history import History

SECONDS = 60.0
_NOT_NOW = (429, 502, 503, 504)


class LoggedClient:
    """Imports, analyses and erasures of invented users, each noted before it is sent.

    A call is repeated, a start with the same Idempotency-Key, until the API answers with another
    status than 429 or 503. Thread-safe; one user belongs to one thread at a time.
    """

    def __init__(self, url: str, history: History, stopping: threading.Event) -> None:
        self.http = httpx.Client(base_url=url, timeout=10.0, trust_env=False)
        self.history = history
        self._stopping = stopping
        self._markers: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def marker(self, user: str) -> str:
        """Return what every text of the user contains, until they are erased."""
        return self._markers.setdefault(user, f"mark{uuid.uuid4().hex[:12]}")

    def import_posts(self, user: str, more: int = 20, *, text: str = "post") -> None:
        """Import all posts of the user again, and so many new ones, each with this in its text."""
        self._counts[user] = count = self._counts.get(user, 0) + more
        posts = {f"{user}{n}": f"{self.marker(user)} {text} {n}" for n in range(count)}
        lines = "\n".join(
            f'{{"id": "{one}", "text": "{said}", "created_at": "2026-01-01T00:00:{n % 60:02}Z"}}'
            for n, (one, said) in enumerate(posts.items())
        )
        sent = self.history.note("import sent", user, marker=self.marker(user), posts=posts)
        answer = self._answer(
            user, lambda: self.http.post(f"/v1/users/{user}/posts", content=lines)
        )
        if answer.is_success:
            self.history.note("imported", user, sent)

    def start(self, user: str, key: str | None = None, **request: Any) -> str | None:
        """Start an analysis and return its id, None where the API refused it."""
        key = key or uuid.uuid4().hex
        body = {"user_name": user, "consent": True, **request}
        sent = self.history.note("start sent", user, key=key, request=request)
        headers = {"Idempotency-Key": key}
        answer = self._answer(
            user, lambda: self.http.post("/v1/analyses", json=body, headers=headers)
        )
        if not answer.is_success:
            return None
        one: str = answer.json()["analysis_id"]
        self.history.note("started", user, sent, id=one)
        return one

    def cancel(self, user: str, one: str) -> None:
        if self._answer(user, lambda: self.http.delete(f"/v1/analyses/{one}")).is_success:
            self.history.note("cancelled", user, id=one)

    def erase(self, user: str, *, consent_only: bool = False) -> None:
        """Erase the user, by withdrawing consent if so told; later imports have other texts."""
        if user not in self._markers:
            return  # they are not known, or erased already
        path = f"/v1/users/{user}" + ("/consent" if consent_only else "")
        sent = self.history.note("erase sent", user)
        answer = self._answer(user, lambda: self.http.delete(path))
        # 404: an earlier try of this call has done it, and its answer was lost.
        if answer.is_success or answer.status_code == 404:
            self.history.note("erased", user, sent)
            self._markers.pop(user, None)
            self._counts.pop(user, None)

    def state(self, one: str) -> str | None:
        """Return the state of an analysis, None where there is no such analysis."""
        answer = self._answer("", lambda: self.http.get(f"/v1/analyses/{one}"))
        return None if answer.status_code == 404 else str(answer.json()["state"])

    def move(self, url: str) -> None:
        """Call the API at another address from now on."""
        self.http.base_url = httpx.URL(url)

    def close(self) -> None:
        self.http.close()

    def _answer(self, user: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
        ends = time.monotonic() + SECONDS
        pause = 0.05
        said = "no answer"
        while time.monotonic() < ends:
            try:
                answer = ask()
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.status_code not in (*_NOT_NOW, 500):
                    return answer
                said = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code == 500:
                    path = str(answer.request.url.path)
                    self.history.note("answered 500", user, path=path, text=answer.text[:200])
                    return answer
            self._stopping.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311  a pause
            pause = min(2 * pause, 1.0)
        raise AssertionError(f"no answer within {SECONDS:g} seconds, the last try: {said}")
