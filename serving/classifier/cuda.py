"""One lane's way through a session on a card, its memory bound once and used again.

Inputs go from page-locked memory to the card, logits come back bound to the host. With the CPU's
provider the same code runs without a card.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from serving.classifier.pinned_memory import PageLocker, StagingArray

Tokens = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float32]

INPUT_IDS = "input_ids"
ATTENTION_MASK = "attention_mask"
SEGMENT_IDS = "token_type_ids"
OUTPUT = "logits"
GRAPH_ID = "gpu_graph_id"
NO_GRAPH = "-1"
"""Tells a session that records CUDA graphs to run this one as it comes."""

GRAPH_TEXTS = (1, 2, 4, 8)
GRAPH_TOKENS = (16, 32, 64, 128)
"""Shapes that are recorded: few texts, for which the host's launches cost more than the kernels."""


class BoundRun:
    """Run padded groups of any shape; one thread at a time."""

    def __init__(self, session: ort.InferenceSession, locker: PageLocker | None) -> None:
        """Take a session, and what locks pages, if anything does."""
        self._session = session
        self._staged = {item.name: StagingArray(locker) for item in session.get_inputs()}
        self._options = ort.RunOptions()
        self._options.add_run_config_entry(GRAPH_ID, NO_GRAPH)

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        binding = self._session.io_binding()
        feed = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        for name, staging in self._staged.items():
            tokens = feed[name] if name in feed else np.zeros_like(input_ids)
            binding.bind_cpu_input(name, staging.hold(tokens))
        binding.bind_output(OUTPUT, "cpu")
        self._session.run_with_iobinding(binding, self._options)
        logits: Logits = binding.copy_outputs_to_cpu()[0]
        return logits


@dataclass(frozen=True, slots=True)
class _Recorded:
    """Hold the fixed memory of one shape, as a recorded graph needs it."""

    inputs: dict[str, ort.OrtValue]
    output: ort.OrtValue
    binding: ort.IOBinding
    options: ort.RunOptions


class RecordedRun:
    """Run few short texts by replaying a CUDA graph of their shape, and others as BoundRun does."""

    def __init__(
        self, session: ort.InferenceSession, locker: PageLocker | None, columns: int, device: str
    ) -> None:
        """Take a session that records graphs, its outputs a text, and its memory's device."""
        self._session = session
        self._columns = columns
        self._device = device
        self._any = BoundRun(session, locker)
        self._recorded: dict[tuple[int, int], _Recorded] = {}

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        shape = recorded_shape(*input_ids.shape)
        if shape is None:
            return self._any.run(input_ids, attention_mask)
        held = self._recorded.get(shape) or self._hold(shape)
        feed = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        for name, value in held.inputs.items():
            tokens = np.zeros(shape, np.int64)
            if name == ATTENTION_MASK:
                tokens[:, 0] = 1  # a text without any token would have no softmax
            if name in feed:
                tokens[: input_ids.shape[0], : input_ids.shape[1]] = feed[name]
            value.update_inplace(tokens)
        self._session.run_with_iobinding(held.binding, held.options)
        return np.array(held.output.numpy()[: input_ids.shape[0]])

    def _hold(self, shape: tuple[int, int]) -> _Recorded:
        """Give a shape its memory; the first run with it records."""

        def memory(size: tuple[int, int], kind: type) -> ort.OrtValue:
            return ort.OrtValue.ortvalue_from_shape_and_type(size, kind, self._device, 0)

        held = _Recorded(
            {item.name: memory(shape, np.int64) for item in self._session.get_inputs()},
            memory((shape[0], self._columns), np.float32),
            self._session.io_binding(),
            ort.RunOptions(),
        )
        for name, value in held.inputs.items():
            held.binding.bind_ortvalue_input(name, value)
        held.binding.bind_ortvalue_output(OUTPUT, held.output)
        held.options.add_run_config_entry(GRAPH_ID, str(len(self._recorded) + 1))
        self._recorded[shape] = held
        return held


def recorded_shape(texts: int, tokens: int) -> tuple[int, int] | None:
    """Return the smallest recorded shape that holds so many texts and tokens, if one does."""
    rows = next((size for size in GRAPH_TEXTS if size >= texts), None)
    width = next((size for size in GRAPH_TOKENS if size >= tokens), None)
    return (rows, width) if rows and width else None
