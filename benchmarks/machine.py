"""The machine and commit that figures were measured on, and how busy the machine was."""

import os
import platform
import subprocess
from pathlib import Path

import psutil

from benchmarks.peers.processes import MEBIBYTE, ROOT
from serving.classifier.cores import usable_cores

QUIET_LOAD = 0.5
"""Load average over a minute above which a run warns that the machine is busy."""


INT8_UNITS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX VNNI",
    "avx2": "AVX2 without VNNI",
}
"""Flags of /proc/cpuinfo and the units they stand for, by which int8 runs fastest first."""


def describe_machine() -> dict[str, str | int | float]:
    """Return the processor, its units for int8, cores, memory, versions and load average."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    known = {name.strip(): value.strip() for name, _, value in (s.partition(":") for s in lines)}
    flags = set(known.get("flags", "").split())
    return {
        "processor": known.get("model name") or platform.processor(),
        "int8_units": next((units for flag, units in INT8_UNITS.items() if flag in flags), ""),
        "cores": usable_cores(),
        "memory_mib": psutil.virtual_memory().total // MEBIBYTE,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_before": os.getloadavg()[0],
    }


def describe_commit() -> str:
    """Return the measured commit, with `+` for uncommitted changes; empty outside a repository."""
    try:
        commit, changes = (
            subprocess.check_output(words.split(), cwd=ROOT, stderr=subprocess.DEVNULL, timeout=30)
            for words in ("git rev-parse --short HEAD", "git status --porcelain serving")
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit.decode().strip() + ("+" if changes.strip() else "")
