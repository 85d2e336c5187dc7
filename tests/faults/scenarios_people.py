"""Scenarios in which people change their minds: erasure, withdrawal, one key for two requests."""

import sqlite3
from contextlib import closing

from tests.faults.world import SECONDS, World
from tests.support.serving.started import wait_until


def erased_during_an_analysis(world: World) -> None:
    """A user is erased while a worker has their texts, and returns before it has an answer."""
    world.distributed()
    inference = world.deployment.inference
    for number in range(world.rounds(4)):
        user = f"gone{number}"
        world.client.import_posts(user)
        inference.pause()
        one = world.client.start(user)
        assert one is not None
        wait_until(lambda one=one: world.client.state(one) == "running", SECONDS, "it runs")  # type: ignore[misc]
        world.client.erase(user, consent_only=bool(number % 2))
        world.fault("erased during an analysis")
        if world.chance.random() < 0.5:
            world.client.import_posts(user, 5)
            world.client.start(user)
        inference.resume()


def erased_beside_a_reader(world: World) -> None:
    """A user is erased while another program reads the store; the text is gone after that."""
    world.embedded()
    world.client.import_posts("read")
    world.client.import_posts("kept")
    reader = sqlite3.connect(world.deployment.store_file, isolation_level=None)
    with closing(reader):
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM posts").fetchone()
        world.client.erase("read")
        world.fault("erased beside a reader")
        world.client.import_posts("kept")


def one_key_for_two_requests(world: World) -> None:
    """A key stands for one request, while its analysis runs and after: another is refused."""
    world.embedded()
    world.client.import_posts("keyed")
    first = world.client.start("keyed", key="mine")
    world.client.start("keyed", key="mine", max_posts=3)
    world.succeeds(first)
    world.client.start("keyed", key="mine", max_posts=5)
    world.fault("one key, another request")
    assert world.client.start("keyed", key="mine") == first
