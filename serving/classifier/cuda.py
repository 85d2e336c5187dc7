"""Running the model on an NVIDIA GPU: bound memory, page-locked inputs, recorded CUDA graphs.

Inputs go from page-locked host memory to the GPU, which reads it without another copy; logits
come back bound to the host. With the CPU's execution provider the same code runs without a GPU.
CUDA's runtime locks the pages of an ordinary array (`cudaHostRegister`); ONNX Runtime has loaded
that library where it runs on a GPU. Without it unlocked memory works too, only slower.
"""

import ctypes
import logging
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import onnxruntime as ort

from serving.classifier.artifact import ATTENTION_MASK, INPUT_IDS, OUTPUT, Logits, Tokens

logger = logging.getLogger(__name__)

GRAPH_ID = "gpu_graph_id"
NO_GRAPH = "-1"
"""Graph id of a run that is neither recorded nor replayed."""

GRAPH_TEXTS = (1, 2, 4, 8)
GRAPH_TOKENS = (16, 32, 64, 128)
"""Recorded shapes: few texts, for which the host's launches cost more than the kernels."""

RUNTIMES = ("libcudart.so.13", "libcudart.so.12", "libcudart.so")


class PageLocker(Protocol):
    """The two calls of CUDA's runtime that lock pages; each returns 0 on success."""

    def cudaHostRegister(self, address: ctypes.c_void_p, size: ctypes.c_size_t, flags: int) -> int:  # noqa: N802 -- CUDA's name
        """Lock the `size` bytes from `address` on."""
        ...

    def cudaHostUnregister(self, address: ctypes.c_void_p) -> int:  # noqa: N802 -- the same
        """Unlock what was locked at `address`."""
        ...


def cuda_runtime() -> PageLocker | None:
    """Return CUDA's runtime library, or None where it cannot be loaded."""
    for name in RUNTIMES:
        try:
            library: PageLocker = ctypes.CDLL(name)
        except OSError:
            continue
        return library
    return None


class StagingArray:
    """Reusable host memory for one array of token ids, page-locked if possible."""

    def __init__(self, locker: PageLocker | None) -> None:
        self._locker = locker
        self._memory: Tokens = np.zeros(0, np.int64)
        self.locked = False

    def copy(self, tokens: Tokens) -> Tokens:
        """Copy `tokens` here, growing the memory if needed; the next call overwrites the copy."""
        if tokens.size > self._memory.size:
            self.release()
            self._memory = np.zeros(1 << (tokens.size - 1).bit_length(), np.int64)
            self._lock()
        copied = self._memory[: tokens.size].reshape(tokens.shape)
        copied[...] = tokens
        return copied

    def release(self) -> None:
        """Unlock the pages, which must happen before the memory is freed."""
        if self.locked and self._locker is not None:
            self._locker.cudaHostUnregister(self._address())
        self.locked = False

    def _lock(self) -> None:
        if self._locker is not None:
            size = ctypes.c_size_t(self._memory.nbytes)
            self.locked = self._locker.cudaHostRegister(self._address(), size, 0) == 0
            if not self.locked:
                logger.info("%d bytes could not be page-locked", self._memory.nbytes)

    def _address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._memory.ctypes.data)


class BoundRun:
    """Runs of padded batches of any shape in one session, from one thread at a time."""

    def __init__(self, session: ort.InferenceSession, locker: PageLocker | None) -> None:
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
            binding.bind_cpu_input(name, staging.copy(tokens))
        binding.bind_output(OUTPUT, "cpu")
        self._session.run_with_iobinding(binding, self._options)
        logits: Logits = binding.copy_outputs_to_cpu()[0]
        return logits


@dataclass(frozen=True, slots=True)
class _Recording:
    """Fixed memory of one recorded shape: a CUDA graph reads and writes the same addresses."""

    inputs: dict[str, ort.OrtValue]
    output: ort.OrtValue
    binding: ort.IOBinding
    options: ort.RunOptions


class RecordedRun:
    """Runs of few short texts replay a CUDA graph of their shape; others run as in BoundRun."""

    def __init__(
        self, session: ort.InferenceSession, locker: PageLocker | None, columns: int, device: str
    ) -> None:
        """Take a session that records graphs, its outputs per text, and its memory's device."""
        self._session = session
        self._columns = columns
        self._device = device
        self._unrecorded = BoundRun(session, locker)
        self._recordings: dict[tuple[int, int], _Recording] = {}

    def run(self, input_ids: Tokens, attention_mask: Tokens) -> Logits:
        """Return logits [texts, 8] for token ids and mask, each [texts, tokens]."""
        shape = recorded_shape(*input_ids.shape)
        if shape is None:
            return self._unrecorded.run(input_ids, attention_mask)
        recording = self._recordings.get(shape) or self._prepare(shape)
        feed = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        for name, value in recording.inputs.items():
            tokens = np.zeros(shape, np.int64)
            if name == ATTENTION_MASK:
                tokens[:, 0] = 1  # a text without any token would have no softmax
            if name in feed:
                tokens[: input_ids.shape[0], : input_ids.shape[1]] = feed[name]
            value.update_inplace(tokens)
        self._session.run_with_iobinding(recording.binding, recording.options)
        return np.array(recording.output.numpy()[: input_ids.shape[0]])

    def _prepare(self, shape: tuple[int, int]) -> _Recording:
        """Allocate the memory of a shape; its first run records the graph."""

        def memory(size: tuple[int, int], kind: type) -> ort.OrtValue:
            return ort.OrtValue.ortvalue_from_shape_and_type(size, kind, self._device, 0)

        recording = _Recording(
            {item.name: memory(shape, np.int64) for item in self._session.get_inputs()},
            memory((shape[0], self._columns), np.float32),
            self._session.io_binding(),
            ort.RunOptions(),
        )
        for name, value in recording.inputs.items():
            recording.binding.bind_ortvalue_input(name, value)
        recording.binding.bind_ortvalue_output(OUTPUT, recording.output)
        recording.options.add_run_config_entry(GRAPH_ID, str(len(self._recordings) + 1))
        self._recordings[shape] = recording
        return recording


def recorded_shape(texts: int, tokens: int) -> tuple[int, int] | None:
    """Return the smallest recorded shape that fits so many texts and tokens, if one does."""
    rows = next((size for size in GRAPH_TEXTS if size >= texts), None)
    width = next((size for size in GRAPH_TOKENS if size >= tokens), None)
    return (rows, width) if rows and width else None
