"""The engine that runs the model: token ids in, logits out. It knows no text and no label."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import numpy as np
import onnxruntime as ort

from serving.classifier.artifact import (
    ATTENTION_MASK,
    INPUT_IDS,
    LABELS,
    OUTPUT,
    REMEDY,
    SEGMENT_IDS,
    Logits,
    Tokens,
)
from serving.classifier.cores import usable_cores
from serving.classifier.cuda import BoundRun, RecordedRun, cuda_runtime
from serving.classifier.providers import (
    GPU_PROVIDERS,
    PACKING,
    GpuTuning,
    open_on,
    open_session,
)
from serving.errors import ModelCorrupt

logger = logging.getLogger(__name__)

GPU_RUNNERS = 2
"""Sessions on a GPU: one run's texts are prepared while another's are computed."""

DEFAULT_PROVIDER = "cpu"
"""What everything but the server runs the model on, so that figures compare across machines."""


class Engine(Protocol):
    """Runs one padded batch; safe to call from `runners` threads at a time.

    `provider` is the execution provider that runs the model, by its name in settings.
    """

    runners: int
    provider: str

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        ...

    def warm(self, shapes: Sequence[tuple[int, int]]) -> None:
        """Run these shapes, texts by tokens, once if first runs are slow."""
        ...


class OnnxEngine:
    """ONNX Runtime: on the CPU single-threaded runs in one shared session, or a GPU.

    On the CPU the runners share one session, so its weights are in memory once. Several runs at a
    time with one thread each beat several threads per run, because the batches are small; but a
    single text that arrives while nothing runs is answered sooner by several threads, in a session
    of their own. On a GPU every runner has its own session, and with it its own stream.
    """

    def __init__(
        self,
        model_path: Path,
        runners: int | None = None,
        providers: Sequence[str] = (DEFAULT_PROVIDER,),
        tuning: GpuTuning | None = None,
        single_text_threads: int = 1,
    ) -> None:
        """Load the graph; ModelCorrupt when ONNX Runtime refuses it or it has another shape.

        `runners` is how many runs are made at a time (default: the cores this process may use, or
        GPU_RUNNERS), `providers` the names of execution providers, best first,
        `single_text_threads` how many threads a single text has on the CPU.
        """
        tuning = tuning or GpuTuning()
        self._session, self.provider = open_session(model_path, providers, 1, tuning)
        self._inputs = _checked_inputs(model_path, self._session)
        on_gpu = self.provider in GPU_PROVIDERS
        self.runners = runners or (GPU_RUNNERS if on_gpu else usable_cores())
        self._wide: ort.InferenceSession | None = None
        if single_text_threads > 1 and self.provider == DEFAULT_PROVIDER:
            self._wide = open_on(self.provider, model_path, single_text_threads, tuning)
        self._running = 0
        self._counting = threading.Lock()
        self._bound: list[BoundRun | RecordedRun] = []
        if on_gpu:
            others = (
                open_session(model_path, [self.provider], 1, tuning)[0]
                for _ in range(1, self.runners)
            )
            self._bound = [_bind(session, tuning) for session in (self._session, *others)]
        self._free: SimpleQueue[BoundRun | RecordedRun] = SimpleQueue()
        for bound in self._bound:
            self._free.put(bound)

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        if self._bound:
            bound = self._free.get()
            try:
                return bound.run(input_ids, attention_mask)
            finally:
                self._free.put(bound)
        feed = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        if SEGMENT_IDS in self._inputs:
            feed[SEGMENT_IDS] = np.zeros_like(input_ids)
        with self._counting:
            single = not self._running and len(input_ids) == 1
            self._running += 1
        try:
            session = self._wide if single and self._wide is not None else self._session
            logits: Logits = session.run([OUTPUT], feed)[0]
        finally:
            with self._counting:
                self._running -= 1
        return logits

    def warm(self, shapes: Sequence[tuple[int, int]]) -> None:
        """Run every shape, texts by tokens, in every session of a GPU; on the CPU nothing.

        The first run of a shape allocates memory, and chooses or records kernels.
        """
        for bound in self._bound:
            for shape in shapes:
                tokens = np.ones(shape, np.int64)
                bound.run(tokens, tokens)


def _bind(session: ort.InferenceSession, tuning: GpuTuning) -> BoundRun | RecordedRun:
    locker = cuda_runtime()
    packed = PACKING in session.get_modelmeta().custom_metadata_map
    if tuning.cuda_graphs and packed:
        logger.warning("CUDA graphs are off: a packed model waits for the host in every run")
    elif tuning.cuda_graphs:
        return RecordedRun(session, locker, len(LABELS), tuning.device)
    return BoundRun(session, locker)


def _checked_inputs(model_path: Path, session: ort.InferenceSession) -> set[str]:
    """Return the graph's inputs; ModelCorrupt unless they are tokens and a label has a column."""
    inputs = {item.name for item in session.get_inputs()}
    outputs = {item.name: item.shape for item in session.get_outputs()}
    known = {INPUT_IDS, ATTENTION_MASK, SEGMENT_IDS}
    if not {INPUT_IDS, ATTENTION_MASK} <= inputs <= known:
        raise ModelCorrupt(
            f"model file {model_path} has the inputs {sorted(inputs)} and not "
            f"{sorted(known)}: {REMEDY}"
        )
    if OUTPUT not in outputs or outputs[OUTPUT][-1] not in (len(LABELS), None):
        raise ModelCorrupt(
            f"model file {model_path} has no output {OUTPUT} of {len(LABELS)} columns: {REMEDY}"
        )
    return inputs
