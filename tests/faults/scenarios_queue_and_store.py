"""Scenarios in which Redis or the store is away, full, busy, or loses an answer."""

import json
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing

import psutil

from tests.faults.world import SECONDS, World
from tests.support.faults.tcp_proxy import Fault
from tests.support.serving.started import wait_until

POISON = ("x", "null", "[]", "{}", "7", '{"body": 1}', "\xff", json.dumps({"headers": 3}))


def broken_redis(world: World) -> None:
    """Redis is killed, flushed, and given items that are no messages, under load."""
    world.deployment.inference.seconds = 0.02
    world.distributed()
    faults: list[Callable[[World], None]] = [_kill_redis, _flush, _poison]
    with world.under_load(erasing=True):
        for number in range(world.rounds(9)):
            world.pause(0.2, 1.0)
            faults[number % len(faults)](world)
    assert [worker.poll() for worker in world.workers] == [None, None], "a worker ended"


def _kill_redis(world: World) -> None:
    assert world.redis is not None
    world.kill(world.redis)
    world.pause(0.2, 1.0)
    world.redis = world.deployment.start_redis()


def _flush(world: World) -> None:
    with world.deployment.redis() as client:
        client.flushall()
    world.fault("Redis flushed")


def _poison(world: World) -> None:
    with world.deployment.redis() as client:
        for item in world.chance.sample(POISON, 4):
            client.lpush("moodline.analyses", item)
    world.fault("Redis poisoned")


def redis_connection(world: World) -> None:
    """The connections to Redis are reset, delayed and swallowed, under load."""
    world.deployment.inference.seconds = 0.02
    world.redis = world.deployment.start_redis()
    proxy = world.proxy(world.deployment.redis_port)
    behind = {"QUEUE_URL": f"redis://127.0.0.1:{proxy.port}/0"}
    world.deployment.environment.update(behind)
    world.api = world.deployment.start_api()
    world.workers = [world.deployment.start_worker() for _ in range(2)]
    with world.under_load():
        for fault in (Fault.RESET, Fault.DELAY, Fault.BLACK_HOLE, Fault.TRUNCATE):
            proxy.begin(fault)
            world.fault(f"Redis {fault.name}")
            world.pause(0.5, 1.5)
            proxy.end()
            world.pause(0.2, 0.5)


def store_away_at_start(world: World) -> None:
    """The store cannot be opened at the start, which is said; it can be, and all is as before."""
    world.embedded()
    world.client.import_posts("away")
    world.client.start("away")
    assert world.api is not None
    world.kill(world.api)
    file = world.deployment.store_file
    hidden = file.with_suffix(".away")
    file.rename(hidden)
    file.mkdir()
    process = world.deployment.launch_gunicorn()
    world.fault("store away at start")
    status = process.wait(SECONDS)
    assert status != 0
    assert "Traceback" not in world.deployment.log()
    file.rmdir()
    hidden.rename(file)
    world.embedded()


def store_away_and_busy(world: World) -> None:
    """Another program holds the store's write lock, then the file is gone, under load.

    A worker that starts while the file is gone ends: a new file would cost the old one its log.
    """
    world.deployment.inference.seconds = 0.02
    world.distributed()
    file = world.deployment.store_file
    for worker in world.workers:
        world.opened(worker, file)
    with world.under_load():
        world.pause(0.3, 0.8)
        with closing(sqlite3.connect(file, timeout=SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            world.fault("store busy")
            world.pause(1.0, 3.0)
            connection.execute("ROLLBACK")
        world.pause(0.3, 0.8)
        hidden = file.with_suffix(".away")
        file.rename(hidden)
        world.fault("store away")
        started = world.deployment.start_worker()
        assert started.wait(SECONDS) == 2, "a worker went on without the store"
        assert not file.exists(), "a new store was begun in the place of the old one"
        hidden.rename(file)
        world.pause(0.3, 0.8)


def full_disk(world: World) -> None:
    """No file may grow for a while, as on a full disk: what is not saved is not acknowledged."""
    world.deployment.inference.seconds = 0.02
    world.distributed()
    with world.under_load(more=200):
        for _ in range(world.rounds(3)):
            world.pause(0.5, 1.0)
            _limit_files(world, 64 * 1024)
            world.fault("disk full")
            world.pause(0.5, 1.5)
            _limit_files(world, resource.RLIM_INFINITY)


def _limit_files(world: World, size: int) -> None:
    for process in (world.api, *world.workers):
        assert process is not None
        for each in (psutil.Process(process.pid), *psutil.Process(process.pid).children()):
            resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def lost_replies(world: World) -> None:
    """The API has committed, and its answer is lost: clients ask again and nothing is doubled."""
    world.deployment.inference.seconds = 0.02
    world.embedded()
    proxy = world.proxy(world.deployment.api_port)
    world.client.move(f"http://127.0.0.1:{proxy.port}")
    with world.under_load(erasing=True):
        for fault in (Fault.LOSE_REPLY, Fault.TRUNCATE, Fault.RESET) * 2:
            world.pause(0.2, 0.6)
            proxy.begin(fault)
            world.fault(f"client's connection: {fault.name}")
            before = proxy.hits
            wait_until(lambda: proxy.hits > before, SECONDS, "an answer is lost")  # noqa: B023  at once
            world.pause(0.0, 0.3)
            proxy.end()
