"""Write the changes of an analysis as server-sent events."""

from __future__ import annotations

from collections.abc import Generator

from flask import json

from api.domain.analyses import Analysis
from api.routes.documents import analysis_document


class EventLines:
    """Iterate over the text of server-sent events; None becomes a comment, a sign of life.

    It is a class because close() must reach changes even where the client left before the first
    event, which a generator that was never started does not do.
    """

    def __init__(self, changes: Generator[Analysis | None, None, None]) -> None:
        self._changes = changes

    def __iter__(self) -> EventLines:
        return self

    def __next__(self) -> str:
        change = next(self._changes)
        if change is None:
            return ": still here\n\n"
        data = json.dumps(analysis_document(change), ensure_ascii=False)
        return f"event: analysis\ndata: {data}\n\n"

    def close(self) -> None:
        """Give back the place that the call took."""
        self._changes.close()
