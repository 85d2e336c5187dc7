"""The limit: the model without a server, run by the client's process itself (see inline)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.adapters.wire import classify_call
from benchmarks.peers.client import inline
from benchmarks.peers.contract import Call, Place, Server


def start(place: Place) -> Server:
    """Start nothing."""
    return Server(inline.URL, place.log)


def call(place: Place, texts: Sequence[str]) -> Call:  # noqa: ARG001 -- every peer takes both
    """Return the request a server would be sent."""
    return classify_call("", texts)


def stop(server: Server) -> None:
    """Have nothing to end."""
