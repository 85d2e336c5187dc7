"""The client: one method per call of the API."""

import io
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Self, cast
from urllib.parse import quote

import httpx

from api.client.calls import Calls, Clock, Sleep
from api.client.documents import (
    Analysis,
    Consent,
    Emotion,
    Export,
    Feedback,
    HistoryPage,
    Import,
    ImportFormat,
    Patterns,
    Post,
    PostsPage,
    Recommendations,
    Result,
    Timeline,
    User,
)
from api.client.errors import AnalysisEndedError, BusyError, MoodlineError, UnreachableError

_POLL_SECONDS = 0.2
_ENDED = ("succeeded", "failed", "cancelled")
_EVENT_DATA = "data: "


class MoodlineClient:
    """Client of the API at `url`, with an API key if it asks for one; a context manager.

    deadline_seconds is how long a call may take in all, with everything that is tried again.
    Each method raises ProblemError if the API refuses the call, with its reasons, and
    UnreachableError if there is no answer in time. Names of users are checked by the API.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        deadline_seconds: float = 120.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Sleep = time.sleep,
        clock: Clock = time.monotonic,
    ) -> None:
        self._calls = Calls(
            url,
            key,
            deadline_seconds=deadline_seconds,
            transport=transport,
            sleep=sleep,
            clock=clock,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def ready(self) -> bool:
        """Check whether a ready API answers at the address."""
        try:
            self._calls.body("GET", "/readyz", repeatable=False, deadline_seconds=10)
        except MoodlineError:
            return False
        return True

    def import_posts(
        self,
        user_name: str,
        file: Path,
        *,
        dry_run: bool = False,
        date_order: str | None = None,
        on_sent: Callable[[int, int], None] = lambda *_: None,
    ) -> Import:
        """Upload a file of posts; return what was understood of it and what was stored.

        dry_run stores nothing; date_order, "day_first" or "month_first", is for a file whose dates
        have either order. on_sent is called with the bytes sent so far and the file's size; once
        they are equal, the API imports the file, which may take long.
        """
        query = {"dry_run": dry_run, **_given(date_order=date_order)}
        with _UploadedFile(file, on_sent) as body:
            answer = self._calls.json(
                "POST", _user(user_name, "posts"), params=query, files={"file": (file.name, body)},
                repeatable=False,
            )  # fmt: skip
        return cast(Import, answer)

    def import_formats(self) -> list[ImportFormat]:
        """Return the kinds of files that can be imported."""
        formats: list[ImportFormat] = self._calls.json("GET", "/v1/import-formats")["formats"]
        return formats

    def start(
        self,
        user_name: str,
        *,
        consent: bool,
        source: str = "imported",
        source_user: str | None = None,
        max_posts: int | None = None,
        as_of: str = "now",
    ) -> Analysis:
        """Start an analysis, or return the one of this user that is queued or running.

        consent says that these are the user's own posts and that they agree.
        """
        body = {
            "user_name": user_name,
            "consent": consent,
            "source": source,
            "as_of": as_of,
            **_given(source_user=source_user, max_posts=max_posts),
        }
        # With a key of its own the request may be sent twice: it starts one analysis.
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return cast(Analysis, self._calls.json("POST", "/v1/analyses", json=body, headers=headers))

    def analysis(self, analysis_id: str) -> Analysis:
        """Return an analysis: its state, its progress, its result or problem."""
        return cast(Analysis, self._calls.json("GET", _analysis(analysis_id)))

    def follow(self, analysis_id: str, *, deadline_seconds: float = 3600.0) -> Iterator[Analysis]:
        """Yield an analysis at each change, until its state is final.

        The changes come as server-sent events; where those break or do not pass, they are asked
        for. Raises UnreachableError if the analysis has not ended by the deadline.
        """
        end = self._calls.clock() + deadline_seconds
        last: Analysis | None = None
        try:
            for analysis in self._events(analysis_id, end):
                last = analysis
                yield analysis
                if analysis["state"] in _ENDED:
                    return
        except (UnreachableError, BusyError):
            pass  # a proxy may cut what stays open, and too many may follow at once
        while True:
            analysis = self.analysis(analysis_id)
            if analysis != last:
                last = analysis
                yield analysis
            if analysis["state"] in _ENDED:
                return
            if self._calls.clock() >= end:
                raise UnreachableError("the analysis has not ended before the deadline")
            self._calls.wait(_POLL_SECONDS)

    def result(self, analysis_id: str, *, deadline_seconds: float = 3600.0) -> Result:
        """Wait for an analysis and return its result.

        Raises AnalysisEndedError if it fails or is cancelled.
        """
        for analysis in self.follow(analysis_id, deadline_seconds=deadline_seconds):
            if analysis["state"] in _ENDED:
                return result_of(analysis)
        raise UnreachableError("the analysis has not ended")

    def analyse(
        self,
        user_name: str,
        *,
        as_of: str,
        source: str = "imported",
        max_posts: int | None = None,
        on_progress: Callable[[Analysis], None] = lambda _: None,
    ) -> Analysis:
        """Start an analysis, with the user's consent, and return it once it has succeeded.

        Raises AnalysisEndedError if it fails or is cancelled.
        """
        analysis = self.start(
            user_name, consent=True, as_of=as_of, source=source, max_posts=max_posts
        )
        on_progress(analysis)
        if analysis["state"] not in _ENDED:
            for analysis in self.follow(analysis["analysis_id"]):  # noqa: B020  the newest of it
                on_progress(analysis)
        result_of(analysis)
        return analysis

    def cancel(self, analysis_id: str) -> Analysis:
        """Cancel an analysis that has not ended."""
        return cast(Analysis, self._calls.json("DELETE", _analysis(analysis_id)))

    def feedback(self, analysis_id: str, mood: str) -> None:
        """Say with the user's own word what the mood was."""
        self._calls.body("POST", f"{_analysis(analysis_id)}/feedback", json={"mood": mood})

    def feedback_on(self, analysis_id: str) -> Feedback:
        """Return the user's own word for the mood, with nulls before they gave one."""
        return cast(Feedback, self._calls.json("GET", f"{_analysis(analysis_id)}/feedback"))

    def user(self, user_name: str, *, country: str | None = None) -> User:
        """Return a user's newest mood and result, with the helplines of the country."""
        query = _given(country=country)
        return cast(User, self._calls.json("GET", _user(user_name), params=query))

    def timeline(self, user_name: str, *, bucket: str = "day", **days: str) -> Timeline:
        """Return the user's emotions over time, oldest first; see posts for the days."""
        query = {"bucket": bucket, **_days(days)}
        return cast(Timeline, self._calls.json("GET", _user(user_name, "timeline"), params=query))

    def posts(
        self, user_name: str, *, emotion: Emotion | None = None, text: str | None = None,
        ownership: str | None = None, cursor: str | None = None, limit: int = 50, **days: str,
    ) -> PostsPage:  # fmt: skip
        """Return a page of stored posts, newest first; the next one starts at next_cursor.

        days are first and last, as 2024-12-31 and both included, and timezone, an IANA name.
        """
        query = _given(emotion=emotion, text=text, ownership=ownership, cursor=cursor, limit=limit)
        query |= _days(days)
        return cast(PostsPage, self._calls.json("GET", _user(user_name, "posts"), params=query))

    def correct(self, user_name: str, post_id: str, emotion: Emotion | None) -> Post:
        """Say which emotion a post has; None takes an earlier correction back."""
        path = _user(user_name, "corrections")
        if emotion is None:
            answer = self._calls.json("DELETE", path, params={"post_id": post_id})
        else:
            answer = self._calls.json("PUT", path, json={"post_id": post_id, "emotion": emotion})
        return cast(Post, answer)

    def history(self, user_name: str, *, cursor: str | None = None, limit: int = 20) -> HistoryPage:
        """Return a page of the user's past analyses, newest first."""
        query = _given(cursor=cursor, limit=limit)
        return cast(
            HistoryPage, self._calls.json("GET", _user(user_name, "analyses"), params=query)
        )

    def patterns(self, user_name: str, **days: str) -> Patterns:
        """Return when, where and about what the user's posts are light or heavy; see posts."""
        return cast(
            Patterns, self._calls.json("GET", _user(user_name, "patterns"), params=_days(days))
        )

    def recommendations(self, user_name: str) -> Recommendations:
        """Return the recommendations for a user whose mood is known."""
        return cast(Recommendations, self._calls.json("GET", _user(user_name, "recommendations")))

    def consent(self, user_name: str, *, matchable: bool = False, **more: bool) -> Consent:
        """Record the user's consent; matchable: they may be recommended to others."""
        body = {"matchable": matchable, **more}
        return cast(Consent, self._calls.json("PUT", _user(user_name, "consent"), json=body))

    def export(self, user_name: str) -> Export:
        """Return everything stored about a user."""
        return cast(Export, self._calls.json("GET", _user(user_name, "export")))

    def export_csv(self, user_name: str, **days: str) -> bytes:
        """Return the user's posts with their scores as a CSV file; see posts for the days."""
        query = {"format": "csv", **_days(days)}
        return self._calls.body("GET", _user(user_name, "export"), params=query)

    def summary_picture(
        self, user_name: str, *, width: int = 1200, theme: Literal["light", "dark"] = "light"
    ) -> bytes:
        """Return the picture of a user's newest mood, as a PNG of that width."""
        query = {"width": width, "theme": theme}
        return self._calls.body("GET", _user(user_name, "summary.png"), params=query)

    def erase(self, user_name: str) -> list[str]:
        """Erase everything stored about a user; return where some of it remains for a while."""
        answer = self._calls.json("DELETE", _user(user_name), repeatable=False)
        pending: list[str] = answer.get("pending", [])
        return pending

    def _events(self, analysis_id: str, end: float) -> Iterator[Analysis]:
        path = f"{_analysis(analysis_id)}/events"
        with self._calls.stream("GET", path, end) as answer:
            for line in answer.iter_lines():
                if line.startswith(_EVENT_DATA):
                    try:
                        yield json.loads(line.removeprefix(_EVENT_DATA))
                    except ValueError as error:
                        raise UnreachableError("an event is not JSON") from error
                if self._calls.clock() >= end:
                    raise UnreachableError("the analysis has not ended before the deadline")


