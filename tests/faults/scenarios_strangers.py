"""Scenarios of other clients: strangers that send slowly, and ten times too many callers."""

import statistics
import time

import httpx

from tests.faults.scenarios_inference import MODEL_FOLDER
from tests.faults.world import World
from tests.support.faults.crowd import crowd
from tests.support.serving.started import command, end, free_port

STRANGERS = 400  # half of them with a slow head, half with a slow body
CALLERS = 160  # ten for each of the API's threads
OVERLOAD_SECONDS = 60.0
BACK_TO_NORMAL_SECONDS = 10.0
CALLS = 100
MOST_TIMES_SLOWER = 2.0
# What a call may take more beside strangers, whatever the ratio: the machine has other work too.
NOISE_SECONDS = 0.02


def slow_strangers(world: World) -> None:
    """Two hundred slow heads and two hundred slow bodies; others are served as before."""
    world.embedded()
    _beside_strangers(world, f"{world.client.http.base_url}/v1/users/nobody")


def slow_strangers_of_gunicorn(world: World) -> None:
    """The same under gunicorn."""
    world.deployment.environment["QUEUE_URL"] = ""
    world.deployment.start_gunicorn(API_PROCESSES="2")
    _beside_strangers(world, f"{world.client.http.base_url}/v1/users/nobody")


def slow_strangers_of_inference(world: World) -> None:
    """The same at the real inference server, which analyses go on using."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = command(MODEL_FOLDER, port, world.deployment.folder / "inference")
    world.at_the_end.callback(end, server)
    world.answers(f"{url}/readyz")
    world.embedded(INFERENCE_URL=url)
    _beside_strangers(world, f"{url}/livez", port, "/v1/classify")


def _beside_strangers(
    world: World, url: str, port: int | None = None, path: str = "/v1/users/slow/posts"
) -> None:
    before = _median_seconds(url)
    with crowd("slow", port or world.deployment.api_port, path, STRANGERS):
        world.fault(f"{STRANGERS} slow connections")
        beside = _median_seconds(url)
        world.client.import_posts("healthy")
        world.succeeds(world.client.start("healthy"))
    after = _median_seconds(url)
    most = MOST_TIMES_SLOWER * max(before, after) + NOISE_SECONDS
    assert beside < most, (
        f"a call takes {beside * 1e3:.1f} ms beside strangers, {before * 1e3:.1f} ms before them"
        f" and {after * 1e3:.1f} ms after"
    )


def _median_seconds(url: str) -> float:
    """Return the median time of a call on a connection of its own; every one has to be answered."""
    taken = []
    with httpx.Client(timeout=10, trust_env=False, headers={"Connection": "close"}) as http:
        for _ in range(CALLS):
            began = time.perf_counter()
            assert http.get(url).status_code in (200, 404)
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def overload(world: World) -> None:
    """Ten times the clients that it has threads for, a minute long; then all is as before."""
    world.embedded(RATE_LIMIT="off", WORK_RATE_LIMIT="off")
    url = f"{world.client.http.base_url}/v1/users/nobody"
    before = _median_seconds(url)
    with crowd("calls", world.deployment.api_port, "/v1/users/nobody", CALLERS) as statuses:
        world.fault("10 x overload")
        ends = time.monotonic() + OVERLOAD_SECONDS
        world.client.import_posts("patient")
        world.client.start("patient")
        world.stopping.wait(ends - time.monotonic())
    began = time.monotonic()
    while (after := _median_seconds(url)) > MOST_TIMES_SLOWER * before + NOISE_SECONDS:
        assert time.monotonic() - began < BACK_TO_NORMAL_SECONDS, (
            f"a call takes {after * 1e3:.1f} ms, {before * 1e3:.1f} ms before the overload"
        )
    assert statuses.total() > 0, "nobody was answered during the overload"
    assert set(statuses) <= {404, 429, 503}, statuses
