"""History of what clients asked and were promised: an append-only file, synced line by line.

It outlives every process of a run, so what the service acknowledged is known whatever is killed.
Users' names, ids and the marker of each user's texts are in it.
"""

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

What = Literal[
    "import sent", "imported", "start sent", "started", "cancelled",
    "erase sent", "erased", "consent sent", "consented", "answered 500",
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One line of the history; an acknowledgement names the number of the line it answers."""

    number: int
    what: What
    user: str
    answers: int | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


class History:
    """The file of events, which any thread may append to."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._out = file.open("ab", buffering=0)

    def note(self, what: What, user: str, answers: int | None = None, **about: Any) -> int:
        """Append an event and return its number, once it is on the disk."""
        with self._lock:
            event = Event(len(self._events), what, user, answers, about)
            line = {"n": event.number, "what": what, "user": user, "answers": answers, **about}
            self._out.write(json.dumps(line).encode() + b"\n")
            os.fsync(self._out.fileno())
            self._events.append(event)
            return event.number

    def events(self) -> list[Event]:
        with self._lock:
            return list(self._events)

    def close(self) -> None:
        self._out.close()
