"""Host memory that stays where it is, so that a card reads it without another copy.

CUDA's runtime locks the pages of an ordinary array (`cudaHostRegister`). ONNX Runtime has loaded
that library where it runs on a card; where there is none, the array is as good, only slower.
"""

from __future__ import annotations

import ctypes
import logging
from typing import Protocol

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

Tokens = npt.NDArray[np.int64]
RUNTIMES = ("libcudart.so.13", "libcudart.so.12", "libcudart.so")


class PageLocker(Protocol):
    """Lock pages and let them go; each returns 0 when it did (CUDA's runtime does)."""

    def cudaHostRegister(self, address: ctypes.c_void_p, size: ctypes.c_size_t, flags: int) -> int:  # noqa: N802 -- CUDA's name
        """Lock the pages from `address` on."""
        ...

    def cudaHostUnregister(self, address: ctypes.c_void_p) -> int:  # noqa: N802 -- the same
        """Let go what was locked at `address`."""
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
    """Hold one array of token ids for a lane, locked if it can be, larger when it must be."""

    def __init__(self, locker: PageLocker | None) -> None:
        self._locker = locker
        self._memory: Tokens = np.zeros(0, np.int64)
        self._locked = False

    @property
    def locked(self) -> bool:
        """Return whether the memory's pages are locked."""
        return self._locked

    def hold(self, tokens: Tokens) -> Tokens:
        """Return a copy of `tokens` that stands here until the next is held."""
        if tokens.size > self._memory.size:
            self.release()
            self._memory = np.zeros(1 << (tokens.size - 1).bit_length(), np.int64)
            self._lock()
        held = self._memory[: tokens.size].reshape(tokens.shape)
        held[...] = tokens
        return held

    def release(self) -> None:
        """Let the pages go, before the memory is given back."""
        if self._locked and self._locker is not None:
            self._locker.cudaHostUnregister(self._address())
        self._locked = False

    def _lock(self) -> None:
        if self._locker is not None:
            size = ctypes.c_size_t(self._memory.nbytes)
            self._locked = self._locker.cudaHostRegister(self._address(), size, 0) == 0
            if not self._locked:
                logger.info("%d bytes could not be page-locked", self._memory.nbytes)

    def _address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._memory.ctypes.data)
