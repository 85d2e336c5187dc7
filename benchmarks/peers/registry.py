"""Who is compared, and what is particular about each."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.peers.contract import Peer
from benchmarks.peers.report.agreement import SAME_FILE, UNQUANTISED, Tolerance

REQUIREMENTS = Path(__file__).parent / "requirements"
OURS = "moodline"
LIMIT = "model_alone"


@dataclass(frozen=True, slots=True)
class Entry:
    """Say how a peer is shown and judged; `name` is its module's.

    `package` is the one whose version is shown. `note` says where it differs from the others.
    `shares` names the peer in whose environment it runs.
    """

    name: str
    title: str
    package: str
    note: str = ""
    tolerance: Tolerance = SAME_FILE
    shares: str = ""

    @property
    def requirements(self) -> Path | None:
        """Return its pinned packages; None where it runs in this environment."""
        if self.name in (OURS, LIMIT):
            return None
        return REQUIREMENTS / f"{self.shares or self.name}.txt"


ENTRIES = {
    entry.name: entry
    for entry in (
        Entry(OURS, "Moodline", "bentoml", "`python -m serving`"),
        Entry(
            "flask_gunicorn",
            "Flask + gunicorn",
            "flask",
            "1 worker, 8 threads, no batching, one ONNX Runtime thread a run",
        ),
        Entry("litserve", "LitServe", "litserve", "batches of up to 64 requests, 5 ms"),
        Entry("bentoml_plain", "BentoML, plain", "bentoml", "one service, `batchable=True`"),
        Entry("ray_serve", "Ray Serve", "ray", "`@serve.batch` of up to 64 requests, 5 ms"),
        Entry("mlserver", "MLServer", "mlserver", "adaptive batching of up to 64 requests, 5 ms"),
        Entry(
            "infinity",
            "Infinity (PyTorch)",
            "infinity-emb",
            "fp32 checkpoint: its PyTorch engine loads no ONNX file; texts normalised beforehand",
            UNQUANTISED,
        ),
        Entry(
            "infinity_onnx",
            "Infinity (optimum)",
            "infinity-emb",
            "the same int8 file in its ONNX Runtime engine; texts normalised beforehand",
            shares="infinity",
        ),
        Entry(
            LIMIT,
            "the model alone",
            "onnxruntime",
            "no server: `EmotionClassifier` in calls of 64 and of 50 texts",
        ),
    )
}


def load_peer(name: str) -> Peer:
    """Return the module of a peer, which has the functions of one."""
    return cast(Peer, importlib.import_module(f"benchmarks.peers.adapters.{name}"))
