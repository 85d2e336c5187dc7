"""The training machine: bfloat16 support, memory settings, and estimated energy use."""

import ctypes
from pathlib import Path
from typing import Any

WATTS_OF_CORE = 8.0
"""Assumed power of a busy core."""

WATTS_OF_REST = 4.0
"""Assumed power of memory and board."""

KG_CO2E_PER_KWH = 0.4
"""Assumed carbon intensity of the grid, near the world's mean."""

_JOULES_PER_KWH = 3.6e6
_MALLOPT = {-3: 1 << 30, -1: 1 << 30}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD: a gibibyte


def multiplies_bf16() -> bool:
    """Return whether a GPU or this CPU multiplies bfloat16; emulation is far slower."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return False
    return bool(flags & {"amx_bf16", "avx512_bf16"})


def keep_freed_memory() -> None:
    """Let glibc reuse freed memory: returning it and faulting it in again costs a tenth."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for option, value in _MALLOPT.items():
            libc.mallopt(option, value)


def energy_table(seconds: float, cores: int) -> dict[str, Any]:
    """Estimate power (W), energy (kWh) and emissions (kg CO2e) of training; with the formula."""
    watts = cores * WATTS_OF_CORE + WATTS_OF_REST
    kwh = watts * seconds / _JOULES_PER_KWH
    return {
        "watts": round(watts),
        "kwh": round(kwh, 4),
        "kg_co2e": round(kwh * KG_CO2E_PER_KWH, 4),
        "formula": (
            f"{cores} cores x {WATTS_OF_CORE:.0f} W + {WATTS_OF_REST:.0f} W for the rest, "
            f"x hours, x {KG_CO2E_PER_KWH} kg CO2e per kWh"
        ),
    }
