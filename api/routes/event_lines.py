"""Write the changes of an analysis as server-sent events."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from flask import json

from api.domain.analyses import Analysis


class EventLines:
    """Iterate over the text of server-sent events; None becomes a comment, a sign of life.

    document turns an analysis into JSON values. It is a class because close() must reach changes
    even where the client left before the first event, which a generator that was never started
    does not do.
    """

    def __init__(
        self,
        changes: Generator[Analysis | None, None, None],
        document: Callable[[Analysis], dict[str, Any]],
    ) -> None:
        self._changes = changes
        self._document = document

    def __iter__(self) -> EventLines:
        return self

    def __next__(self) -> str:
        change = next(self._changes)
        if change is None:
            return ": still here\n\n"
        data = json.dumps(self._document(change), ensure_ascii=False)
        return f"event: analysis\ndata: {data}\n\n"

    def close(self) -> None:
        """Give back the place that the call took."""
        self._changes.close()
