"""CPU cores that this process may use: its affinity mask, and the quotas of its control groups."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROC = Path("/proc/self")
_ESCAPES = {r"\040": " ", r"\011": "\t", r"\012": "\n", r"\134": "\\"}


def usable_cores(proc: Path = PROC) -> int:
    """Return the whole cores that the affinity mask and every quota leave, at least 1.

    `proc` is the process's folder in procfs. A group's quota holds for the groups in it, so the
    smallest one up the tree counts.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux has affinity masks
        cores = os.cpu_count() or 1
    quotas = (quota for folder in _group_folders(proc) for quota in _quotas(folder))
    return max(1, min([cores, *(int(quota) for quota in quotas)]))


def _quotas(folder: Path) -> Iterator[float]:
    """Yield the cores that a control group grants.

    Version 2 has `cpu.max`: microseconds of CPU time, or `max`, in a period of so many. Version 1
    has a file for each, and -1 for no quota. See the kernel's Documentation/admin-guide/
    cgroup-v2.rst and Documentation/scheduler/sched-bwc.rst.
    """
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            texts = [(folder / name).read_text(encoding="ascii") for name in names]
            granted, period = map(int, " ".join(texts).split())
        except (OSError, ValueError):  # no such file, or no quota
            continue
        if granted > 0 and period > 0:
            yield granted / period


def _group_folders(proc: Path) -> Iterator[Path]:
    """Yield the folders of this process's groups that control CPU time, and of their parents.

    `cgroup` names the group below the hierarchy's root, `mountinfo` says where that root, or a
    group below it, is mounted: a container sees its own group mounted, whatever its path is. A
    group outside of what is mounted (`/..`, or another container's) has no folder here; then the
    mounted one holds what there is.
    """
    try:
        groups = _lines(proc / "cgroup")
        mounts = _lines(proc / "mountinfo")
    except OSError:  # no Linux
        return
    for line in mounts:
        # 36 35 98:0 /root /mount/point options - type source super,options: see proc(5)
        before, _, after = line.partition(" - ")
        mount, source = before.split(), after.split()
        if len(mount) < 5 or len(source) < 3:
            continue
        kind, options = source[0], source[2].split(",")
        if kind == "cgroup2":
            controller = ""
        elif kind == "cgroup" and "cpu" in options:
            controller = "cpu"
        else:
            continue
        root, point = PurePosixPath(_plain(mount[3])), Path(_plain(mount[4]))
        for group in groups:
            _, controllers, path = [*group.split(":", 2), "", ""][:3]
            if controller in controllers.split(","):
                below = _below(PurePosixPath(path), root)
                yield from (point / part for part in (below, *below.parents))


def _below(group: PurePosixPath, root: PurePosixPath) -> PurePosixPath:
    if ".." in group.parts or not group.is_relative_to(root):
        return PurePosixPath()
    return group.relative_to(root)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def _plain(path: str) -> str:
    """Return a path of mountinfo without its escapes."""
    for escape, character in _ESCAPES.items():
        path = path.replace(escape, character)
    return path
