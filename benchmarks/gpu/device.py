"""The GPU: whether there is one, its peak arithmetic rate, its memory, and its use in a block."""

import statistics
import threading
import time
from typing import Any, Self

import onnxruntime as ort
import torch

from serving.http.metrics import open_nvml, read_gpus

SIDE, PRODUCTS, ROUNDS = 8192, 10, 5
SECONDS_BETWEEN_READINGS = 0.05


def missing() -> str | None:
    """Return what a run lacks here, or None."""
    if not torch.cuda.is_available():
        return "PyTorch sees no NVIDIA GPU"
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return "the installed ONNX Runtime has no CUDA provider (onnxruntime-gpu has)"
    ort.preload_dlls()
    return None


def peak_flops(device: str, side: int = SIDE) -> float:
    """Return the best of ROUNDS rates of fp16 matrix products of random numbers, in FLOP/s."""
    kind = torch.float16 if device == "cuda" else torch.float32
    one, other = (torch.randn(side, side, device=device, dtype=kind) for _ in range(2))
    rates = []
    for _ in range(ROUNDS + 1):  # the first warms up
        _wait(device)
        began = time.perf_counter()
        for _ in range(PRODUCTS):
            one @ other
        _wait(device)
        rates.append(2 * side**3 * PRODUCTS / (time.perf_counter() - began))
    return max(rates[1:])


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def memory_used() -> int | None:
    """Return the bytes in use on the first GPU, by all processes; None where it cannot be read.

    What PyTorch keeps for later is given back first.
    """
    library = open_nvml()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None if library is None else read_gpus(library)[0].memory_used


class Utilisation:
    """Readings of the first GPU while a block runs; `mean` is None without readings."""

    def __init__(self) -> None:
        self._library: Any = open_nvml()
        self._seen: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        if self._library is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def mean(self) -> float | None:
        """Mean share of time that the GPU computed."""
        return statistics.fmean(self._seen) if self._seen else None

    def _read(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_READINGS):
            self._seen.append(read_gpus(self._library)[0].utilisation)
