"""BentoML as most people write it: one service, one batchable method, nothing tuned."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.adapters.wire import classify_call
from benchmarks.peers.contract import Call, Place, Server
from benchmarks.peers.processes import ROOT, end, launch

SERVICE = "benchmarks.peers.servers.bento_service:EmotionService"


def start(place: Place) -> Server:
    """Start `bentoml serve`."""
    options = ["--working-dir", str(ROOT), "--host", "127.0.0.1", "--port", str(place.port)]
    return launch(
        place,
        [place.python, "-m", "bentoml", "serve", SERVICE, *options],
        {"BENTOML_HOME": str(place.folder / "home")},
    )


def call(place: Place, texts: Sequence[str]) -> Call:  # noqa: ARG001 -- every peer takes both
    """Return the service's request."""
    return classify_call("/classify", texts)


def stop(server: Server) -> None:
    """End it."""
    end(server)
