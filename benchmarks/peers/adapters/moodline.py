"""Ours: `python -m serving` with the settings it has by default, and no cache of results."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.adapters.wire import classify_call
from benchmarks.peers.contract import Call, Place, Server
from benchmarks.peers.processes import end, launch


def start(place: Place) -> Server:
    """Start the server."""
    settings = {
        "SERVING_HOST": "127.0.0.1",
        "SERVING_PORT": str(place.port),
        "SERVING_MODEL_DIR": str(place.model_dir),
        "SERVING_CACHE_TEXTS": "0",
    }
    return launch(place, [place.python, "-m", "serving"], settings)


def call(place: Place, texts: Sequence[str]) -> Call:  # noqa: ARG001 -- every peer takes both
    """Return the contract's request."""
    return classify_call("/v1/classify", texts)


def stop(server: Server) -> None:
    """End it."""
    end(server)
