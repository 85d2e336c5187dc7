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


def describe_machine() -> dict[str, str | int | float]:
    """Return the processor, cores, memory, versions and load average."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    processor = next(names, "")
    return {
        "processor": processor or platform.processor(),
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
