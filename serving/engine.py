"""What runs the model: token ids in, logits out. Knows no text and no label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from serving.artifact import LABELS, REMEDY
from serving.errors import ModelCorrupt
from serving.providers import open_session

Tokens = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float32]

INPUT_IDS = "input_ids"
ATTENTION_MASK = "attention_mask"
SEGMENT_IDS = "token_type_ids"
OUTPUT = "logits"
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


class OnnxEngine:
    """Run the model with ONNX Runtime, one single-threaded run a lane.

    The lanes share one session, so its weights are in memory once. One thread a run and
    several runs at a time beat several threads a run, because the pieces are small.
    """

    def __init__(
        self, model_path: Path, lanes: int, providers: Sequence[str] = (DEFAULT_PROVIDER,)
    ) -> None:
        """Load the graph; ModelCorrupt when ONNX Runtime refuses it or it has another shape.

        `providers` are serving.providers' names, best first.
        """
        self._session, self._provider = open_session(model_path, providers, threads=1)
        self._inputs = frozenset(item.name for item in self._session.get_inputs())
        outputs = {item.name: item.shape for item in self._session.get_outputs()}
        known = {INPUT_IDS, ATTENTION_MASK, SEGMENT_IDS}
        if not {INPUT_IDS, ATTENTION_MASK} <= self._inputs <= known:
            raise ModelCorrupt(
                f"model file {model_path} has the inputs {sorted(self._inputs)} and not "
                f"{sorted(known)}: {REMEDY}"
            )
        if OUTPUT not in outputs or outputs[OUTPUT][-1] not in (len(LABELS), None):
            raise ModelCorrupt(
                f"model file {model_path} has no output {OUTPUT} of {len(LABELS)} columns: {REMEDY}"
            )
        self._lanes = lanes

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
        feed = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        if SEGMENT_IDS in self._inputs:
            feed[SEGMENT_IDS] = np.zeros_like(input_ids)
        logits: Logits = self._session.run([OUTPUT], feed)[0]
        return logits
