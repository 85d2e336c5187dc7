"""What the machine that trains can do, and what its memory is told."""

from __future__ import annotations

import ctypes
from pathlib import Path

_MALLOPT = {-3: 1 << 30, -1: 1 << 30}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD: a gibibyte


def multiplies_bf16() -> bool:
    """Tell whether a GPU or this CPU multiplies bfloat16; emulated, it is far slower."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return False
    return bool(flags & {"amx_bf16", "avx512_bf16"})


def keep_freed_memory() -> None:
    """Let glibc reuse freed memory: giving it back and faulting it in costs a tenth."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option, value in _MALLOPT.items():
            libc.mallopt(option, value)
