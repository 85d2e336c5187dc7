"""The peers that are compared: the title, packages, tolerance and remark of each."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.adapters import (
    BENTOML_PLAIN,
    FLASK_GUNICORN,
    MlServer,
    ModelAlone,
    moodline,
    program,
)
from benchmarks.peers.agreement import SAME_FILE, UNQUANTISED, Tolerance
from benchmarks.peers.contract import Peer
from benchmarks.peers.infinity import Infinity, checkpoint_folder, onnx_folder

REQUIREMENTS = Path(__file__).parent / "requirements"
OURS = "moodline"
OURS_BENTOML = "moodline_bentoml"
LIMIT = "model_alone"
NOT_PEERS = (OURS, OURS_BENTOML, LIMIT)
"""Entries that are not candidates for "the best peer", and that run in this environment."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a peer is shown and judged.

    `package` is the one whose version is shown. `note` says where it differs from the others.
    `shares` names the peer in whose environment it runs.
    """

    name: str
    title: str
    package: str
    peer: Peer
    note: str
    tolerance: Tolerance = SAME_FILE
    shares: str = ""

    @property
    def requirements(self) -> Path | None:
        """File of its pinned packages; None where it runs in this environment."""
        if self.name in NOT_PEERS:
            return None
        return REQUIREMENTS / f"{self.shares or self.name}.txt"


_BATCHED = "of up to 64 requests, 5 ms"
_ALL = (
    Entry(OURS, "Moodline", "bentoml", moodline(), "`python -m serving`"),
    Entry(
        OURS_BENTOML,
        "Moodline, BentoML's dispatcher",
        "bentoml",
        moodline(scheduler="bentoml"),
        "`python -m serving` with `SERVING_SCHEDULER=bentoml`",
    ),
    Entry(
        "flask_gunicorn",
        "Flask + gunicorn",
        "flask",
        FLASK_GUNICORN,
        "1 worker, 8 threads, no batching, one ONNX Runtime thread per run",
    ),
    Entry("litserve", "LitServe", "litserve", program("lit_server"), f"batches {_BATCHED}"),
    Entry(
        "bentoml_plain", "BentoML, plain", "bentoml", BENTOML_PLAIN, "one service, `batchable=True`"
    ),
    Entry("ray_serve", "Ray Serve", "ray", program("ray_app"), f"`@serve.batch` {_BATCHED}"),
    Entry("mlserver", "MLServer", "mlserver", MlServer(), f"adaptive batching {_BATCHED}"),
    Entry(
        "infinity",
        "Infinity (PyTorch)",
        "infinity-emb",
        Infinity("torch", checkpoint_folder),
        "fp32 checkpoint: its PyTorch engine loads no ONNX file; texts normalised beforehand",
        UNQUANTISED,
    ),
    Entry(
        "infinity_onnx",
        "Infinity (optimum)",
        "infinity-emb",
        Infinity("optimum", onnx_folder),
        "the same int8 file in its ONNX Runtime engine; texts normalised beforehand",
        shares="infinity",
    ),
    Entry(
        LIMIT,
        "the model alone",
        "onnxruntime",
        ModelAlone(),
        "no server: `EmotionClassifier` in calls of 64 and of 50 texts",
    ),
)
ENTRIES = {entry.name: entry for entry in _ALL}