class _UploadedFile(io.FileIO):
    # httpx reads block by block, so a read means that the blocks before it were sent.

    def __init__(self, path: Path, on_sent: Callable[[int, int], None]) -> None:
        super().__init__(path)
        self._size = os.fstat(self.fileno()).st_size
        self._on_sent = on_sent

    def read(self, size: int | None = -1, /) -> bytes:
        self._on_sent(self.tell(), self._size)
        return super().read(size)


def result_of(analysis: Analysis) -> Result:
    """Return the result of an analysis that has ended; AnalysisEndedError if it has none."""
    if analysis["state"] != "succeeded" or analysis["result"] is None:
        raise AnalysisEndedError(analysis)
    return analysis["result"]


def _user(user_name: str, *more: str) -> str:
    return "/".join(("/v1/users", quote(user_name, safe=""), *more))


def _analysis(analysis_id: str) -> str:
    return f"/v1/analyses/{quote(analysis_id, safe='')}"


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _days(days: dict[str, str]) -> dict[str, str]:
    names = {"first": "from", "last": "to", "timezone": "timezone"}
    unknown = days.keys() - names.keys()
    if unknown:
        raise TypeError(f"days are first, last and timezone, not {', '.join(sorted(unknown))}")
    return {names[name]: value for name, value in days.items()}
