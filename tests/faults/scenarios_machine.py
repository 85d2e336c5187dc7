"""Scenarios of the machine: its clock steps, slow strangers hold connections, too many clients."""

import importlib.util
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.faults.world import World

STEPS_FORWARD = ("+31d", "+366d")
STEPS_BACK = ("-10m", "-1h")
STRANGERS = 200
OVERLOAD_SECONDS = 60.0
BACK_TO_NORMAL_SECONDS = 10.0


def clock_steps(world: World) -> None:
    """The clock steps a month, a year and an hour: analyses end, and nothing is deleted."""
    library = _faketime()
    steps = world.deployment.folder / "clock"
    steps.write_text("+0\n", encoding="utf-8")
    world.deployment.environment.update({
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(steps),
        # Steps last longer. To read the file at each look at the clock costs most of the CPU.
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    })  # fmt: skip
    world.deployment.inference.seconds = 0.02
    world.embedded()
    # Also a share of the scenario steps both ways.
    each = world.rounds(len(STEPS_BACK))
    steps_drawn = world.chance.sample(STEPS_FORWARD, each) + world.chance.sample(STEPS_BACK, each)
    world.chance.shuffle(steps_drawn)
    with world.under_load():
        for step in steps_drawn:
            world.pause(0.5, 1.0)
            steps.write_text(f"{step}\n", encoding="utf-8")
            world.fault(f"clock {step}")
            world.pause(1.5, 2.5)
            steps.write_text("+0\n", encoding="utf-8")


def _faketime() -> Path:
    found = importlib.util.find_spec("libfaketime")
    assert found is not None, "libfaketime is missing: make setup"
    assert found.origin is not None
    (library,) = Path(found.origin).parent.rglob("libfaketime.so.1")
    return library


def full_temporary_folder(world: World) -> None:
    """TMPDIR is full: an upload that needs it is told to come again, and others are served."""
    world.deployment.environment["QUEUE_URL"] = ""
    temporary = world.deployment.environment["TMPDIR"]
    full = f"mount -t tmpfs -o size=64k tmpfs {temporary} && exec {sys.executable} -m api"
    in_own_mounts = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*in_own_mounts, "true"], capture_output=True).returncode:
        print("    NOT PLAYED: this machine lets no user mount a folder of their own (unshare)")
        world.embedded()
        return
    world.api = world.deployment.run([*in_own_mounts, "sh", "-c", full])
    world.fault("TMPDIR full")
    lines = b'{"id": "1", "text": "much", "created_at": "2026-01-01T00:00:00Z"}\n' * 40_000
    answer = world.client.http.post("/v1/users/large/posts", content=lines)
    assert answer.status_code == 503, f"{answer.status_code}: {answer.text[:200]}"
    world.client.import_posts("small")
    world.client.start("small")


def slow_strangers(world: World, gunicorn: bool = False) -> None:
    """Two hundred connections send a byte of header or body now and then; others are served."""
    world.deployment.environment["QUEUE_URL"] = ""
    if gunicorn:
        world.deployment.start_gunicorn(API_PROCESSES="2")
    else:
        world.embedded()
    alone = _seconds_of_calls(world, 50)
    with _strangers(world.deployment.api_port):
        world.fault(f"{STRANGERS} slow connections")
        beside = _seconds_of_calls(world, 100)
        world.client.import_posts("healthy")
        world.client.start("healthy")
    print(f"    median call: {alone * 1e3:.1f} ms alone, {beside * 1e3:.1f} ms beside strangers")


def slow_strangers_of_gunicorn(world: World) -> None:
    """The same under gunicorn."""
    slow_strangers(world, gunicorn=True)


@contextmanager
def _strangers(port: int) -> Iterator[None]:
    ends = threading.Event()
    with ExitStack() as stack:
        open_ones = []
        for number in range(STRANGERS):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            head = b"POST /v1/users/slow/posts HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            one.sendall(head + (b"Content-Length: 10000\r\n\r\n" if number % 2 else b"X-Slow: "))
            open_ones.append(one)

        def drip() -> None:
            while not ends.wait(1.0):
                for one in open_ones:
                    try:
                        one.send(b"x", socket.MSG_DONTWAIT)
                    except OSError:
                        continue  # the server has had enough of it

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()


def _seconds_of_calls(world: World, calls: int) -> float:
    """Return the median time of a call that reads the store; every one has to be answered."""
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        with httpx.Client(base_url=world.client.http.base_url, timeout=10, trust_env=False) as http:
            assert http.get("/v1/users/nobody").status_code == 404
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def overload(world: World) -> None:
    """Ten times the clients that it has threads for, a minute long; then all is as before."""
    world.embedded(RATE_LIMIT="off", WORK_RATE_LIMIT="off")
    before = _seconds_of_calls(world, 50)
    ends = threading.Event()
    statuses: set[int] = set()

    def hammer(number: int) -> None:
        with httpx.Client(base_url=world.client.http.base_url, timeout=30, trust_env=False) as http:
            while not ends.is_set():
                try:
                    statuses.add(http.get(f"/v1/users/u{number}").status_code)
                except httpx.TransportError:
                    ends.wait(0.1)

    with ThreadPoolExecutor(160) as threads:
        tasks = [threads.submit(hammer, number) for number in range(160)]
        world.fault("10 x overload")
        try:
            world.client.import_posts("patient")
            world.client.start("patient")
            ends.wait(OVERLOAD_SECONDS)
        finally:
            ends.set()
        for task in tasks:
            task.result()
    began = time.monotonic()
    while (after := _seconds_of_calls(world, 50)) > 2 * before:
        assert time.monotonic() - began < BACK_TO_NORMAL_SECONDS, (
            f"a call takes {after * 1e3:.1f} ms, {before * 1e3:.1f} ms before the overload"
        )
    assert statuses <= {404, 429, 503}, statuses
