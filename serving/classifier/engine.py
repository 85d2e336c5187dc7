"""What runs the model: token ids in, logits out. Knows no text and no label."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

import numpy as np
import onnxruntime as ort

from serving.classifier.artifact import LABELS, REMEDY
from serving.classifier.cores import usable_cores
from serving.classifier.cuda import (
    ATTENTION_MASK,
    INPUT_IDS,
    OUTPUT,
    SEGMENT_IDS,
    BoundRun,
    Logits,
    RecordedRun,
    Tokens,
)
from serving.classifier.pinned_memory import cuda_runtime
from serving.classifier.providers import ON_CARD, PACKING, CardTuning, open_on, open_session
from serving.errors import ModelCorrupt

logger = logging.getLogger(__name__)

CARD_LANES = 2
"""Sessions on a card: one run's texts are made ready while another's are computed."""

DEFAULT_PROVIDER = "cpu"
"""What everybody but the server runs the model on, so that figures are one machine's."""


class Engine(Protocol):
    """Run one padded group; safe to call from `lanes` threads at a time."""

    @property
    def lanes(self) -> int:
        """Return how many runs make progress at a time."""
        ...

    @property
    def provider(self) -> str:
        """Return what runs the model, by its name in settings."""
        ...

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        ...

    def warm(self, shapes: Sequence[tuple[int, int]]) -> None:
        """Make first runs of these shapes, texts by tokens, where those are slow."""
        ...


class OnnxEngine:
    """Run the model with ONNX Runtime: on the CPU one single-threaded run a lane, or on a card.

    On the CPU the lanes share one session, so its weights are in memory once. One thread a run
    and several runs at a time beat several threads a run, because the pieces are small; but one
    text that comes while nothing runs is answered sooner by several threads, in a session of
    their own. On a card every lane has a session, and with it a stream, of its own.
    """

    def __init__(
        self,
        model_path: Path,
        lanes: int | None = None,
        providers: Sequence[str] = (DEFAULT_PROVIDER,),
        tuning: CardTuning | None = None,
        lone_threads: int = 1,
    ) -> None:
        """Load the graph; ModelCorrupt when ONNX Runtime refuses it or it has another shape.

        `lanes` is how many runs are made at a time (default: the cores this process may use, or
        CARD_LANES), `providers` the names of execution providers, best first, `lone_threads` how
        many threads a lone text has on the CPU.
        """
        tuning = tuning or CardTuning()
        self._session, self._provider = open_session(model_path, providers, 1, tuning)
        self._inputs = frozenset(item.name for item in self._session.get_inputs())
        _check_shape(model_path, self._session)
        on_card = self._provider in ON_CARD
        self._lanes = lanes or (CARD_LANES if on_card else usable_cores())
        self._wide: ort.InferenceSession | None = None
        if lone_threads > 1 and self._provider == DEFAULT_PROVIDER:
            self._wide = open_on(self._provider, model_path, lone_threads, tuning)
        self._running = 0
        self._counting = threading.Lock()
        self._bound: list[BoundRun | RecordedRun] = []
        if on_card:
            others = (
                open_session(model_path, [self._provider], 1, tuning)[0]
                for _ in range(1, self._lanes)
            )
            self._bound = [_bind(session, tuning) for session in (self._session, *others)]
        self._free: SimpleQueue[BoundRun | RecordedRun] = SimpleQueue()
        for bound in self._bound:
            self._free.put(bound)

    @property
    def lanes(self) -> int:
        """Return how many runs make progress at a time."""
        return self._lanes

    @property
    def provider(self) -> str:
        """Return what runs the model, by its name in settings."""
        return self._provider

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        if self._bound:
            return self._run_bound(input_ids, attention_mask)
        feed = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        if SEGMENT_IDS in self._inputs:
            feed[SEGMENT_IDS] = np.zeros_like(input_ids)
        with self._counting:
            alone = not self._running and len(input_ids) == 1
            self._running += 1
        try:
            session = self._wide if alone and self._wide is not None else self._session
            logits: Logits = session.run([OUTPUT], feed)[0]
        finally:
            with self._counting:
                self._running -= 1
        return logits

    def warm(self, shapes: Sequence[tuple[int, int]]) -> None:
        """Run every shape, texts by tokens, in every session of a card; on the CPU nothing.

        The first run of a shape allocates memory, and chooses or records kernels.
        """
        for bound in self._bound:
            for shape in shapes:
                tokens = np.ones(shape, np.int64)
                bound.run(tokens, tokens)

    def _run_bound(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        bound = self._free.get()
        try:
            return bound.run(input_ids, attention_mask)
        finally:
            self._free.put(bound)


def _bind(session: ort.InferenceSession, tuning: CardTuning) -> BoundRun | RecordedRun:
    """Return a lane's way through a session on a card."""
    locker = cuda_runtime()
    packed = PACKING in session.get_modelmeta().custom_metadata_map
    if tuning.cuda_graphs and packed:
        logger.warning("CUDA graphs are off: a packed model waits for the host in every run")
    elif tuning.cuda_graphs:
        return RecordedRun(session, locker, len(LABELS), tuning.device)
    return BoundRun(session, locker)


def _check_shape(model_path: Path, session: ort.InferenceSession) -> None:
    """Raise ModelCorrupt unless the graph takes tokens and gives a column a label."""
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
