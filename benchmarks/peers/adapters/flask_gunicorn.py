"""Flask under gunicorn: one process of eight threads, each request a run of its own."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.adapters.wire import classify_call
from benchmarks.peers.contract import Call, Place, Server
from benchmarks.peers.processes import end, launch

APP = "benchmarks.peers.servers.flask_app:app"


def start(place: Place) -> Server:
    """Start gunicorn."""
    options = ["--workers", "1", "--threads", "8", "--bind", f"127.0.0.1:{place.port}"]
    return launch(place, [place.python, "-m", "gunicorn", *options, "--keep-alive", "30", APP])


def call(place: Place, texts: Sequence[str]) -> Call:  # noqa: ARG001 -- every peer takes both
    """Return the app's request."""
    return classify_call("/classify", texts)


def stop(server: Server) -> None:
    """End it."""
    end(server)
