"""How many cores this process may use, which is not how many the machine has."""

from __future__ import annotations

import os
from pathlib import Path

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota_file: Path = CGROUP_QUOTA) -> int:
    """Return the whole cores that the affinity mask and the container's quota leave, at least 1.

    The quota is cgroup version 2's `cpu.max`: microseconds of CPU time in a period of so many
    microseconds, or `max`. See the kernel's Documentation/admin-guide/cgroup-v2.rst.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has affinity masks
        cores = os.cpu_count() or 1
    quota = _quota_cores(quota_file)
    return max(1, cores if quota is None else min(cores, quota))


def _quota_cores(quota_file: Path) -> int | None:
    """Return the quota in whole cores, rounded down, or None where there is none."""
    try:
        granted, period = quota_file.read_text(encoding="ascii").split()
        return int(granted) // int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
