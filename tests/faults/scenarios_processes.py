"""Scenarios that kill and stop the processes of the service, at any time and at each step."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import psutil

from tests.faults.world import SECONDS, Process, World
from tests.support.serving.started import wait_until

STEPS = ("after-fetch", "before-chunk-write", "after-classify", "before-final-write",
         "after-final-write")  # fmt: skip


def killed_workers(world: World) -> None:
    """Workers are killed while they run analyses, and others take these over."""
    world.deployment.inference.seconds = 0.02
    world.distributed()
    with world.under_load(erasing=True):
        for _ in range(world.rounds(16)):
            world.pause(0.2, 1.2)
            world.restart_worker()


def killed_api(world: World) -> None:
    """The API, which runs the analyses itself, is killed while clients call it."""
    world.deployment.inference.seconds = 0.02
    world.embedded()
    with world.under_load(erasing=True):
        for _ in range(world.rounds(12)):
            world.pause(0.3, 1.5)
            world.restart_api()


def killed_gunicorn(world: World) -> None:
    """Processes under gunicorn are killed, which it replaces, and in the end gunicorn itself."""
    world.deployment.environment["QUEUE_URL"] = ""
    world.deployment.inference.seconds = 0.02
    master = world.deployment.start_gunicorn(API_PROCESSES="2")
    with world.under_load(erasing=True):
        for _ in range(world.rounds(18)):
            world.pause(0.5, 1.5)
            children = psutil.Process(master.pid).children()
            os.kill(world.chance.choice(children).pid, signal.SIGKILL)
            world.tally.kills += 1
        children = psutil.Process(master.pid).children()
        world.kill(master)
        _, left = psutil.wait_procs(children, timeout=SECONDS)
        assert left == [], "processes outlive gunicorn, and keep its port"
        world.deployment.start_gunicorn(API_PROCESSES="2")


def killed_at_each_step(world: World) -> None:
    """A worker is killed at each step of its first and of a later analysis; another ends them."""
    world.distributed(workers=0)
    kills = [(step, at) for step in STEPS for at in (1, 2)]
    for number, (step, at) in enumerate(world.chance.sample(kills, world.rounds(len(kills)))):
        worker = world.deployment.start_worker(MOODLINE_FAILPOINTS=f"{step}=kill@{at}")
        for one in range(at):
            user = f"step{number}x{one}"
            world.client.import_posts(user)
            world.client.start(user)
        world.killed_itself(worker, step)
    world.workers = [world.deployment.start_worker()]


def killed_after_accepting(world: World) -> None:
    """The API is killed between saving and answering, twice; clients repeat the call."""
    for number, step in enumerate(("after-accept", "after-import")):
        world.embedded(MOODLINE_FAILPOINTS=f"{step}=kill")
        api = world.api
        assert api is not None
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(_import_and_start, world, f"key{number}")
            world.killed_itself(api, step)
            world.embedded()
            asked.result()
        assert world.api is not None
        world.kill(world.api)
    world.embedded()


def _import_and_start(world: World, user: str) -> None:
    world.client.import_posts(user)
    world.client.start(user)


def unexpected_error(world: World) -> None:
    """A step of an analysis raises what nothing expects: it fails, and the next one succeeds."""
    step = world.chance.choice(STEPS[:-1])
    world.embedded(MOODLINE_FAILPOINTS=f"{step}=raise")
    world.client.import_posts("raised")
    assert world.ends(world.client.start("raised")) == "failed"
    world.fault(f"raise {step}")


def late_worker(world: World, step: str, name: str) -> tuple[Process, str]:
    """Start a worker that stops at a step; return it with the analysis that it then has.

    Its first analysis lets it sweep the store before. A process that stops while one of its threads
    writes keeps the embedded store's lock until it goes on or is killed, as any program with SQLite
    does: then another takes its place.
    """
    for attempt in range(10):
        # A longer lease than the others', lest a busy machine claims the first analysis twice.
        late = world.deployment.start_worker(
            MOODLINE_FAILPOINTS=f"{step}=stop@2", LEASE_SECONDS="5"
        )
        user = f"{name}x{attempt}"
        world.client.import_posts(f"first{user}", 5)
        world.succeeds(world.client.start(f"first{user}"))
        world.client.import_posts(f"late{user}", 5)
        one = world.client.start(f"late{user}")
        assert one is not None
        world.stopped(late.pid, step)
        world.fault(f"SIGSTOP {step}")
        if world.deployment.store_can_be_written():
            return late, one
        world.kill(late)
    raise AssertionError("each worker stopped while it wrote")


def stopped_past_its_lease(world: World) -> None:
    """A worker stops before its final write; another finishes; the first may write no more."""
    world.distributed(workers=0)
    steps = ("before-final-write", "before-chunk-write")
    for number, step in enumerate(world.chance.sample(steps, world.rounds(len(steps)))):
        late, one = late_worker(world, step, str(number))
        other = world.deployment.start_worker()
        world.succeeds(one)

        late.send_signal(signal.SIGCONT)
        refused = number + 1
        wait_until(
            lambda times=refused: world.deployment.log().count("LeaseLostError") >= times,  # type: ignore[misc]
            SECONDS,
            "the late write is refused",
        )
        for worker in (late, other):
            world.kill(worker)
    world.workers = [world.deployment.start_worker()]


def stopped_at_random(world: World) -> None:
    """Workers stop for longer than their lease while they run analyses, and go on."""
    world.deployment.inference.seconds = 0.02
    world.distributed()
    with world.under_load(erasing=True):
        for _ in range(world.rounds(4)):
            worker = world.chance.choice(world.workers)
            worker.send_signal(signal.SIGSTOP)
            world.fault("SIGSTOP")
            world.pause(1.5, 2.5)
            worker.send_signal(signal.SIGCONT)
            world.pause(0.2, 0.8)


def told_to_stop(world: World) -> None:
    """Workers and the API are told to stop under load: they hand over, and end with status 0."""
    world.deployment.inference.seconds = 0.02
    world.distributed()
    with world.under_load(erasing=True):
        for number in range(world.rounds(4)):
            world.pause(0.3, 1.0)
            if number % 2:
                place = world.chance.randrange(len(world.workers))
                process = world.workers[place]
                world.workers[place] = world.deployment.start_worker()
            else:
                assert world.api is not None
                process = world.api
            process.send_signal(signal.SIGTERM)
            world.fault("SIGTERM")
            assert process.wait(SECONDS) == 0
            if process is world.api:
                world.api = world.deployment.start_api()
