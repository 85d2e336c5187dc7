"""LitServe: batches of requests in one worker, its program in servers/lit_server.py."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.adapters.wire import classify_call
from benchmarks.peers.contract import Call, Place, Server
from benchmarks.peers.processes import end, launch


def start(place: Place) -> Server:
    """Start the server."""
    return launch(place, [place.python, "-m", "benchmarks.peers.servers.lit_server"])


def call(place: Place, texts: Sequence[str]) -> Call:  # noqa: ARG001 -- every peer takes both
    """Return the API's request."""
    return classify_call("/classify", texts)


def stop(server: Server) -> None:
    """End it."""
    end(server)
