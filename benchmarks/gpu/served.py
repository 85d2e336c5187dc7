"""Posts through the server's socket: `python -m serving` with the GPU model folder."""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.runtime.processes import free_port
from benchmarks.peers.client.connection import Pool, written
from benchmarks.peers.contract import Setup, classify_call
from benchmarks.peers.processes import end, launch
from benchmarks.peers.registry import ENTRIES, OURS
from benchmarks.peers.turn import await_ready

READY_SECONDS = 240.0
PATH = "/v1/classify"


@contextmanager
def started(folder: Path, chosen: Mapping[str, str], workers: int) -> Iterator[int]:
    """Yield the port of a server with the settings `chosen`; stop it afterwards.

    Its log goes into `folder`.
    """
    setup = Setup(Path(sys.executable), free_port(), folder, folder)
    environment = {
        **chosen,
        "SERVING_PORT": str(setup.port),
        "SERVING_WORKERS": str(workers),
        "SERVING_CACHE_TEXTS": "0",
        "SERVING_QUEUE_TEXTS": "65536",
    }
    server = launch(setup, [setup.python, "-m", "serving"], environment)
    try:
        await_ready(setup, ENTRIES[OURS].peer, server, "ready?", READY_SECONDS)
        yield setup.port
    finally:
        end(server)


async def load(
    port: int, texts: Sequence[str], size: int, connections: int, seconds: float
) -> tuple[float, list[float]]:
    """Return posts per second and the seconds of each request, `size` texts per request."""
    pool = Pool("127.0.0.1", port)
    parts = [texts[at : at + size] for at in range(0, len(texts) - size + 1, size)]
    requests = itertools.cycle(
        written(classify_call(PATH, part), f"127.0.0.1:{port}") for part in parts
    )
    took: list[float] = []
    ends = time.perf_counter() + seconds

    async def one_by_one() -> None:
        while (began := time.perf_counter()) < ends:
            reply = await pool.ask(next(requests))
            if reply.status != 200:
                raise RuntimeError(f"the server answered {reply.status}")
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one_by_one() for _ in range(connections)))
    rate = len(took) * size / (time.perf_counter() - began)
    pool.close()
    return rate, took


def labels(port: int, texts: Sequence[str]) -> list[str]:
    """Return the server's label of each text."""
    call = classify_call(PATH, texts)
    url, headers = f"http://127.0.0.1:{port}{PATH}", {"content-type": "application/json"}
    reply = httpx.post(url, content=call.body, headers=headers, timeout=60.0, trust_env=False)
    return [answer.label for answer in call.read(reply.content)]
