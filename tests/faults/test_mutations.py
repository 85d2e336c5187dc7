"""The checker notices each guarantee that is broken on purpose, and nothing where none is."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scenarios_processes import late_worker
from tests.faults.world import SECONDS, World
from tests.support.faults.checker import Findings
from tests.support.faults.mutated import MUTATIONS, VARIABLE

pytestmark = pytest.mark.integration


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "world", "mutations") as one:
        one.erasure_seconds = 0.5
        yield one
        print(one.deployment.log())


def broken(world: World, mutation: str) -> None:
    """Have every process that is started from now on break one guarantee."""
    world.deployment.launcher = ("tests.support.faults.mutated",)
    world.deployment.environment[VARIABLE] = mutation


def an_ordinary_day(world: World) -> Findings:
    """Import, analyse, repeat a key, and erase, one after the other."""
    world.embedded()
    for user in ("stays", "leaves"):
        world.client.import_posts(user)
        for _ in range(2):
            world.ends(world.client.start(user, key="the same"))
    world.client.erase("leaves")
    return world.settle()


def a_late_worker(world: World) -> Findings:
    """A worker stops before its final write, and goes on once another has finished."""
    world.distributed(workers=0)
    late, one = late_worker(world, "before-final-write", "")
    world.workers = [world.deployment.start_worker()]
    world.succeeds(one)
    late.send_signal(signal.SIGCONT)
    late.send_signal(signal.SIGTERM)
    assert late.wait(SECONDS) == 0
    return world.settle()


def test_an_ordinary_day_has_no_findings(world: World) -> None:
    assert an_ordinary_day(world).wrong() == []


@pytest.mark.parametrize(
    ("mutation", "kind"),
    [
        ("post dropped", "LOST: 1 posts of stays"),
        ("analysis dropped", "LOST: the analysis"),
        ("mood dropped", "LOST: the mood"),
        ("key forgotten", "DOUBLED: stays's key the same made 2 analyses"),
        ("tombstone skipped", "ERASED BACK: leaves"),
        ("erased text kept", "ERASED BACK: texts of leaves"),
        ("erasure ignored", "ERASED BACK: the analysis"),
    ],
)
def test_a_broken_guarantee_is_reported(world: World, mutation: str, kind: str) -> None:
    broken(world, mutation)

    found = an_ordinary_day(world)

    assert any(one.startswith(kind) for one in found.wrong()), found.wrong()


def test_a_late_write_is_reported_where_the_fence_is_ignored(world: World) -> None:
    broken(world, "fence ignored")

    found = a_late_worker(world)

    assert any(one.startswith("DOUBLED: 2 moods") for one in found.wrong()), found.wrong()


def test_a_late_write_does_nothing_where_the_fence_stands(world: World) -> None:
    assert a_late_worker(world).wrong() == []


def test_each_mutation_is_tried() -> None:
    listed = next(
        mark.args[1]
        for mark in test_a_broken_guarantee_is_reported.pytestmark  # type: ignore[attr-defined]
        if mark.name == "parametrize"
    )

    assert {"fence ignored", *(mutation for mutation, _ in listed)} == set(MUTATIONS)
