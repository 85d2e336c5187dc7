"""Quotas of control groups, in folders that look like procfs and the groups' file systems."""

import os
from pathlib import Path

import pytest

from serving.classifier.cores import usable_cores

ALL = len(os.sched_getaffinity(0))


class Machine:
    """A procfs folder and mounted control groups below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "cgroup").write_text("", encoding="ascii")
        (folder / "mountinfo").write_text("", encoding="ascii")

    def in_group(self, line: str) -> None:
        self._append("cgroup", line)

    def mount(self, name: str, kind: str, options: str = "rw", root: str = "/") -> Path:
        point = self.folder / name
        point.mkdir()
        escaped = str(point).replace(" ", "\\040")
        self._append("mountinfo", f"30 23 0:26 {root} {escaped} rw - {kind} {kind} {options}")
        return point

    def cores(self) -> int:
        return usable_cores(self.folder)

    def _append(self, name: str, line: str) -> None:
        with (self.folder / name).open("a", encoding="ascii") as file:
            file.write(f"{line}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    return Machine(tmp_path)


def write(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("text", "cores"),
    [("100000 100000\n", 1), ("50000 100000", 1), ("350000 100000", 3), ("9900000 100000", 16)],
)
def test_a_quota_limits_the_cores(machine: Machine, text: str, cores: int) -> None:
    machine.in_group("0::/")
    write(machine.mount("v2", "cgroup2"), cpu__max=text)

    assert machine.cores() == cores


@pytest.mark.parametrize("text", ["max 100000", "", "nonsense", "1 0", "-1 100000"])
def test_without_a_readable_quota_the_affinity_counts(machine: Machine, text: str) -> None:
    machine.in_group("0::/")
    write(machine.mount("v2", "cgroup2"), cpu__max=text)

    assert machine.cores() == 16


def test_the_quota_of_a_units_own_group_counts(machine: Machine) -> None:
    machine.in_group("0::/system.slice/moodline.service")
    point = machine.mount("v2", "cgroup2")
    write(point / "system.slice" / "moodline.service", cpu__max="200000 100000")

    assert machine.cores() == 2


def test_the_smallest_quota_up_the_tree_counts(machine: Machine) -> None:
    machine.in_group("0::/a/b/c")
    point = machine.mount("with space", "cgroup2")
    write(point / "a", cpu__max="200000 100000")
    write(point / "a" / "b", cpu__max="max 100000")
    write(point / "a" / "b" / "c", cpu__max="800000 100000")

    assert machine.cores() == 2


@pytest.mark.parametrize("options", ["rw,cpu", "rw,cpu,cpuacct"])
def test_version_1_has_the_quota_in_two_files(machine: Machine, options: str) -> None:
    machine.in_group("5:memory:/other")
    machine.in_group(f"4:{options.removeprefix('rw,')}:/unit")
    point = machine.mount("v1", "cgroup", options)
    names = {"cpu__cfs_quota_us": "300000\n", "cpu__cfs_period_us": "100000\n"}
    write(point, **{**names, "cpu__cfs_quota_us": "-1\n"})
    write(point / "unit", **names)
    write(machine.mount("memory", "cgroup", "rw,memory") / "other", cpu__cfs_quota_us="1")

    assert machine.cores() == 3


@pytest.mark.parametrize("root", ["/docker/abc", "/"])
def test_a_container_sees_its_own_group_as_the_mounted_one(machine: Machine, root: str) -> None:
    machine.in_group(f"3:cpu,cpuacct:{root}")
    point = machine.mount("v1", "cgroup", "rw,cpu,cpuacct", root)
    write(point, cpu__cfs_quota_us="200000", cpu__cfs_period_us="100000")

    assert machine.cores() == 2


@pytest.mark.parametrize("group", ["0::/../../kubelet/pod", "0::/somewhere/else"])
def test_a_group_outside_of_what_is_mounted_has_the_mounted_ones_quota(
    machine: Machine, group: str
) -> None:
    machine.in_group(group)
    write(machine.mount("v2", "cgroup2", root="/mine"), cpu__max="200000 100000")

    assert machine.cores() == 2


def test_another_groups_quota_is_not_ours(machine: Machine) -> None:
    machine.in_group("0::/mine")
    point = machine.mount("v2", "cgroup2")
    write(point / "theirs", cpu__max="100000 100000")

    assert machine.cores() == 16


def test_what_is_no_linux_has_its_affinity(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "none") == ALL
